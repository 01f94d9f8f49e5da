"""What is doubtful in what the tasks of a spec find to learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtlc.data.inspect.findings import Finding, listed
from mtlc.data.inspect.tally import Tallies, Tally


def doubts(tallies: Mapping[str, Tallies]) -> Iterator[Finding]:
    """Labels that say nothing, classes that never occur, and metres that are none; `tallies` by split."""
    for split, tasks in tallies.items():
        for task, tally in tasks.items():
            if tally.empty:
                message = f"task `{task}`: nothing is known in the label of {listed(tally.empty)}"
                hint = "look at these files, and at `ignore` in the manifest"
                yield Finding(
                    "warning", "empty-label", tally.target.label, message, hint, split, tuple(tally.empty)
                )
            if split == "train":
                yield from _never(task, tally)
            yield from _far(split, task, tally)


def _never(task: str, tally: Tally) -> Iterator[Finding]:
    never = [name for name, images in zip(tally.names, tally.holders, strict=True) if not images]
    if never and tally.labelled and tally.target.kind != "regress":
        message = f"task `{task}`: no training image shows {listed(never)}"
        hint = "check `classes` in the manifest"
        yield Finding("warning", "never", tally.target.label, message, hint, "train")


def _far(split: str, task: str, tally: Tally) -> Iterator[Finding]:
    """Metres that are none."""
    metres = tally.quantiles().get("metres") if tally.target.kind == "depth" else None
    if metres and not 0.02 <= metres["median"] <= 300:
        message = f"task `{task}`: half of the depths are beyond {metres['median']:.4g} m"
        hint = "check `scale` in the manifest: 0.001 for millimetres, 1 for metres"
        yield Finding("warning", "range", tally.target.label, message, hint, split)
