"""The phases of a run: where each begins, and what it trains with which optimiser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mtlc.page.figures import whole
from mtlc.page.story import Story
from mtlc.plan import Plan
from mtlc.schema import call
from mtlc.training.phases import Leg, legs

Begin = tuple[float, str]


def begins(story: Story) -> list[Begin]:
    """Between which steps each phase that has begun takes over, and its name; empty in a run without phases."""
    named = [(int(line["step"]), str(line["phase"])) for line in story.steps if line.get("phase")]
    found = [(step - 0.5, name) for (_, before), (step, name) in pairwise(named) if name != before]
    return [(0.0, named[0][1]), *found] if named else []


def planned_phases(plan: Plan) -> Iterator[str]:
    """Each phase in words; none for a run without."""
    if plan.spec.phases:
        yield from (_told(leg, plan) for leg in legs(plan))


def _told(leg: Leg, plan: Plan) -> str:
    steps = f"steps {whole(leg.begin + 1)} to {whole(leg.end)}" if leg.steps > 1 else f"step {whole(leg.end)}"
    trains = "all tasks" if leg.tasks == tuple(plan.tasks) else ", ".join(leg.tasks)
    fixed = f"; fixed: {', '.join(leg.fixed)}" if leg.fixed else ""
    return f"{leg.name}, {steps}: {call(leg.optimizer, every=True)}; trains {trains}{fixed}"
