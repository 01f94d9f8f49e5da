"""The costs of a plan as plain text: a row for each step, then who shares what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mtlc.analyse.cost import Cost, StepCost, Total

HEADER = ("step", "what it is", "used by", "parameters", "multiply-adds", "share")
RIGHT = 3  # columns from here on hold numbers


def table(cost: Cost, alone: Mapping[str, Total]) -> str:
    """Every step, then what each set of tasks shares, what each task has of its own and would cost alone,
    and the total."""
    everyone = tuple(cost.sharing.layers)
    rows = [_row(each, cost.total, everyone) for each in cost.steps]
    return "\n".join(
        [
            *_aligned([HEADER, *rows]),
            "",
            *_shared(cost, everyone),
            *_tasks(cost, alone),
            *_totals(cost, alone),
        ]
    )


def count(number: int) -> str:
    """A number of things with at most four characters and a suffix: 950, 43.1k, 1.2M, 3.4G, 1.1T."""
    for scale, suffix in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= 0.9995 * scale:
            return (
                f"{number / scale:.3g}{suffix}" if number < 999.5 * scale else f"{number / scale:.0f}{suffix}"
            )
    return str(number)


def _row(each: StepCost, total: Total, everyone: Sequence[str]) -> tuple[str, ...]:
    training = each.step.training
    share = "training" if training else f"{100 * each.multiply_adds / max(1, total.multiply_adds):.1f}%"
    numbers = (count(each.parameters), count(each.multiply_adds), share)
    return (each.step.name, each.step.part.word, _who(each.users, everyone), *numbers)


def _who(users: Sequence[str], everyone: Sequence[str]) -> str:
    return "all" if len(users) > 1 and tuple(users) == tuple(everyone) else ", ".join(users)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if index >= RIGHT else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _shared(cost: Cost, everyone: Sequence[str]) -> Iterator[str]:
    groups = [tasks for tasks in cost.sharing.groups if len(tasks) > 1]
    for tasks in sorted(groups, key=len, reverse=True):
        yield f"shared by {_who(tasks, everyone)}: {_said(cost.of(tasks))}"


def _tasks(cost: Cost, alone: Mapping[str, Total]) -> Iterator[str]:
    for task, layers in cost.sharing.layers.items():
        own, needed = cost.of((task,)), cost.needed(task)
        shared = Total(needed.parameters - own.parameters, needed.multiply_adds - own.multiply_adds)
        with_others = f"; shared {_said(shared)}" if shared.parameters else ""
        yield f"{task}: own {_said(own)}{with_others}; alone {_said(alone[task])}; uses {_listed(layers)}"


def _listed(layers: Sequence[str], most: int = 4) -> str:
    """The names of the layers; of many only the first and the last."""
    shown = layers if len(layers) <= most else (*layers[:2], f"… {len(layers) - 3} more …", layers[-1])
    return ", ".join(shown)


def _totals(cost: Cost, alone: Mapping[str, Total]) -> Iterator[str]:
    height, width = cost.size
    yield f"total for one {height}x{width} image: {_said(cost.total)}"
    if len(alone) > 1:
        apart = Total(*(sum(numbers) for numbers in zip(*map(_pair, alone.values()), strict=True)))
        yield f"one model for each task: {_said(apart)}"
    if cost.training.parameters:
        yield f"in training only: {_said(cost.training)}"


def _pair(total: Total) -> tuple[int, int]:
    return total.parameters, total.multiply_adds


def _said(total: Total) -> str:
    return f"{count(total.parameters)} parameters, {count(total.multiply_adds)} multiply-adds"
