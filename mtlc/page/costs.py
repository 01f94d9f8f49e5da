"""What the model costs: parameters and multiply-adds of what tasks share, of what each has of its own, of each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtlc.analyse.cost import Cost, StepCost, Total, cost
from mtlc.analyse.table import count
from mtlc.page.figures import whole
from mtlc.page.html import Child, Html, element, join
from mtlc.page.section import missing, said, section, unfolded
from mtlc.page.table import table
from mtlc.page.tasks import Colours, chip, colours
from mtlc.plan import Plan

HEAD = ("part", "parameters", "multiply-adds", "of all")


def costs(plan: Plan | None) -> Html:
    """The section."""
    if plan is None:
        return section("cost", "Cost", missing("It needs the spec to be resolved; see the notes."))
    found, of = cost(plan), colours([*plan.tasks])
    height, width = found.size
    return section(
        "cost",
        "Cost",
        said(f"For one image of {height} × {width}, as counted on the model itself."),
        element("div", _parts(found, of), _alone(found, of), class_="beside"),
        unfolded("Every step", _steps(found, of)),
    )


def _parts(found: Cost, of: Colours) -> Html:
    rows = [*_shared(found, of), *_own(found, of), _row(found, "all tasks together", found.total)]
    if found.training.parameters:
        rows.append(_row(found, "in training only, on top", found.training))
    return table(HEAD, rows, caption="What is shared and what is a task's own", numbers={1, 2, 3})


def _shared(found: Cost, of: Colours) -> Iterator[Sequence[Child]]:
    groups = [tasks for tasks in found.sharing.groups if len(tasks) > 1]
    for tasks in sorted(groups, key=len, reverse=True):
        everyone = len(tasks) == len(of)
        name = "shared by all" if everyone else join(["shared by ", _chips(tasks, of)])
        yield _row(found, name, found.of(tasks))


def _own(found: Cost, of: Colours) -> Iterator[Sequence[Child]]:
    for task in of:
        yield _row(found, join([chip(task, of), " alone"]), found.of((task,)))


def _row(found: Cost, name: Child, total: Total) -> Sequence[Child]:
    share = 100 * total.multiply_adds / max(1, found.total.multiply_adds)
    return name, whole(total.parameters), count(total.multiply_adds), f"{share:.1f} %"


def _alone(found: Cost, of: Colours) -> Html:
    rows = [_row(found, chip(task, of), found.needed(task)) for task in of]
    return table(HEAD, rows, caption="What a prediction of one task needs", numbers={1, 2, 3})


def _steps(found: Cost, of: Colours) -> Html:
    rows = [_step(each, found, of) for each in found.steps]
    head = ("step", "what it is", "used by", "parameters", "multiply-adds", "of all")
    return table(head, rows, caption="Every step", numbers={3, 4, 5})


def _step(each: StepCost, found: Cost, of: Colours) -> Sequence[Child]:
    users = "all" if 1 < len(each.users) == len(of) else _chips(each.users, of)
    _, parameters, adds, share = _row(found, "", Total(each.parameters, each.multiply_adds))
    return (
        each.step.name,
        each.step.part.word,
        users,
        parameters,
        adds,
        "training" if each.step.training else share,
    )


def _chips(tasks: Sequence[str], of: Colours) -> Html:
    return join(part for task in tasks for part in (chip(task, of), " "))
