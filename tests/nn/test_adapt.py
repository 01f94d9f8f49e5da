"""Fits between unlike streams, and the way back."""

import pytest
import torch

from mtlc.nn.adapt import Fit, GiveBack


@pytest.mark.parametrize(("stride", "to"), [(4, 8), (8, 4), (14, 16), (16, 14), (4, 4)])
def test_a_fit_gives_the_wanted_stride_and_width(stride: int, to: int) -> None:
    stream = torch.randn(2, 6, 448 // stride, 224 // stride)
    out = Fit(channels=6, dim=3, stride=stride, to_stride=to)(stream)
    assert out.shape == (2, 3, 448 // to, 224 // to)


def test_a_fit_to_the_same_stride_and_width_changes_nothing() -> None:
    stream = torch.randn(2, 6, 4, 4)
    assert Fit(channels=6, dim=6, stride=4, to_stride=4)(stream) is stream


def test_a_part_that_changes_nothing_changes_nothing() -> None:
    stream, read = torch.randn(2, 6, 8, 8), torch.randn(2, 3, 4, 4)
    assert torch.equal(GiveBack(channels=6, dim=3, stride=4, at=8)(stream, read, read), stream)


def test_a_change_comes_back_at_the_streams_own_stride_and_width() -> None:
    stream, read = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 4, 4)
    out = GiveBack(channels=3, dim=3, stride=4, at=8)(stream, read + 2.0, read)
    torch.testing.assert_close(out, stream + 2.0)
