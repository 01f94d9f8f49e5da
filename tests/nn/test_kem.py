"""The shared workspace: the facts that make it one."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlc.nn.kem import Kem, count

HEIGHT, WIDTH, STREAMS = 4, 5, 3
CELLS = HEIGHT * WIDTH * STREAMS


def kem(**keys: Any) -> Kem:
    torch.manual_seed(0)
    plain = {"dim": 16, "slots": 3, "select": 5, "heads": 1, "etf": 8, "residual": 1.0}
    plain |= {"mask": "before", "norm": True}
    return Kem(streams=STREAMS, **(plain | keys))


def streams(batch: int = 2, dim: int = 16) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(batch, dim, HEIGHT, WIDTH) for _ in range(STREAMS)]


def read(part: Kem, given: list[Tensor]) -> Tensor:
    return part.etf(part.norm(torch.cat([x.flatten(2).mT for x in given], 1)))


def by_hand(part: Kem, given: list[Tensor]) -> list[Tensor]:
    """The three steps written out with loops over samples, heads, slots and cells."""
    out = [x.clone() for x in given]
    rows = read(part, given)
    width = rows.shape[2] // part.heads
    for b, cells in enumerate(rows):
        workspace = torch.zeros_like(part.workspace)
        for h in range(part.heads):
            cut = slice(h * width, (h + 1) * width)
            query, key, value = (m.weight[cut] for m in (part.read_query, part.read_key, part.read_value))
            for s, slot in enumerate(part.workspace):
                scores = torch.stack([(query @ slot) @ (key @ c) / math.sqrt(width) for c in cells])
                best = scores.argsort(descending=True)[: count(part.select, len(cells))]
                pool = best if part.mask == "before" else range(len(cells))
                total = sum(scores[i].exp() for i in pool)
                workspace[s, cut] = sum(scores[i].exp() / total * (value @ cells[i]) for i in best)
        for i, cell in enumerate(cells):
            t, place = divmod(i, HEIGHT * WIDTH)
            for h in range(part.heads):
                cut = slice(h * width, (h + 1) * width)
                query, key, value = (
                    m.weight[cut] for m in (part.write_query, part.write_key, part.write_value)
                )
                scores = torch.stack([(query @ cell) @ (key @ r) / math.sqrt(width) for r in workspace])
                change = scores.softmax(0) @ torch.stack([value @ r for r in workspace])
                out[t][b, cut, place // WIDTH, place % WIDTH] += part.residual * change
    return out


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"mask": "after"},
        {"heads": 2},
        {"etf": None},
        {"etf": 16, "residual": 0.3},
        {"select": 0.5, "norm": False},
    ],
    ids=str,
)
@torch.no_grad()
def test_it_equals_the_formulas_written_as_loops(keys: dict[str, Any]) -> None:
    part = kem(**keys)
    torch.testing.assert_close(list(part(*streams())), by_hand(part, streams()), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("select", "kept"), [(1, 1), (5, 5), (999, CELLS), (0.25, 15), (0.26, 16), (1.0, CELLS)]
)
def test_each_row_has_exactly_the_selected_number_of_entries_and_sums_to_1(select: float, kept: int) -> None:
    part = kem(select=select, heads=2)
    rows = part.attention(read(part, streams()))
    assert rows.shape == (2, 2, 3, CELLS)
    assert ((rows != 0).sum(-1) == kept).all()
    torch.testing.assert_close(rows.sum(-1), torch.ones(2, 2, 3))


def test_masked_after_the_softmax_a_row_sums_to_less_than_1() -> None:
    part = kem(mask="after")
    rows = part.attention(read(part, streams()))
    assert ((rows != 0).sum(-1) == 5).all() and (rows.sum(-1) < 1).all()


@pytest.mark.parametrize("heads", [1, 2])
def test_what_is_written_has_at_most_the_rank_of_slots_times_heads(heads: int) -> None:
    part = kem(heads=heads)
    rows = read(part, streams(1))
    assert torch.linalg.matrix_rank(part.write(rows, part.retrieve(rows))[0]) <= 3 * heads


def cells_of(part: Kem) -> Any:
    """The part as a function from all cells, n×dim, to all cells."""

    def run(cells: Tensor) -> Tensor:
        given = cells.T.reshape(16, STREAMS, HEIGHT, WIDTH).unbind(1)
        return torch.stack(part(*(x[None] for x in given)), 2)[0].reshape(16, -1).T

    return run


def flat(given: list[Tensor]) -> Tensor:
    return torch.cat([x[0].flatten(1).T for x in given])


def test_a_cell_that_no_slot_selects_changes_no_other_cell() -> None:
    part, cells = kem(), flat(streams(1))
    chosen = (part.attention(read(part, streams(1)))[0, 0] > 0).any(0)
    jacobian = torch.autograd.functional.jacobian(cells_of(part), cells).abs().sum((1, 3))
    others = jacobian - torch.diag(jacobian.diag())
    assert 0 < chosen.sum() < CELLS
    assert (others[:, ~chosen] == 0).all()
    assert (others[:, chosen].sum(0) > 0).all()


def test_without_residual_it_is_the_identity() -> None:
    assert all(map(torch.equal, kem(residual=0.0)(*streams()), streams()))


@pytest.mark.parametrize("mask", ["before", "after"])
def test_selecting_all_cells_is_ordinary_attention(mask: str) -> None:
    part = kem(select=CELLS + 1, mask=mask)
    rows = read(part, streams())
    query, key, value = part.read_query(part.workspace), part.read_key(rows), part.read_value(rows)
    expected = torch.softmax(query @ key.mT / 4, -1) @ value
    torch.testing.assert_close(part.retrieve(rows), expected)


def test_permuted_cells_give_permuted_results() -> None:
    run, cells, order = cells_of(kem()), flat(streams(1)), torch.randperm(CELLS)
    torch.testing.assert_close(run(cells[order]), run(cells)[order])


def test_the_order_of_the_slots_does_not_matter() -> None:
    part = kem()
    before = part(*streams())
    part.workspace.data = part.workspace.data.flip(0)
    torch.testing.assert_close(part(*streams()), before)


def test_the_samples_of_a_batch_do_not_influence_each_other() -> None:
    part, given = kem(), streams(2)
    alone = [part(*(x[i : i + 1] for x in given)) for i in range(2)]
    torch.testing.assert_close(part(*given), tuple(map(torch.cat, zip(*alone, strict=True))))


def test_two_calls_in_a_row_give_the_same() -> None:
    part = kem()
    assert all(map(torch.equal, part(*streams()), part(*streams())))


def test_the_frame_is_saved_not_trained_and_the_same_in_every_part() -> None:
    part = kem()
    assert "etf.frame" in part.state_dict() and "etf.frame" not in dict(part.named_parameters())
    assert torch.equal(part.etf.frame, Kem(**vars_of(part)).etf.frame)


def vars_of(part: Kem) -> dict[str, Any]:
    torch.manual_seed(99)
    keys = {"dim": 16, "streams": STREAMS, "slots": 7, "select": 1, "heads": 1, "etf": part.etf.vectors}
    return keys | {"residual": 1.0, "mask": "before", "norm": True}


def test_the_workspace_starts_with_orthogonal_rows() -> None:
    rows = kem().workspace
    torch.testing.assert_close(rows @ rows.T, 16 * torch.eye(3), atol=1e-4, rtol=0)


def test_gradients_reach_the_workspace_all_six_matrices_and_every_cell() -> None:
    part, given = kem(), [x.requires_grad_() for x in streams()]
    sum((y * torch.randn_like(y)).sum() for y in part(*given)).backward()
    named = dict(part.named_parameters())
    assert {f"{a}_{b}.weight" for a in ("read", "write") for b in ("query", "key", "value")} < set(named)
    assert all(p.grad.abs().sum() > 0 for p in named.values())
    assert all((x.grad.abs().sum(1) > 0).all() for x in given)


def test_an_unselected_cell_is_trained_through_the_write_step_only() -> None:
    part = kem()
    cells = flat(streams(1)).requires_grad_()
    rows = part.etf(part.norm(cells[None]))
    chosen = (part.attention(rows)[0, 0] > 0).any(0)
    (through_read,) = torch.autograd.grad(part.retrieve(rows).square().sum(), cells, retain_graph=True)
    (through_write,) = torch.autograd.grad(part.write(rows, part.retrieve(rows)).square().sum(), cells)
    assert ((through_read.abs().sum(1) > 0) == chosen).all()
    assert (through_write[~chosen].abs().sum(1) > 0).all()


def test_memory_grows_with_slots_times_cells_and_never_with_their_square() -> None:
    sizes: list[int] = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            sizes.extend(x.numel() for x in torch.utils._pytree.tree_leaves(out) if isinstance(x, Tensor))
            return out

    with Watch(), torch.no_grad():
        kem()(*(torch.randn(1, 16, 32, 32) for _ in range(STREAMS)))
    assert max(sizes) == STREAMS * 32 * 32 * 16


def test_cells_are_selected_in_float32_also_in_half_precision() -> None:
    part = kem(etf=None, norm=False)
    dtypes = []
    real = torch.Tensor.topk
    with pytest.MonkeyPatch.context() as patch, torch.autocast("cpu", torch.bfloat16):
        patch.setattr(torch.Tensor, "topk", lambda x, *a, **k: dtypes.append(x.dtype) or real(x, *a, **k))
        part(*streams())
    assert dtypes == [torch.float32]


@pytest.mark.parametrize(
    ("select", "cells", "kept"),
    [(64, 10, 10), (3, 10, 3), (0.1, 30, 3), (0.1, 31, 4), (1e-9, 10, 1), (0.07, 100, 7)],
)
def test_a_count_is_at_most_all_cells_and_a_share_is_rounded_up(select: float, cells: int, kept: int) -> None:
    assert count(select, cells) == kept
