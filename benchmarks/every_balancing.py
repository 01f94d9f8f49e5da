"""Every balancing method of the catalogue on real photos, more than half of which have tags alone.

    CCP_ROOT=… python benchmarks/every_balancing.py [--steps 20] [--size 192x128] [--methods upgrad …]

`specs/ccp.mtl` over photos 0001 to 2098 (`specs/ccp_all.yaml`), one `mtlc run` a method, all with the same first
weights and the same order of samples. Prints a table: the mean loss of each task over the last five steps, seconds a
step with loading, and the ratio to `equal`. A result is kept under the hash of all that it depends on. Times are worth
something where nothing runs beside.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from statistics import mean
from typing import Any

import kept_runs
from kept_runs import SPECS, code, digest

from mtlc.parts.balance import LossBalancer
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import Part, named

LAST = 5  # steps whose mean is shown
PERIOD = 5  # steps between two changes of weights that are made once an epoch otherwise


def methods() -> dict[str, str]:
    """Each method as a spec writes it, by name, with its level: `equal` first."""
    levels: dict[str, type[Part]] = {"loss": LossBalancer, "gradient": GradientBalancer}
    return {written(part): level for level, base in levels.items() for part in named(base).values()}


def written(part: type[Part]) -> str:
    """A method with its defaults; one that changes its weights every epoch does so within the few steps here."""
    by_epoch = any(each.name == "every" and each.default == "epoch" for each in fields(part))  # type: ignore[arg-type]
    return f"{part.word}(every = {PERIOD})" if by_epoch else part.word


def settings(method: str, steps: int, size: str | None) -> list[str]:
    given = [
        f"balance={method}",
        f'data.manifest="{(SPECS / "ccp_all.yaml").as_posix()}"',
        f"train.steps={steps}",
    ]
    return [*given, f"data.size={size}"] if size else given


def result(method: str, steps: int, size: str | None, known: str, out: Path) -> dict[str, Any]:
    """What one run gave, from the file that is kept or from running it: `losses` and `seconds`, or `failure`."""
    key = digest(method, str(steps), str(size), known, code())
    file, folder, log = out / f"{key}.json", out / key, out / f"{key}.log"
    if not file.exists():
        shutil.rmtree(
            folder, ignore_errors=True
        )  # of two halves of a run the times would not be those of one
        log.unlink(missing_ok=True)
        if exit_code := kept_runs.train(SPECS / "ccp.mtl", settings(method, steps, size), folder, log):
            return {"failure": f"exit code {exit_code}: see {log}"}
        file.write_text(json.dumps(measured(folder, log)))
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


def measured(folder: Path, log: Path) -> dict[str, Any]:
    """The losses of the last steps and the seconds of a step: of its window, which holds all of few steps."""
    steps = [each for each in kept_runs.lines(folder / "metrics.jsonl") if each["kind"] == "train"][-LAST:]
    tasks = steps[-1]["weights"]
    losses = {task: mean(each["losses"][task] for each in steps if task in each["losses"]) for task in tasks}
    events = {each["event"]: each for each in kept_runs.lines(log) if "event" in each}
    return {"losses": losses, "seconds": events["start"]["batch"] / events["step"]["images_per_second"]}


def table(found: dict[str, dict[str, Any]], levels: dict[str, str]) -> Iterator[str]:
    """A row for each method."""
    tasks = next(list(each["losses"]) for each in found.values() if "losses" in each)
    yield f"| method | level | {' | '.join(tasks)} | s a step | to `equal` |"
    yield "|" + "---|" * (len(tasks) + 4)
    equal = found.get("equal", {}).get("seconds")
    for method, each in found.items():
        if "failure" in each:
            yield f"| {method} | {levels[method]} | {each['failure']} |" + " |" * (len(tasks) + 1)
            continue
        losses = " | ".join(f"{each['losses'][task]:.4f}" for task in tasks)
        ratio = f"{each['seconds'] / equal:.2f}" if equal else "–"
        yield f"| {method} | {levels[method]} | {losses} | {each['seconds']:.2f} | {ratio} |"


def main() -> None:
    levels = methods()
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", help="height x width, such as 96x64; default: the spec's")
    parser.add_argument("--methods", nargs="+", choices=levels, default=list(levels), metavar="METHOD")
    parser.add_argument("--out", type=Path, default=Path("runs/every_balancing"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    specs = [(SPECS / name).read_text() for name in ("ccp.mtl", "ccp.yaml", "ccp_all.yaml")]
    known = digest(*specs, *kept_runs.photos())
    found = {each: result(each, given.steps, given.size, known, given.out) for each in given.methods}
    print("\n".join(table(found, levels)))


if __name__ == "__main__":
    main()
