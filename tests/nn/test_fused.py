"""Fused attention with values narrower than the queries."""

import torch

from mtlc.nn.fused import attend


def test_it_equals_the_explicit_table_with_rows_that_are_convex() -> None:
    query, key, value = torch.randn(2, 30, 16), torch.randn(2, 20, 16), torch.randn(2, 20, 6)
    table = (query @ key.mT).softmax(-1)
    assert (table >= 0).all()
    torch.testing.assert_close(table.sum(-1), torch.ones(2, 30))
    torch.testing.assert_close(attend(query, key, value), table @ value)


def test_it_runs_in_the_fused_kernel_forward_and_backward() -> None:
    query, key, value = (torch.randn(1, 64, c, requires_grad=True) for c in (512, 512, 256))
    kernel = attend(query, key, value).grad_fn
    names = set()
    while kernel is not None:
        names.add(type(kernel).__name__)
        kernel = next((before for before, _ in kernel.next_functions if before is not None), None)
    assert "ScaledDotProductFlashAttentionForCpuBackward0" in names
