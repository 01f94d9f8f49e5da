"""Coherence fusion: the facts that make it one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtlc.nn.coherence import Coherence


def part(sources: int = 2, residual: bool = False) -> Coherence:
    torch.manual_seed(0)
    return Coherence(dim=8, sources=(8,) * sources, reduction=4, residual=residual)


def streams(count: int = 3) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(2, 8, 4, 5) for _ in range(count)]


def affinity(module: Coherence, given: list[Tensor]) -> Tensor:
    query, key, _ = module.maps(*given)
    return (query @ key.mT).softmax(-1)


@pytest.mark.parametrize("sources", [1, 2, 3])
@pytest.mark.parametrize("residual", [False, True])
def test_it_equals_the_formulas_with_the_affinities_written_out(sources: int, residual: bool) -> None:
    module, (x, *others) = part(sources, residual).eval(), streams(1 + sources)
    gated = [o * torch.sigmoid(gate(o)) for o, gate in zip(others, module.mix.gates, strict=True)]
    mixed = torch.relu(module.mix.fuse(torch.cat(gated, 1)))
    assert mixed.shape[1] == 8 * sources
    theta, phi = (torch.relu(norm(gate(mixed))).flatten(2) for gate, norm, *_ in (module.query, module.key))
    table = (theta.mT @ phi).softmax(-1)
    gate, norm, _ = module.value
    found = (table @ norm(gate(x)).flatten(2).mT).mT.reshape(x.shape)
    torch.testing.assert_close(module(x, *others), module.out(found) + (x if residual else 0))


def test_rows_of_the_affinity_are_not_negative_and_sum_to_1() -> None:
    rows = affinity(part(), streams())
    assert (rows >= 0).all()
    torch.testing.assert_close(rows.sum(-1), torch.ones(2, 20))


def test_the_affinity_comes_from_the_other_tasks_only() -> None:
    module, (x, *others) = part(), streams()
    torch.testing.assert_close(
        affinity(module, [torch.randn_like(x), *others]), affinity(module, [x, *others])
    )
    assert not torch.allclose(
        affinity(module, [x, others[0], others[0]]), affinity(module, [x, *others]), atol=1e-3
    )


def test_what_is_copied_lies_between_the_values_of_the_task_itself() -> None:
    module, given, seen = part(), streams(), []
    module.out.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    module(*given)
    value = module.maps(*given)[2]
    low, high = value.amin(1)[..., None, None], value.amax(1)[..., None, None]
    assert ((seen[0] >= low - 1e-5) & (seen[0] <= high + 1e-5)).all()


def test_every_source_reaches_the_result_and_the_target_as_well() -> None:
    given = [x.requires_grad_() for x in streams()]
    out = part()(*given)
    grads = torch.autograd.grad((out * torch.randn_like(out)).sum(), given)
    assert all(g.abs().sum() > 0 for g in grads)


def test_sources_may_have_widths_of_their_own() -> None:
    module = Coherence(dim=8, sources=(3, 5), reduction=4, residual=False)
    out = module(torch.randn(2, 8, 4, 5), torch.randn(2, 3, 4, 5), torch.randn(2, 5, 4, 5))
    assert out.shape == (2, 8, 4, 5)


def test_computing_again_changes_neither_gradients_nor_running_statistics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = []
    for plain in (True, False):
        if plain:
            monkeypatch.setattr("mtlc.nn.coherence.recompute", lambda module, *inputs: module(*inputs))
        module = part()
        module(*(x.requires_grad_() for x in streams())).square().sum().backward()
        states.append({n: p.grad for n, p in module.named_parameters()} | dict(module.named_buffers()))
        monkeypatch.undo()
    torch.testing.assert_close(states[0], states[1], rtol=0, atol=0)


def test_no_table_of_all_cells_by_all_cells_is_ever_made() -> None:
    sizes: list[int] = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            out = func(*args, **(kwargs or {}))
            sizes.extend(x.numel() for x in torch.utils._pytree.tree_leaves(out) if isinstance(x, Tensor))
            return out

    with Watch():
        given = [torch.randn(1, 8, 24, 24, requires_grad=True) for _ in range(3)]
        part()(*given).sum().backward()
    assert max(sizes) < 24**4 / 10
