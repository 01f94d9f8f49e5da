"""The gradient of a step where several tasks share parameters: each task's apart, weighed, and joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from mtlc.analyse.partition import Partition
from mtlc.analyse.sharing import Tasks
from mtlc.balance.gradients.chooser import Chooser
from mtlc.balance.gradients.method import Array
from mtlc.lower import Model
from mtlc.training import processes
from mtlc.training.compiling import compiled
from mtlc.training.cut import Cut, Pass, cut, run
from mtlc.training.errors import RunError
from mtlc.training.rows import Rows
from mtlc.training.trunk import (
    AtCut,
    Named,
    accumulate,
    by_module,
    by_tasks,
    learning,
    owned,
    summed,
    through,
)

Weights = dict[Tasks, "dict[str, float] | None"]
Grams = dict[tuple[Tasks, str], Array]


@dataclass(frozen=True)
class Seen:
    """What the gradients of a step were like: for each set of tasks the weights (None: no step was taken there) and,
    where rows were kept, the inner products K×K of its `present` tasks by module of the model."""

    present: Tasks
    weights: Weights
    grams: Grams = field(repr=False)


class Directions:
    """Takes the tasks' objectives of a step, part by part of its batch, and gives every parameter its gradient.

    A parameter that one task reaches gets that task's. One that several reach gets the sum of theirs, with the
    weights that the method gives for its set of tasks. The tails' backward passes give each task's gradient at the
    cut; from there on it is done

    - by rows: a backward pass through the trunk for each task, whose gradients are kept until weights are known;
    - at once, where weights are known before: a pass for each set of tasks, of the weighted sum at the cut.
    """

    def __init__(
        self,
        model: Model,
        partition: Partition,
        tasks: Sequence[str],
        chooser: Chooser,
        *,
        joint: bool,
        last: bool,
    ) -> None:
        """`joint`: one choice of weights for all sets; `last`: by the last module that all share, for all sets."""
        self.chooser, self.joint = chooser, joint or last
        self.cut = self._quick = cut(model, tasks)
        self._own = {task: learning(tail) for task, tail in self.cut.tails.items()}
        sets = by_tasks(learning(self.cut.trunk), partition, tasks)
        self._private = {each: found for each, found in sets.items() if len(each) == 1}
        self._shared = {each: found for each, found in sets.items() if len(each) > 1}
        self._rows = {each: Rows(each, found) for each, found in self._shared.items()}
        self._last = self._last_shared() if last else None
        self._present: Tasks = ()
        self._scale = 1.0
        self._due = self._by_rows = False
        self._weights: Weights = {}
        self._grams: Grams = {}

    def _last_shared(self) -> tuple[Tasks, str]:
        every = tuple(self.cut.tails)
        if every not in self._shared:
            message = "there are no weights that learn and that all tasks share"
            raise RunError(message, "take `on = shared`, or another method than `gradnorm`", 1)
        return every, list(by_module(self._shared[every]))[-1]

    def norms(self, seen: Seen) -> dict[str, float]:
        """How long each present task's gradient is in the last module that all share; empty where rows were not
        compared."""
        gram = seen.grams.get(self._last_shared())
        return {} if gram is None else dict(zip(seen.present, np.sqrt(np.diag(gram)).tolist(), strict=True))

    # --- a step

    def compile(self, device: torch.device) -> None:
        """Have torch.compile translate what it can: each task's own part, and what tasks share in steps that have one
        backward pass through it, as a translated one cannot keep its graph for another. Raises `RunError`."""
        tails = {task: compiled(tail, device) for task, tail in self.cut.tails.items()}
        self.cut = Cut(self.cut.trunk, tails, self.cut.reads)
        self._quick = Cut(compiled(self.cut.trunk, device), tails, self.cut.reads)

    def forward(self, images: Tensor) -> Pass:
        """After `begin`."""
        once = not self._due and not self._by_rows and len(list(self._passes())) < 2
        return run(self._quick if once else self.cut, images)

    def begin(self, present: Iterable[str], *, cut: bool, scale: float) -> None:
        """A step in which these tasks have labels, over a batch that is `cut` in parts or not; objectives come times
        `scale`."""
        here = set(present)
        self._present = tuple(task for task in self.cut.tails if task in here)
        self._scale, self._grams = scale, {}
        asked = self._asked()
        self._due = self.chooser.due(asked)
        self._weights = {} if self._due else self._spread({s: self.chooser.kept(s, asked[s]) for s in asked})
        passes = len(self._private) + (1 if self.joint else len(self._shared))
        early = self._last is not None and not cut
        self._by_rows = (self._due and not early) or passes > len(self._present)
        for rows in self._rows.values():
            rows.begin(self._present)

    def add(self, objectives: Mapping[str, Tensor], found: Pass) -> None:
        """The gradient of these tasks' objectives on one part of the batch, whose forward pass `found` was."""
        at_cut = {task: self._through_tail(task, each, found) for task, each in objectives.items()}
        if self._by_rows:
            self._keep_rows(found, at_cut)
            return
        if self._due:
            self._weights = self._by_last(found, at_cut)
        passes = list(self._passes())
        for place, (parameters, weights) in enumerate(passes, 1):
            joined = summed(at_cut, weights)
            for name, gradient in through(found.trunk, joined, parameters, keep=place < len(passes)).items():
                accumulate(parameters[name], gradient)

    def end(self) -> Seen:
        """Set the gradient of what tasks share: of several processes, each one's share of it."""
        if self._by_rows:
            grams = self._inner(self._rows)
            self._weights = self._chosen(grams) if self._due else self._weights
            for tasks, rows in self._rows.items():
                if (weights := self._weights.get(tasks)) is not None:
                    rows.combine([weights[task] for task in rows.present])
        self.chooser.stepped(self._due)
        return Seen(self._present, self._weights, self._grams)

    # --- backward passes

    def _through_tail(self, task: str, objective: Tensor, found: Pass) -> list[Tensor | None]:
        """A task's gradient at the cut; its own parameters get theirs on the way."""
        own = self._own[task]
        if not objective.requires_grad or not (own or found.ends):
            return [None] * len(found.ends)
        gradients = torch.autograd.grad(objective, [*own.values(), *found.ends], allow_unused=True)
        at_cut: list[Tensor | None] = list(gradients[len(own) :])
        for name, gradient in owned(own, gradients[: len(own)], at_cut).items():
            accumulate(own[name], gradient)
        return at_cut

    def _keep_rows(self, found: Pass, at_cut: AtCut) -> None:
        for place, task in enumerate(at_cut, 1):
            reached = {
                tasks: named for tasks, named in (self._private | self._shared).items() if task in tasks
            }
            every = {name: each for named in reached.values() for name, each in named.items()}
            gradients = through(found.trunk, at_cut[task], every, keep=place < len(at_cut))
            for tasks, named in reached.items():
                if tasks in self._rows:
                    self._rows[tasks].add(
                        task, {name: gradients[name] for name in named if name in gradients}
                    )
                else:
                    for name in named:
                        if name in gradients:
                            accumulate(named[name], gradients[name])

    def _passes(self) -> Iterator[tuple[Named, Mapping[str, float]]]:
        """What is to be done at once: parameters, and the weights of the tasks' gradients at the cut for them."""
        for tasks, named in self._private.items():
            if tasks[0] in self._present:
                yield named, {tasks[0]: 1.0}
        known = {tasks: each for tasks, each in self._weights.items() if each}
        if self.joint and known:
            yield (
                {name: each for tasks in known for name, each in self._shared[tasks].items()},
                {task: weight for each in known.values() for task, weight in each.items()},
            )
        elif known:
            yield from ((self._shared[tasks], each) for tasks, each in known.items())

    # --- weights

    def _asked(self) -> dict[Tasks, Tasks]:
        """The sets for which weights are chosen, each with its present tasks."""
        sets = [tuple(task for task in self.cut.tails if any(task in each for each in self._shared))]
        here = {
            tasks: tuple(task for task in tasks if task in self._present)
            for tasks in (sets if self.joint else self._shared)
        }
        return {tasks: present for tasks, present in here.items() if present}

    def _by_last(self, found: Pass, at_cut: AtCut) -> Weights:
        """Weights by the gradients of the last shared module alone."""
        assert self._last is not None
        tasks, module = self._last
        named = {name: self._shared[tasks][name] for name in by_module(self._shared[tasks])[module]}
        rows = Rows(tasks, named)
        rows.begin(self._present)
        for task in at_cut:
            rows.add(task, through(found.trunk, at_cut[task], named, keep=True))
        return self._chosen(self._inner({tasks: rows}))

    def _inner(self, every: Mapping[Tasks, Rows]) -> Grams | None:
        """The inner products of all rows, over all processes and in one transfer; None where a row is not finite."""
        for rows in every.values():
            rows.join()
        found = {
            (tasks, module): gram
            for tasks, rows in every.items()
            if rows.present
            for module, gram in rows.grams(by_module(rows.parameters), self._scale).items()
        }
        if not found:
            return {}
        numbers = processes.total(torch.cat([gram.flatten() for gram in found.values()])).cpu().numpy()
        cuts = np.cumsum([gram.numel() for gram in found.values()])[:-1]
        parts = zip(found.items(), np.split(numbers, cuts), strict=True)
        self._grams = {key: part.reshape(gram.shape) for (key, gram), part in parts}
        finite = bool(np.isfinite(numbers).all()) or not processes.any_of(
            not all(rows.finite() for rows in every.values())
        )
        return self._grams if finite else None

    def _chosen(self, grams: Grams | None) -> Weights:
        """Weights by these inner products. Without any, each is 1: what is not finite is found after the step's
        backward pass, whatever the method."""
        asked = self._asked()
        if grams is None:
            return self._spread({tasks: dict.fromkeys(present, 1.0) for tasks, present in asked.items()})
        counted = {key: gram for key, gram in grams.items() if self._last is None or key == self._last}
        return self._spread(
            {
                tasks: self.chooser.choose(tasks, present, _total(counted, tasks, present, self.joint))
                for tasks, present in asked.items()
            }
        )

    def _spread(self, chosen: Mapping[Tasks, dict[str, float] | None]) -> Weights:
        """What was chosen, for each set of tasks that shares parameters."""
        if not self.joint:
            return dict(chosen)
        if not chosen:
            return {}
        (every,) = chosen.values()
        if every is None:
            return dict.fromkeys(self._shared)
        return {tasks: here for tasks in self._shared if (here := {t: every[t] for t in tasks if t in every})}


def _total(grams: Grams, tasks: Tasks, present: Tasks, joint: bool) -> Array:
    """The inner products over all parameters of a set, or of all sets."""
    total = np.zeros((len(present), len(present)))
    for (owners, _), gram in grams.items():
        if joint or owners == tasks:
            places = [present.index(task) for task in owners if task in present]
            total[np.ix_(places, places)] += gram
    return total
