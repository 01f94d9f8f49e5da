"""Pretrained weights: found and checked, or refused with the way out."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
import torch

from mtlc.nn import weights
from mtlc.nn.timm import Timm, features, timm
from mtlc.nn.weights import WeightsError, transfer


def encoder(model: str = "efficientnet_lite0", pretrained: bool = True) -> Timm:
    return Timm(
        model=model,
        pretrained=pretrained,
        mean=None,
        std=None,
        eps=None,
        stages=None,
        taps=False,
        multiple=32,
    ).eval()


packaged = pytest.mark.skipif(
    importlib.util.find_spec(weights.PACKAGE) is None, reason="needs the extra `pretrained`"
)


@packaged
def test_the_packaged_weights_load_and_give_other_features() -> None:
    body, image = encoder(), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = body(image)
        assert "package" in body.load_pretrained()
        after = body(image)
    assert all((a - b).abs().mean() > 0.01 for a, b in zip(before, after, strict=True))


@packaged
def test_each_packaged_tensor_lands_where_timm_has_it() -> None:
    body = encoder()
    body.load_pretrained()
    path = Path(importlib.util.find_spec(weights.PACKAGE).origin).parent / "models" / weights.PACKAGED_FILE
    stored, state = torch.load(path, weights_only=True), body.body.state_dict()
    assert torch.equal(state["conv_stem.weight"], stored["_conv_stem.weight"])
    for theirs, ours in (("_depthwise_conv.weight", "conv_dw.weight"), ("running_var", "running_var")):
        found = [v for k, v in state.items() if k.endswith(ours) and k.startswith("blocks")]
        expected = [v for k, v in stored.items() if k.endswith(theirs) and k.startswith("_blocks")]
        assert len(found) == len(expected) and all(map(torch.equal, found, expected))


def test_weights_that_the_spec_does_not_ask_for_are_not_loaded() -> None:
    body = encoder(pretrained=False)
    before = {k: v.clone() for k, v in body.state_dict().items()}
    assert body.load_pretrained() is None
    assert all(torch.equal(v, before[k]) for k, v in body.state_dict().items())


@pytest.mark.parametrize("model", ["efficientnet_lite0", "resnet10t", "pvt_v2_b0", "vit_tiny_patch16_224"])
def test_a_whole_models_weights_fit_its_feature_extractor(model: str) -> None:
    whole, body = timm.create_model(model).eval(), features(model).eval()
    transfer(whole.state_dict(), body, model)
    image = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        found = body(image)[-1]
        expected = whole.forward_intermediates(image, intermediates_only=True, norm=False)[-1]
    torch.testing.assert_close(found, expected)


def test_unmatched_and_unlike_weights_are_named() -> None:
    whole, body = timm.create_model("resnet10t").state_dict(), features("resnet10t")
    before = {k: v.clone() for k, v in body.state_dict().items()}
    del whole["layer1.0.conv1.weight"]
    whole["bn1.bias"] = torch.zeros(3)
    with pytest.raises(WeightsError) as caught:
        transfer(whole, body, "resnet10t")
    message = str(caught.value)
    assert "`resnet10t`" in message and "`layer1.0.conv1.weight`" in message and "`bn1.bias`" in message
    assert all(torch.equal(v, before[k]) for k, v in body.state_dict().items())


def test_a_package_with_other_tensors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_stored", lambda path: {"a": torch.zeros(3)})
    with pytest.raises(WeightsError, match="1 tensors for"):
        weights._packaged()


@pytest.mark.parametrize("model", ["resnet10t", "efficientnet_lite0"])
def test_without_a_network_the_message_comes_at_once_and_says_where_it_looked(
    model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(weights, "_answers", lambda address: False)
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    start = time.perf_counter()
    with pytest.raises(WeightsError) as caught:
        encoder(model).load_pretrained()
    assert time.perf_counter() - start < 20  # the hub alone would try for three quarters of a minute
    message = str(caught.value)
    assert f"`{model}`" in message and "huggingface.co/timm/" in message and str(tmp_path) in message
    assert "pretrained = false" in message
    assert ("mtlc[pretrained]" in message) == (model == "efficientnet_lite0")
    assert not constants.HF_HUB_OFFLINE


def test_a_model_without_weights_says_so() -> None:
    with pytest.raises(WeightsError, match="timm names no pretrained weights for `tf_efficientnet_b9`"):
        encoder_free = features("tf_efficientnet_b0")
        weights.load(encoder_free, "tf_efficientnet_b9")


def test_an_address_that_nobody_answers_is_known_as_such() -> None:
    assert not weights._answers("http://127.0.0.1:9/")
    assert not weights._answers("not an address")
