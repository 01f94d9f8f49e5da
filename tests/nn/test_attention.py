"""Plain cross-attention."""

import torch

from mtlc.nn.attention import Attention


def test_every_cell_of_the_target_sees_every_cell_of_every_source() -> None:
    part = Attention(dim=8, sources=2, heads=2)
    target = torch.randn(1, 8, 3, 4)
    sources = [torch.randn(1, 8, 3, 4, requires_grad=True) for _ in range(2)]
    corner = part(target, *sources)[0, :, 2, 3].sum()
    for gradient in torch.autograd.grad(corner, sources):
        assert (gradient.abs().sum(1) > 0).all()


def test_it_equals_the_formula() -> None:
    part = Attention(dim=8, sources=1, heads=2)
    x, y = torch.randn(2, 8, 3, 4), torch.randn(2, 8, 3, 4)
    a, b = (norm(s.flatten(2).mT) for norm, s in zip(part.norms, (x, y), strict=True))
    heads = []
    for q, k, v in zip(*(t.split(4, 2) for t in (part.query(a), part.key(b), part.value(b))), strict=True):
        heads.append(torch.softmax(q @ k.mT / 4**0.5, -1) @ v)
    expected = x + part.out(torch.cat(heads, 2)).mT.reshape(x.shape)
    torch.testing.assert_close(part(x, y), expected)


def test_the_order_of_a_sources_cells_does_not_matter() -> None:
    part = Attention(dim=8, sources=1, heads=2)
    target, source = torch.randn(1, 8, 3, 4), torch.randn(1, 8, 3, 4)
    torch.testing.assert_close(part(target, source.flip(2, 3)), part(target, source))
