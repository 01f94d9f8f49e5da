"""Numbers that are not finite: which task, which samples, which weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch
from mtlc.training.objective import Losses, Objective, Outputs, Totals

SHOWN = 8  # more ids or names are counted, not listed


class NotFinite(Exception):
    """A loss or a gradient is not finite.

    `what` is a clause that names tasks and samples, and the weights of a gradient; `case` is as much of it as other
    steps may have in common, and `ids` are the samples. `vague` says that no task of its own is to blame.
    """

    def __init__(self, case: str, ids: Sequence[str], of: int, where: str = "", vague: bool = False) -> None:
        self.case, self.ids, self.vague = case, tuple(ids), vague
        self._made_of = (case, self.ids, of, where, vague)
        self.what = f"{case}, in {_samples(ids, of)}{where}"
        super().__init__(self.what)

    def __reduce__(self) -> tuple[type[NotFinite], tuple[object, ...]]:
        return type(self), self._made_of


Terms = Callable[[Outputs, Batch], Mapping[str, Tensor]]
"""What each task adds to the objective, from the outputs for some samples."""


def check_losses(losses: Losses, outputs: Outputs, part: Batch, totals: Totals, objective: Objective) -> None:
    """Raise `NotFinite` with the tasks and the samples whose loss, taken alone, is not finite."""
    values = [losses.main[t] + losses.auxiliary.get(t, 0.0) for t in losses.main]
    if torch.isfinite(torch.stack(values).detach()).all():
        return
    tasks = [task for task, value in zip(losses.main, values, strict=True) if not torch.isfinite(value)]
    blamed = [_blame(objective, outputs, part, totals, row) for row in range(len(part))]
    ids = [id for id, tasks in zip(part.ids, blamed, strict=True) if tasks] or list(part.ids)
    raise NotFinite(f"the loss of {listed(tasks)} is not finite", ids, len(part))


def check_agreement(name: str, each: Tensor, part: Batch) -> None:
    """Raise `NotFinite` with the samples whose agreement loss is not finite."""
    fine = torch.isfinite(each.detach())
    if not fine.all():
        ids = [id for id, well in zip(part.ids, fine.tolist(), strict=True) if not well]
        raise NotFinite(f"the agreement loss `{name}` is not finite", ids, len(part))


def sum_of(tensors: Sequence[Tensor]) -> Tensor:
    """The sum of all entries: not finite where one of them is not (or where they overflow together), and half
    the price of a norm."""
    short = [each for each in tensors if each.ndim == 1]  # biases and norms: most tensors, few numbers
    whole = [torch.cat(short)] if short else []
    whole += [each for each in tensors if each.ndim != 1]
    return torch.stack([each.sum() for each in whole]).sum()


def of_gradient(
    model: nn.Module, parts: Sequence[Batch], again: Callable[[Batch], Outputs], terms: Terms
) -> NotFinite:
    """The error for a gradient that is not finite: the weights that have one, and by computing each part of the batch
    `again`, task by task and then sample by sample, where it comes from.

    Where no single one is to blame, all that were computed together are named.
    """
    wrong = [
        n for n, each in model.named_parameters() if each.grad is not None and not _all_finite([each.grad])
    ]
    weights = [each for each in model.parameters() if each.requires_grad]
    tasks, ids = dict[str, None](), list[str]()
    present = dict[str, None]()
    for part in parts:
        outputs = again(part)
        whole = terms(outputs, part)
        present |= dict.fromkeys(whole)
        here = [task for task, term in whole.items() if not _sound([term], weights)]
        tasks |= dict.fromkeys(here)
        for row in range(len(part) if here else 0):
            alone = terms(_row(outputs, row), part.rows(row, row + 1))
            if not _sound([alone[task] for task in here], weights):
                ids.append(part.ids[row])
    every = [id for part in parts for id in part.ids]
    who = listed(list(tasks)) if tasks else f"{listed(list(present))} together"
    where = f", at the weights {listed(wrong, 3) or 'together'}"
    return NotFinite(f"the gradient of {who} is not finite", ids or every, len(every), where, vague=not tasks)


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """Names in backticks; of many the first."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more


def _sound(terms: Iterable[Tensor], weights: Sequence[Tensor]) -> bool:
    """Whether the gradients of all these terms are finite. Their graph stays."""
    for term in terms:
        if term.requires_grad:
            found = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
            if not _all_finite([each for each in found if each is not None]):
                return False
    return True


def _all_finite(tensors: Sequence[Tensor]) -> bool:
    return all(bool(torch.isfinite(each).all()) for each in tensors)


def _blame(objective: Objective, outputs: Outputs, part: Batch, totals: Totals, row: int) -> list[str]:
    """The tasks to which one sample contributes something that is not finite."""
    sample = part.rows(row, row + 1)
    with torch.no_grad():
        losses = objective(_row(outputs, row), sample, totals)
    return [task for task, loss in losses.main.items() if not _finite(loss, losses.auxiliary.get(task))]


def _row(outputs: Outputs, row: int) -> Outputs:
    """The outputs for one sample."""
    predictions, auxiliary = (
        {name: each[row : row + 1] for name, each in group.items()} for group in outputs
    )
    return predictions, auxiliary


def _finite(*losses: Tensor | None) -> bool:
    return all(bool(torch.isfinite(loss)) for loss in losses if loss is not None)


def _samples(ids: Sequence[str], of: int) -> str:
    whole = f" (all {of} that were computed together)" if len(ids) == of > 1 else ""
    return f"sample{'s' if len(ids) > 1 else ''} {listed(ids)}{whole}"
