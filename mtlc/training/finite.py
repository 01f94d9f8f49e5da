"""Numbers that are not finite: which task, which samples, which weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch
from mtlc.training.objective import Losses, Objective, Outputs, Totals

SHOWN = 8  # more ids or names are counted, not listed


class NotFinite(Exception):
    """A loss or a gradient is not finite. `what` is a clause that names task and samples, or weights."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def check_losses(losses: Losses, outputs: Outputs, part: Batch, totals: Totals, objective: Objective) -> None:
    """Raise `NotFinite` with the tasks and the samples whose loss, taken alone, is not finite."""
    values = [losses.main[t] + losses.auxiliary.get(t, 0.0) for t in losses.main]
    if torch.isfinite(torch.stack(values).detach()).all():
        return
    tasks = [task for task, value in zip(losses.main, values, strict=True) if not torch.isfinite(value)]
    blamed = [_blame(objective, outputs, part, totals, row) for row in range(len(part))]
    ids = [id for id, tasks in zip(part.ids, blamed, strict=True) if tasks] or list(part.ids)
    raise NotFinite(f"the loss of {_listed(tasks)} is not finite, in {_samples(ids, len(part))}")


def sum_of(tensors: Sequence[Tensor]) -> Tensor:
    """The sum of all entries: not finite where one of them is not (or where they overflow together), and half
    the price of a norm."""
    return torch.stack([each.sum() for each in tensors]).sum()


def check_gradients(model: nn.Module) -> None:
    """Raise `NotFinite` with the weights whose gradient is not finite."""
    named = [(name, each.grad) for name, each in model.named_parameters() if each.grad is not None]
    wrong = [name for name, grad in named if not torch.isfinite(grad).all()]
    raise NotFinite(f"the gradient is not finite, at the weights {_listed(wrong) or 'together'}")


def _blame(objective: Objective, outputs: Outputs, part: Batch, totals: Totals, row: int) -> list[str]:
    """The tasks to which one sample contributes something that is not finite."""
    sample = part.rows(row, row + 1)
    alone = tuple({name: each[row : row + 1] for name, each in group.items()} for group in outputs)
    with torch.no_grad():
        losses = objective((alone[0], alone[1]), sample, totals)
    return [task for task, loss in losses.main.items() if not _finite(loss, losses.auxiliary.get(task))]


def _finite(*losses: Tensor | None) -> bool:
    return all(bool(torch.isfinite(loss)) for loss in losses if loss is not None)


def _samples(ids: Sequence[str], of: int) -> str:
    whole = f" (all {of} that were computed together)" if len(ids) == of > 1 else ""
    return f"sample{'s' if len(ids) > 1 else ''} {_listed(ids)}{whole}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:SHOWN]) + more
