"""The `agree` block in training: further views of a batch, what the network says of them, and the losses on both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch
from mtlc.lower import first_seed
from mtlc.nn.agreement import Agreement, View
from mtlc.nn.embeddings import Binary, Embedding, OneHot, Squashed, Unit
from mtlc.plan import Plan
from mtlc.spec import Agreement as Line
from mtlc.spec import Task
from mtlc.training.errors import RunError
from mtlc.training.objective import make

Predictions = Mapping[str, Tensor]
Network = Callable[[Tensor], Predictions]
"""Predictions by task for images B×3×H×W."""

ENOUGH = 256  # labelled samples from which the mean and the spread of a task's numbers are estimated


@dataclass(frozen=True)
class Agreed:
    """What a loss says of some samples: of each, and the means of what it is made of."""

    each: Tensor
    terms: Mapping[str, Tensor]


class Agreements(nn.ModuleList):
    """The agreement losses of a plan, line by line, with what they learn.

    They outlive phases and lie in checkpoints; the model knows nothing of them. What is drawn for a sample's views
    depends on the run's seed, the step and the sample's id.
    """

    def __init__(self, plan: Plan) -> None:
        lines = plan.spec.agree
        every = [{task: _embedding(plan.tasks[task]) for task in line.tasks} for line in lines]
        super().__init__(
            _made(line, embeddings, first_seed(plan.train.seed, f"agree {place}"))
            for place, (line, embeddings) in enumerate(zip(lines, every, strict=True), 1)
        )
        self._embeddings = every
        self.lines, self.seed = plan.spec.agree, plan.train.seed
        self.kinds = {name: task.part.word for name, task in plan.tasks.items()}

    def among(self, tasks: Collection[str]) -> list[int]:
        """The places of the lines all of whose tasks are among these: those that act while these are trained."""
        return [place for place, line in enumerate(self.lines) if set(line.tasks) <= set(tasks)]

    def fit(self, batches: Iterable[Batch]) -> None:
        """Estimate the mean and the spread of numbers from the labels of training, until each task has enough of
        them or the batches are over. Raises `RunError` for a task whose labels hold no known number."""
        wanted = self._measured()
        labels: dict[str, list[Tensor]] = {task: [] for task in wanted}
        for batch in batches if wanted else ():
            for task, found in labels.items():
                found += batch.labels[task][batch.present[task]].cpu()[:, None]
            if all(len(found) >= ENOUGH for found in labels.values()):
                break
        for task, embeddings in wanted.items():
            for embedding in embeddings:
                _fit(embedding, task, labels[task])

    def loss(self, place: int, network: Network, batch: Batch, first: Predictions, step: int) -> Agreed:
        """The loss of one line on some samples, of which the network said `first`."""
        line, loss = self.lines[place], cast(Agreement, self[place])
        seeds = [f"{self.seed}/{step}/{place}/{number}" for number in range(len(loss.views))]
        views = [
            self._seen(line, network, batch, first, seed, learns)
            for seed, learns in zip(seeds, loss.views, strict=True)
        ]
        size = (batch.images.shape[-2], batch.images.shape[-1])
        each = loss(views, size, _generator(f"{seeds}/{batch.ids}", batch.images.device))
        return Agreed(each, dict(loss.terms))

    def _seen(
        self, line: Line, network: Network, batch: Batch, first: Predictions, seed: str, learns: bool
    ) -> View:
        """What the network says of another view of the samples; gradients reach it where it `learns` from that."""
        from mtlc.training.views import of_predictions, view  # torchvision takes a second to import

        seen, windows = view(batch, self.kinds, line.part.zoom, seed)
        with torch.set_grad_enabled(learns):
            predictions = network(seen.images)
        return View(
            predictions={task: predictions[task] for task in line.tasks},
            labels={task: seen.labels[task] for task in line.tasks},
            present={task: batch.present[task] for task in line.tasks},
            before={task: of_predictions(first[task], windows, self.kinds[task]) for task in line.tasks},
        )

    def _measured(self) -> dict[str, list[Squashed]]:
        """By task, what needs to know the mean and the spread of its labels."""
        found: dict[str, list[Squashed]] = {}
        for task, embedding in (item for line in self._embeddings for item in line.items()):
            if isinstance(embedding, Squashed):
                found.setdefault(task, []).append(embedding)
        return found


def _made(line: Line, embeddings: Mapping[str, Embedding], seed: int) -> Agreement:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return cast(Agreement, make(line.part, embeddings=embeddings))


def _fit(embedding: Squashed, task: str, labels: list[Tensor]) -> None:
    try:
        embedding.fit(labels)
    except ValueError as error:
        message = f"task `{task}` cannot meet others in `agree`: {error}"
        hint = (
            "`mtlc data check SPEC` counts what is labelled; name the other tasks in `agree` instead of `all`"
        )
        raise RunError(message, hint, 1) from None


def _embedding(task: Task) -> Embedding:
    whole = not task.part.dense
    match task.part.embedding:
        case "onehot":
            return OneHot(task.channels, whole)
        case "binary":
            return Binary(task.channels, whole)
        case "squashed":
            return Squashed(task.channels, whole)
    return Unit()


def _generator(seed: str, device: torch.device) -> torch.Generator:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) >> 1
    return torch.Generator(device).manual_seed(number)
