"""The level `gradients`: which tasks the parameters of each step serve, and which of them a method weighs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase

from mtlc.graph import Step
from mtlc.render.lanes import is_shared

Tasks = tuple[str, ...]


@dataclass(frozen=True)
class Serving:
    """Who is served by what, in words.

    `steps` has for each step how many numbers it learns for each set of tasks. `sets` are those of two or more tasks,
    with what is to be said of each. `weighed` says whether a method weighs gradients there, `backward` how a step's
    gradient is found.
    """

    steps: Mapping[str, Mapping[Tasks, str]]
    sets: Mapping[Tasks, str]
    weighed: bool
    backward: tuple[str, ...]

    @cached_property
    def letters(self) -> dict[Tasks, str]:
        """A short name for each set of tasks: A, B, …"""
        return {
            tasks: ascii_uppercase[place % 26] + (str(place // 26 + 1) if place >= 26 else "")
            for place, tasks in enumerate(self.sets)
        }

    def joint(self, step: str) -> Tasks:
        """The tasks that share parameters of a step with others; none where each parameter serves one alone."""
        found = [tasks for tasks in self.steps.get(step, {}) if len(tasks) > 1]
        return tuple(dict.fromkeys(task for tasks in found for task in tasks))

    def text(self, step: Step, said: tuple[str, ...]) -> tuple[str, ...]:
        """What stands in the box of a step, of which other levels would say `said`."""
        shared = is_shared(step)
        return (*said[: 2 if shared else 1], *([""] if shared else []), *self._numbers(step))

    def _numbers(self, step: Step) -> Iterator[str]:
        """`A  426k`, for parameters of one task their number alone, and whose they are where no lane says it."""
        learnt = self.steps.get(step.name, {})
        yield from (f"{self.letters[tasks]}  {count}" for tasks, count in learnt.items() if len(tasks) > 1)
        own = {tasks[0]: count for tasks, count in learnt.items() if len(tasks) == 1}
        if step.task in own:
            yield own.pop(step.task)
        yield from (f"{task}  {count}" for task, count in own.items())
        if () in learnt:
            yield f"no task  {learnt[()]}"

    @property
    def said(self) -> tuple[str, ...]:
        """What stands below the picture."""
        return (*(f"{self.letters[tasks]}  {text}" for tasks, text in self.sets.items()), *self.backward)
