"""A task graph while it is written: its steps so far, and the names that they have taken."""

from __future__ import annotations

from mtlc.graph import IMAGE_FEATURE, Step
from mtlc.names import Names
from mtlc.parts.part import Part
from mtlc.source import Span


class Draft:
    """The steps so far. Steps and features share one namespace, so that a name means one thing."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.names = Names([IMAGE_FEATURE])

    def add(
        self,
        part: Part,
        name: str,
        reads: tuple[str, ...],
        writes: tuple[str, ...],
        span: Span,
        task: str | None = None,
        stage: int | None = None,
    ) -> tuple[str, ...]:
        """Append a step and give the features it writes; one wanted under the step's own name shares it."""
        step = self.names.fresh(name)
        features = tuple(step if wanted == name else self.names.fresh(wanted) for wanted in writes)
        self.steps.append(Step(step, part, reads, features, task, span, stage))
        return features
