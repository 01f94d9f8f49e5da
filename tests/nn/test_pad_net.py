"""PAD-Net's distillation into one target."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.nn.pad_net import PadNet


def maps(count: int, height: int = 6, width: int = 9) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(2, 8, height, width) for _ in range(count)]


def part(sources: int) -> PadNet:
    torch.manual_seed(0)
    return PadNet(dim=8, sources=sources)


@pytest.mark.parametrize("sources", [1, 2, 4])
def test_it_equals_the_formula(sources: int) -> None:
    link, (target, *others) = part(sources), maps(sources + 1)
    expected = target.clone()
    for gate, content, other in zip(link.gates, link.contents, others, strict=True):
        opened = 1 / (1 + torch.exp(-F.conv2d(other, gate.weight, padding=1)))
        expected += opened * F.conv2d(other, content.weight, padding=1)
    torch.testing.assert_close(link(target, *others), expected)


def test_without_sources_the_stream_is_the_same() -> None:
    (target,) = maps(1)
    assert part(0)(target) is target
    assert not list(part(0).parameters())


def test_a_gate_lets_through_at_most_all_of_the_content() -> None:
    link, (target, other) = part(1), maps(2)
    change, content = link(target, other) - target, link.contents[0](other)
    assert (change.abs() <= content.abs() + 1e-6).all()
    assert (change * content >= -1e-6).all()


def test_each_pair_has_two_3x3_convolutions_without_bias() -> None:
    shapes = {name: tuple(each.shape) for name, each in part(2).named_parameters()}
    assert shapes == {f"{kind}.{i}.weight": (8, 8, 3, 3) for kind in ("gates", "contents") for i in (0, 1)}


def test_the_order_of_the_sources_does_not_matter_if_their_gates_move_along() -> None:
    link, (target, a, b) = part(2), maps(3)
    before = link(target, a, b)
    link.gates = link.gates[::-1]
    link.contents = link.contents[::-1]
    torch.testing.assert_close(link(target, b, a), before)
