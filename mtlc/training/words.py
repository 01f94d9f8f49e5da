"""A run's news in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from mtlc.data.draws import Pool
from mtlc.parts.part import named
from mtlc.parts.tasks import Task
from mtlc.training.finite import SHOWN
from mtlc.training.phases import Leg
from mtlc.training.report import Start
from mtlc.training.scores import Result, Scores, Unfit

KINDS = cast("Mapping[str, type[Task]]", named(Task))


def number(value: float) -> str:
    """A few digits that matter: `12.34`, `0.5678`, `0.000123`."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:.4g}"


def beginning(start: Start) -> str:
    """What begins where."""
    whole = f"{start.steps} step{'s' * (start.steps != 1)}"
    begins = f"resuming after step {start.step} of {start.steps}" if start.step else whole
    size = f"{start.parameters / 1e6:.2f} M parameters"
    return f"{begins} of {start.batch} images ({start.images} in all) on {start.device}, {size}"


def epoch(pools: Sequence[Pool]) -> str:
    """What each of several data sets gives to an epoch: `photos 700 (of 800), scenes 700 (of 600)`."""
    said = [f"{pool.name} {pool.draws}" for pool in pools]
    if all(pool.draws == len(pool.images) for pool in pools):
        return f"an epoch is {sum(pool.draws for pool in pools)} images: {', '.join(said)} (each once)"
    said = [f"{each} (of {len(pool.images)})" for each, pool in zip(said, pools, strict=True)]
    return f"an epoch is {sum(pool.draws for pool in pools)} images: {', '.join(said)}"


def rare(task: str, labelled: int, images: int) -> str:
    """A task that has hardly anything to learn from."""
    return f"only {labelled} of {images} training images have a label of `{task}`: under 1 %"


def nothing_left(step: int) -> str:
    """What a resumed run says that has taken all its steps."""
    return f"all {step} steps are done: nothing is left but its test (`--steps` makes the run longer)"


def lost(file: str) -> str:
    """What a resumed run says whose numbers are not all there."""
    return f"`{file}` has lost lines: figures of steps before this one are missing"


def phase(leg: Leg) -> str:
    """Which steps, which tasks, and which steps of the graph stay as they are."""
    fixed = f"; fixed: {', '.join(leg.fixed)}" if leg.fixed else ""
    steps = f"step {leg.end}" if leg.steps == 1 else f"steps {leg.begin + 1} to {leg.end}"
    return f"phase `{leg.name}`, {steps}: trains {', '.join(leg.tasks)}{fixed}"


def overflow(step: int) -> str:
    """The first step that `fp16` left out."""
    return f"the fp16 gradient of step {step} overflowed: such steps change nothing and lower its scale"


def overflows(count: int) -> str:
    """How many there were."""
    return f"{count} step{'s' * (count > 1)} changed nothing, as the fp16 gradient overflowed"


def unfit(step: int, what: str) -> str:
    """The first step that was left out for a number that is not finite."""
    return f"step {step} changed nothing: {what}; such steps are skipped and counted"


def batch_norms(processes: int) -> str:
    """What several processes do not do as one would."""
    whose = "of its own images; those of the first one are kept"
    return f"each of the {processes} processes takes the statistics of batch norms {whose}"


def no_direction(method: str, reason: str, step: int, then: str) -> str:
    """The first time that a gradient-level method finds no weights."""
    instead = {"equal": "the gradients are weighed equally", "skip": "what tasks share stays as it is"}[then]
    return f"`{method}` found no weights in step {step} ({reason}): in such steps {instead}"


def no_directions(method: str, count: int) -> str:
    """How often it found none."""
    return f"`{method}` found no weights {count} time{'s' * (count > 1)}"


def opposed(conflicts: float) -> str:
    """`opposed 33%`: of the pairs of tasks, those whose gradients oppose each other."""
    return f"opposed {100 * conflicts:.0f}%"


def losses(values: Mapping[str, float], weights: Mapping[str, float]) -> str:
    """`semseg 1.2345 (x1)  depth 0.4321 (x0.5)`: losses and, in brackets, their weights."""
    return "  ".join(
        f"{task} {number(loss)} (x{weights.get(task, 1.0):.3g})" for task, loss in values.items()
    )


def metrics(found: Mapping[str, float]) -> str:
    """`rmse 0.4321 m  abs_rel 0.1234`."""
    units = _units(found)
    return "  ".join(f"{name} {number(value)}{units.get(name, '')}" for name, value in found.items())


def _units(found: Mapping[str, float]) -> dict[str, str]:
    """Units by metric. The `rmse` of depth is in metres and that of other numbers is not: all figures tell."""
    kinds = [kind.metrics for kind in KINDS.values() if found.keys() <= {m.name for m in kind.metrics}]
    return {m.name: f" {m.unit}" for m in (kinds[0] if kinds else ()) if m.unit}


def evaluation(step: int, scores: Scores, best: bool) -> str:
    """One line: every metric, the loss, and a mark when best."""
    found = "  ".join(f"{task} {metrics(values)}" for task, values in scores.metrics.items())
    return f"{scores.split} at step {step}:  {found}  loss {number(scores.loss)}{'  * best' if best else ''}"


def table(scores: Scores) -> Iterator[str]:
    """One aligned line a task: its metrics, its loss and how many images had its label."""
    width = max(map(len, scores.metrics), default=0)
    for task, found in scores.metrics.items():
        labelled = f"{scores.counted[task]['images']} of {scores.images} images"
        yield f"{task.ljust(width)}  {metrics(found)}  loss {number(scores.losses[task])}  ({labelled})"
    if scores.skipped:
        yield f"left out, since they cannot be read: {', '.join(f'`{id}`' for id in scores.skipped)}"


def results(result: Result) -> Iterator[str]:
    """What was left out, the scores that a run ends with, and the weights that reached them."""
    yield from left_out(result)
    yield from spared(result.unfit)
    if result.test:
        weights = f"best weights, of step {result.best.step}" if result.best else "last weights"
        yield f"test ({weights}):"
        yield from (f"  {line}" for line in table(result.test))


def left_out(result: Result) -> Iterator[str]:
    """The samples that could not be read and were skipped, each with its reason."""
    if result.skipped:
        count = len(result.skipped)
        times = f" ({result.left_out} times in training)" if result.left_out else ""
        yield f"left out {count} damaged sample{'s' * (count > 1)}{times}:"
        yield from (f"  {name}: {reason}" for name, reason in result.skipped.items())


def spared(cases: Mapping[str, Unfit]) -> Iterator[str]:
    """The steps left out since a number was not finite: by what it was, with the samples that were in it most often."""
    count = sum(each.steps for each in cases.values())
    if count:
        yield f"{count} step{'s' * (count > 1)} changed nothing, as a number was not finite:"
        yield from (f"  {case}: {case_of(each)}" for case, each in cases.items())


def case_of(each: Unfit) -> str:
    """`3 times, first in step 12; samples a (3 times), b`."""
    often = sorted(each.samples.items(), key=lambda item: -item[1])
    said = [f"`{id}`" + (f" ({times} times)" if times > 1 else "") for id, times in often[:SHOWN]]
    more = f" and {len(often) - SHOWN} more" if len(often) > SHOWN else ""
    when = f"{each.steps} times, first in step {each.first}" if each.steps > 1 else f"in step {each.first}"
    return f"{when}; sample{'s' * (len(often) > 1)} {', '.join(said)}{more}"


def ending(result: Result) -> str:
    """How far the run came and where everything lies."""
    if result.interrupted:
        return f"interrupted after step {result.step} of {result.steps}: a checkpoint is in {result.folder}"
    return f"done: {result.step} steps, everything is in {result.folder}"
