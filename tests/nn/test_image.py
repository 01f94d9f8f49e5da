"""Tensors that are no images are refused by every encoder, in words that name the mistake."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtlc.nn.image import checked
from mtlc.nn.timm import Timm
from mtlc.nn.tiny import Tiny

NO_IMAGES = {
    r"B x 3 x H x W, not 3 x 32 x 32; one image alone is image\[None\]": torch.rand(3, 32, 32),
    "B x 3 x H x W, not 1 x 32 x 32 x 3$": torch.rand(1, 32, 32, 3),
    "B x 3 x H x W, not 2 x 1 x 32 x 32$": torch.rand(2, 1, 32, 32),
    "from 0 to 1, not torch.uint8; write image / 255": torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
}


def tiny() -> nn.Module:
    return Tiny(width=8, stages=None, taps=False, multiple=32)


def timm() -> nn.Module:
    plain = {"mean": None, "std": None, "eps": None, "stages": None, "taps": False, "multiple": 32}
    return Timm(model="mobilenetv3_small_050", pretrained=False, **plain)


@pytest.mark.parametrize("make", [tiny, timm])
def test_an_encoder_says_what_is_wrong_with_its_image(make) -> None:
    encoder = make()
    for said, tensor in NO_IMAGES.items():
        with pytest.raises(ValueError, match=said):
            encoder(tensor)


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_an_image_of_any_floating_precision_passes(precision: torch.dtype) -> None:
    image = torch.zeros(1, 3, 5, 7, dtype=precision)
    assert checked(image) is image


def test_a_stage_that_reads_levels_asks_nothing_of_an_image() -> None:
    late = Tiny(width=8, stages=(3,), taps=False, multiple=32)
    levels: list[Tensor] = [torch.rand(1, 8, 16, 16), torch.rand(1, 16, 8, 8)]
    assert len(late(levels)) == 3
