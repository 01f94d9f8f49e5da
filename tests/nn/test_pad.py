"""Padding to a multiple and cutting it off again."""

import pytest
import torch

from mtlc.nn.pad import cut, pad


@pytest.mark.parametrize(("height", "width"), [(32, 64), (33, 63), (1, 1), (31, 32)])
def test_the_padded_image_divides_and_its_cut_is_the_image(height: int, width: int) -> None:
    image = torch.rand(1, 3, height, width)
    padded = pad(image, 32)
    assert padded.shape[2] % 32 == padded.shape[3] % 32 == 0
    assert padded.shape[2] - height < 32 and padded.shape[3] - width < 32
    assert torch.equal(cut(padded, image), image)
    assert padded.sum() == pytest.approx(image.sum().item(), rel=1e-5)
