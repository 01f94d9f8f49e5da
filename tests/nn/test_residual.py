"""The residual block of two 3×3 convolutions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtlc.nn.residual import Residual


@pytest.mark.parametrize("dim", [6, 4])
def test_it_is_two_convolutions_with_norms_plus_the_input(dim: int) -> None:
    torch.manual_seed(0)
    part, x = Residual(6, dim).eval(), torch.randn(2, 6, 5, 7)
    (conv, norm, relu), last, last_norm = part.body
    skip = x if dim == 6 else part.skip[1](part.skip[0](x))
    torch.testing.assert_close(part(x), (last_norm(last(relu(norm(conv(x))))) + skip).relu())
    assert [each.kernel_size for each in (conv, last)] == [(3, 3), (3, 3)]


def test_equal_widths_need_no_projection() -> None:
    assert isinstance(Residual(6, 6).skip, nn.Identity)
