"""The gradients of a plan in words: which tasks each parameter serves, and how a step's backward pass is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mtlc.analyse.partition import Partition
from mtlc.analyse.sharing import Tasks
from mtlc.analyse.table import count
from mtlc.parts.gradients import GradientBalancer
from mtlc.schema import call

BYTES = 4  # of a number in 32 bits


def table(found: Partition) -> str:
    """Each set of tasks with the modules that it shares: those of most tasks first."""
    lines: list[str] = []
    for tasks, names in sorted(found.sets.items(), key=lambda each: -len(each[0])):
        lines += [f"{_who(tasks, found.tasks)}: {_size(found, names)}", *_modules(found, names), ""]
    return "\n".join(lines).rstrip()


def shared_sets(found: Partition) -> dict[Tasks, str]:
    """What each set of two or more tasks shares: those of most tasks first."""
    ordered = sorted(found.shared.items(), key=lambda each: -len(each[0]))
    return {tasks: f"{_who(tasks, found.tasks)}: {_size(found, names)}" for tasks, names in ordered}


def by_step(found: Partition, attributes: Mapping[str, str]) -> dict[str, dict[Tasks, str]]:
    """How many numbers each step learns for each set of tasks, those of most tasks first. `attributes` says where in
    the module tree each step's module is."""
    steps = {attribute: step for step, attribute in attributes.items()}
    sizes: dict[str, dict[Tasks, int]] = {}
    for name, tasks in sorted(found.serves.items(), key=lambda each: -len(each[1])):
        here = sizes.setdefault(steps[name.partition(".")[0]], {})
        here[tasks] = here.get(tasks, 0) + found.sizes[name]
    return {step: {tasks: count(size) for tasks, size in each.items()} for step, each in sizes.items()}


def backward(part: GradientBalancer | None, found: Partition) -> str:
    """How the gradient of a step is found, and what of it is kept at a time."""
    if part is None:
        return "one backward pass, of the weighted sum of the losses"
    if not found.shared:
        return "one backward pass: no parameter serves two tasks, so that there is nothing to weigh"
    return "\n".join(_steps(part, found))


def _steps(part: GradientBalancer, found: Partition) -> Iterator[str]:
    sets, private = list(found.shared), _private(found)
    joined = part.scope == "joint" or part.on == "last_shared"
    several = f"weights for each of {len(sets)} sets of tasks" if len(sets) > 1 else "weights"
    every = "" if part.every == 1 else f", anew every {part.every} steps"
    yield f"{call(part)}: {'one weight for each task' if joined else several}{every}"
    yield "each task's own steps: one backward pass"
    if part.on == "last_shared":
        names = last_shared(found)
        if not names:
            yield "weights: none can be chosen, as no parameter serves all tasks: write `on = shared`"
            return
        where = f"`{names[0].partition('.')[0]}` ({count(found.size(names))} numbers)"
        yield f"weights: a backward pass of each of {len(found.tasks)} tasks, down to {where} only"
        yield f"what is shared: {_passes(1)}, of the weighted sum"
        return
    rows = sum(len(tasks) * found.size(names) for tasks, names in found.shared.items())
    kept = f"{count(rows)} numbers ({rows * BYTES / 2**20:.3g} MB) are kept until weights are known"
    yield f"what is shared: {_passes(len(found.tasks))}, one for each task; {kept}"
    if part.every > 1:
        passes = len(private) + (1 if joined else len(sets))
        yield f"between: {_passes(min(passes, len(found.tasks)))}, of the weighted sum"
    if private:
        yield "what of it serves one task alone gets that task's gradient as it is"


def _private(found: Partition) -> set[str]:
    """The tasks that have parameters of their own in modules that run for several."""
    users: dict[str, set[str]] = {}
    for name, tasks in found.serves.items():
        users.setdefault(name.partition(".")[0], set()).update(tasks)
    several = {module for module, tasks in users.items() if len(tasks) > 1}
    alone = (
        tasks[0]
        for name, tasks in found.serves.items()
        if len(tasks) == 1 and name.partition(".")[0] in several
    )
    return set(alone)


def last_shared(found: Partition) -> list[str]:
    """The parameters that all tasks share of the last module that has any."""
    names = found.sets.get(found.tasks, ())
    return [name for name in names if name.partition(".")[0] == names[-1].partition(".")[0]]


def _size(found: Partition, names: Sequence[str]) -> str:
    return f"{len(names)} parameters, {count(found.size(names))} numbers"


def _passes(number: int) -> str:
    return f"{number} backward pass{'es' * (number != 1)}"


def _modules(found: Partition, names: Sequence[str]) -> Iterator[str]:
    """The modules of some parameters; of one that is not whole, which of its parameters."""
    for module in dict.fromkeys(name.partition(".")[0] for name in names):
        here = [name for name in names if name.partition(".")[0] == module]
        whole = [name for name in found.serves if name.partition(".")[0] == module]
        part = "" if here == whole else f"  of it {_listed(name.partition('.')[2] for name in here)}"
        yield f"  {module}  {count(found.size(here))}{part}"


def _listed(names: Iterable[str], most: int = 4) -> str:
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _who(tasks: Tasks, everyone: Tasks) -> str:
    if not tasks:
        return "no task"
    return "all tasks" if tasks == everyone and len(tasks) > 1 else ", ".join(tasks)
