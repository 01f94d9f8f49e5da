"""Encoders from timm: levels, sizes, colours, and the table that the compiler knows them by."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtlc.nn.timm import Timm
from mtlc.parts.encoders import timm_models

CHEAP = [
    "efficientnet_lite0",
    "resnet10t",
    "swin_tiny_patch4_window7_224",
    "vit_tiny_patch16_224",
    "pvt_v2_b0",
]


def encoder(model: str, multiple: int = 32, **keys: object) -> Timm:
    return Timm(
        model=model,
        multiple=multiple,
        **{
            "pretrained": False,
            "mean": None,
            "std": None,
            "eps": None,
            "stages": None,
            "taps": False,
            **keys,
        },
    ).eval()


@pytest.mark.parametrize("model", CHEAP)
def test_levels_are_those_of_the_table_at_sizes_the_model_was_not_trained_at(model: str) -> None:
    body = encoder(model)
    for height, width in ((64, 96), (93, 61)):
        with torch.no_grad():
            levels = body(torch.rand(1, 3, height, width))
        h, w = (-(-x // 32) * 32 for x in (height, width))
        assert [(x.shape[1], h // x.shape[2]) for x in levels] == list(timm_models()[model].levels)
        assert all(
            w // x.shape[3] == stride
            for x, (_, stride) in zip(levels, timm_models()[model].levels, strict=True)
        )


def test_models_that_convolve_without_padding_still_fill_the_grid_of_their_strides() -> None:
    with torch.device("meta"):
        levels = encoder("inception_v3")(torch.empty(1, 3, 96, 128))
    expected = timm_models()["inception_v3"].levels
    assert [list(x.shape) for x in levels] == [[1, c, 96 // stride, 128 // stride] for c, stride in expected]


def test_a_plain_vit_gives_its_last_block_only() -> None:
    assert timm_models()["vit_tiny_patch16_224"].levels == ((192, 16),)


def test_the_table_lists_levels_finest_first_and_each_stride_once() -> None:
    assert len(timm_models()) > 1000
    for levels, _, _ in timm_models().values():
        strides = [stride for _, stride in levels]
        assert strides == sorted(set(strides)) and strides[0] >= 1


@pytest.mark.parametrize(
    ("keys", "mean", "std"),
    [
        ({}, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ({"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6)}, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)),
    ],
)
def test_the_image_is_normalised_and_the_padding_is_zero_after_that(
    keys: dict[str, object], mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    body, seen = encoder("mobilenetv3_small_050", **keys), []
    body.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    image = torch.rand(1, 3, 40, 64)
    body(image)
    a, b = (torch.tensor(x)[:, None, None] for x in (mean, std))
    expected = nn.functional.pad((image - a) / b, (0, 0, 0, 24))
    torch.testing.assert_close(seen[0], expected)


def test_the_colours_of_vision_transformers_are_those_of_their_own_configuration() -> None:
    assert encoder("vit_tiny_patch16_224").mean.flatten().tolist() == [0.5, 0.5, 0.5]


def test_eps_reaches_every_batch_norm_and_is_timms_own_without_it() -> None:
    own, given = encoder("mobilenetv3_small_050"), encoder("mobilenetv3_small_050", eps=1e-3)
    norms = [
        [each.eps for each in body.modules() if isinstance(each, torch.nn.BatchNorm2d)]
        for body in (own, given)
    ]
    assert set(norms[0]) == {1e-5} and set(norms[1]) == {1e-3}
