"""What ran: data, tasks, model, device, steps and time; and the processes, where there were several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtlc.page.figures import moment, whole
from mtlc.page.html import Child, Html, element
from mtlc.page.phases import planned_phases
from mtlc.page.section import missing, section
from mtlc.page.status import Session, done, planned, sessions
from mtlc.page.story import Story
from mtlc.page.table import facts, table
from mtlc.page.tasks import chip, colours
from mtlc.parts.data import Data
from mtlc.plan import Plan
from mtlc.schema import call, literal
from mtlc.spec import Task


def ran(story: Story, plan: Plan | None) -> Html:
    """The section."""
    known = sessions(story)
    rows: list[tuple[str, Child]] = [*_learned(story, plan), *_computed(story, known)]
    several = _sessions(known) if len(known) > 1 else ""
    lost = "" if known else missing("Device, time and number of training images were not recorded.")
    return section("ran", "What ran", facts(rows), lost, several)


def _learned(story: Story, plan: Plan | None) -> Iterator[tuple[str, Child]]:
    of = colours(story.tasks)
    if plan is None:
        yield "tasks", [chip(task, of) for task in of]
        return
    yield "data", f"{plan.data.called()}; images of {literal(plan.data.size)}"
    rows = ((n, _task(task, plan.data.learnt(n, task.label))) for n, task in plan.tasks.items())
    yield "tasks", element("ul", (element("li", chip(n, of), said) for n, said in rows))
    for name, lines in (("links", plan.spec.links), ("agree", plan.spec.agree)):
        if lines:
            yield name, element("ul", (element("li", line.written()) for line in lines))
    yield "balance", " and ".join(call(each, every=True) for each in plan.spec.balancing)
    schedule = call(plan.train.schedule, every=True)
    if phases := [*planned_phases(plan)]:
        yield "phases", element("ul", (element("li", each) for each in phases))
        yield "schedule", f"{schedule}, over each phase's own steps"
    else:
        yield "optimiser", call(plan.train.optimizer, every=True)
        yield "schedule", schedule
    yield "augmentation", ", ".join(_augmented(plan.data)) or "none"
    yield "arithmetic", plan.train.precision


def _augmented(data: Data) -> Iterator[str]:
    """What changes training samples, in order; of several data sets with their names."""
    for name, each in data.sets().items():
        calls = [call(augment, every=True) for augment in each.augment]
        yield from [f"{name}: {', '.join(calls) or 'none'}"] if name else calls


def _task(task: Task, label: str) -> str:
    items = f", {len(task.classes)} {task.part.items}" if task.classes else ""
    kind = "" if task.part.word == task.name else f" {task.part.word}"
    loss = f", loss {call(task.part.loss, every=True)} × {task.part.weight:g}"
    return f":{kind} label {label}{items}{loss}"


def _computed(story: Story, known: list[Session]) -> Iterator[tuple[str, Child]]:
    steps = planned(story)
    yield "steps", whole(done(story)) + (f" of {whole(steps)}" if steps else "")
    if not known:
        return
    first, last = known[0].start, known[-1].start
    yield "training images", f"{whole(last['images'])}, {last['batch']} a step"
    yield "parameters", whole(last["parameters"])
    yield "device", last["device"]
    yield "began", moment(first["time"])
    yield "took", " + ".join(each.took for each in known) if len(known) < 5 else f"{len(known)} sessions"
    yield "kept weights", _kept(story)
    yield "versions", ", ".join(f"{name} {version}" for name, version in _versions(last).items())


def _versions(start: Mapping[str, Any]) -> Mapping[str, str]:
    versions: Mapping[str, str] = start.get("versions", {})
    return versions


def _kept(story: Story) -> str:
    best = [each for each in story.validations if each.best]
    if not best:
        return "the last ones: nothing was validated"
    return f"of step {whole(best[-1].step)}, the best on the validation split so far"


def _sessions(known: list[Session]) -> Html:
    rows = [
        (
            str(n),
            moment(each.start["time"]),
            str(each.start["step"]),
            each.took,
            each.start["device"],
            each.outcome,
        )
        for n, each in enumerate(known, 1)
    ]
    head = ("session", "began", "at step", "took", "device", "how it ended")
    return table(head, rows, caption="The processes that worked on this run", numbers={2, 3})
