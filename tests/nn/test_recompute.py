"""Computing again instead of keeping."""

import torch
from torch import Tensor, nn

from mtlc.nn.recompute import recompute


class Two(nn.Sequential):
    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(
            nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1), nn.BatchNorm2d(2)
        )


def step(part: nn.Module, again: bool) -> tuple[Tensor, list[Tensor]]:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 5, 5, requires_grad=True)
    out = recompute(part, x) if again else part(x)
    out.square().sum().backward()
    return out, [x.grad, *(p.grad for p in part.parameters())]


def test_results_gradients_and_running_statistics_are_those_of_a_plain_call() -> None:
    plain, again = Two(), Two()
    for _ in range(2):
        for a, b in zip(step(plain, False), step(again, True), strict=True):
            torch.testing.assert_close(b, a, rtol=0, atol=0)
    for name, value in plain.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_it_keeps_less() -> None:
    kept = {}
    for again in (False, True):
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda x, s=sizes: (s.append(x.numel()), x)[1], lambda x: x
        ):
            part = Two()
            x = torch.randn(2, 3, 5, 5, requires_grad=True)
            recompute(part, x) if again else part(x)
        kept[again] = sum(sizes)
    assert kept[True] < kept[False] / 2


def test_settings_of_batch_norms_survive_a_backward_that_fails() -> None:
    part = Two()
    out = recompute(part, torch.randn(2, 3, 5, 5, requires_grad=True))
    part[3].weight.data = part[3].weight.data[:, :2]
    try:
        out.sum().backward()
    except RuntimeError:
        pass
    else:
        raise AssertionError("the backward did not fail")
    assert part[1].momentum == 0.1 and part[1].num_batches_tracked == 1
