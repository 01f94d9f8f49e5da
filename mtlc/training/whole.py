"""A batch cut into parts, and what there is in the whole of it: in all parts, of all processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from mtlc.data.batch import Batch
from mtlc.training import processes
from mtlc.training.objective import Losses, Objective, Totals


@dataclass(frozen=True)
class Whole:
    """What is labelled in a batch over all processes, its images, and whether any process cuts its own in parts."""

    totals: Totals
    images: int
    cut: bool


def cut(batch: Batch, parts: int) -> list[Batch]:
    """The batch in so many parts of nearly equal size; fewer where it has fewer samples, and one of none."""
    parts = max(1, min(parts, len(batch)))
    if parts == 1:
        return [batch]
    edges = [len(batch) * i // parts for i in range(parts + 1)]
    return [batch.rows(start, stop) for start, stop in pairwise(edges)]


def counted(parts: Sequence[Batch], objective: Objective, device: torch.device) -> Whole:
    """What is in a batch. Tasks of which nothing is labelled have no total."""
    # Counted where the batch lies: on a device, each task's "is there any?" would wait for it.
    counts = objective.counts(parts)
    here = torch.tensor([sum(map(len, parts)), len(parts) > 1])
    whole = processes.total(torch.cat([here, *counts.values()]))
    images, pieces, *found = torch.split_with_sizes(whole, [1, 1, *map(len, counts.values())])
    there = {task: count.to(device) for task, count in zip(counts, found, strict=True) if count[0] > 0}
    return Whole(there, int(images), bool(pieces))


def of_all(losses: Losses) -> Losses:
    """The losses of a whole batch, from each process's; without a graph where there are several."""
    if not processes.several():
        return losses
    main = {(True, task): loss for task, loss in losses.main.items()}
    found = processes.summed(main | {(False, task): loss for task, loss in losses.auxiliary.items()})
    both = [{task: loss for (kind, task), loss in found.items() if kind is each} for each in (True, False)]
    return Losses(*both)
