"""What each piece of a published system adds: paired runs over seeds, with intervals.

    CCP_ROOT=… python benchmarks/ablate.py sgw|mtcp|jtr [--data rooms ccp] [--seeds 5] [--jobs 2] [--minutes 40]
                                           [--variants NAME …] [--labels random …] [--steps N]

Within a seed all variants have the same first weights for what they share, the same order of samples, the same
labels and the same budget of steps; the decoders of smaller variants are widened until the numbers of parameters
meet as nearly as they can. A run is known by the hash of its spec, its data and the code of mtlc: what is there is
read, what is missing is run until the minutes are over. Calling again goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

import kept_runs
from kept_runs import SPECS, code, digest
from scipy.stats import t as student
from systems import BASES, NARROWEST, SYSTEMS, System

import mtlc
from mtlc.analyse.cost import cost
from mtlc.api import planned
from mtlc.source import Source

Scores = dict[str, tuple[float, bool]]  # by task and metric: the value, and whether more of it is better
Pairs = dict[str, dict[int, Scores]]  # by variant, by seed


@dataclass(frozen=True)
class Run:
    """One training: a variant's spec, the labels it keeps and a seed; `key` is the hash of all that its result
    depends on."""

    variant: str
    labels: str
    seed: int
    text: str
    settings: tuple[str, ...]
    key: str


def parameters(text: str) -> int:
    """Those that predictions need."""
    return cost(planned(mtlc.load(Source("variant.mtl", text)))).total.parameters


def let(system: System, labels: str, seed: int, dim: int) -> str:
    return f"labels = {labels}(seed = {seed})" if labels else f"dim = {dim}"


def widths(system: System, data: str) -> dict[str, int]:
    """How wide decoders bring each variant's number of parameters nearest to the largest one's."""
    counts = {
        name: {
            dim: parameters(system.text(data, name, f"dim = {dim}"))
            for dim in range(NARROWEST, NARROWEST + 33, 4)
        }
        for name in system.variants
    }
    most = max(each[NARROWEST] for each in counts.values())

    def apart(found: tuple[int, int]) -> int:
        return abs(found[1] - most)

    return {name: min(each.items(), key=apart)[0] for name, each in counts.items()}


@cache
def data_key(base: str, data: str) -> str:
    """The base spec and, of a folder, its manifests and the names and sizes of its files."""
    texts = [base]
    if data == "ccp":
        manifests = ["ccp.yaml", "ccp_all.yaml"] if "ccp_all.yaml" in base else ["ccp.yaml"]
        texts += [(SPECS / name).read_text() for name in manifests] + kept_runs.photos()
    return digest(*texts)


def runs(
    system: System, data: str, dims: dict[str, int], seeds: int, settings: tuple[str, ...]
) -> Iterator[Run]:
    """Seed by seed, so that an early end leaves whole pairs."""
    known = data_key(system.base(data), data)
    for seed in range(seeds):
        for labels in system.labels or ("",):
            for variant in system.variants:
                text = system.text(data, variant, let(system, labels, seed, dims.get(variant, 0)))
                plain = text.replace(str(BASES.parent), "")
                key = digest(plain, str(seed), known, code(), *settings)
                yield Run(variant, labels, seed, text, settings, key)


def train(run: Run, out: Path, until: float) -> None:
    """Train one run, or go on with it, unless it is there or the time is over."""
    folder = out / run.key
    if (folder / "test.json").exists() or time.monotonic() > until:
        return
    spec, log = out / f"{run.key}.mtl", out / f"{run.key}.log"
    spec.write_text(run.text)
    if kept_runs.train(spec, [f"train.seed={run.seed}", *run.settings], folder, log, threads=1):
        raise SystemExit(f"{run.variant}, seed {run.seed} failed: see {log}")


def scores(run: Run, out: Path) -> Scores | None:
    """The first metric of each task and whether more of it is better; None for a run that is not there."""
    file = out / run.key / "test.json"
    if not file.exists():
        return None
    from mtlc.parts.part import named
    from mtlc.parts.tasks import Task

    found = json.loads(file.read_text())["metrics"]
    first = {metric.name: metric.higher for kind in named(Task).values() for metric in kind.metrics[:1]}
    return {
        f"{task} {name}": (value, first[name])
        for task, metrics in found.items()
        for name, value in list(metrics.items())[:1]
    }


def interval(values: list[float]) -> tuple[float, float]:
    """The mean and half the 95 % interval of Student's t."""
    half = student.ppf(0.975, len(values) - 1) * stdev(values) / sqrt(len(values))
    return mean(values), float(half)


def header(metrics: list[str], labels: bool) -> list[str]:
    names = [*(["labels"] * labels), "variant", "parameters", *metrics, "mean of tasks", "pairs"]
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]


def rows(found: Pairs, sizes: dict[str, int], labels: str) -> Iterator[str]:
    """A row for each variant: the paired difference to the first, and its interval, for each metric and their mean.

    A difference is in favour of the variant where it is above zero, in per cent of the first one's score.
    """
    first, *others = found
    base = found[first]
    metrics = list(next(iter(base.values())))
    lead = [labels] if labels else []
    shown = [f"{mean(each[m][0] for each in base.values()):.4f}" for m in metrics]
    yield row(*lead, first, f"{sizes[first]:,}", *shown, "", len(base))
    for name in others:
        seeds = sorted(base.keys() & found[name].keys())
        better = {m: [gain(base[s][m], found[name][s][m]) for s in seeds] for m in metrics}
        whole = [mean(better[m][i] for m in metrics) for i in range(len(seeds))]
        cells = [said(better[m]) for m in metrics]
        yield row(*lead, name, f"{sizes[name]:,}", *cells, said(whole), len(seeds))


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def gain(base: tuple[float, bool], other: tuple[float, bool]) -> float:
    return 100 * (other[0] - base[0]) / base[0] * (1 if base[1] else -1)


def said(values: list[float]) -> str:
    if len(values) < 2:
        return "too few pairs"
    middle, half = interval(values)
    resolved = "" if abs(middle) > half else ", not resolved"
    return f"{middle:+.1f} ± {half:.1f} %{resolved}"


def budget(run: Run) -> str:
    """What every variant gets."""
    spec = mtlc.load(Source("variant.mtl", run.text), dict(each.split("=") for each in run.settings))
    size = f"{spec.data.size.height}x{spec.data.size.width}"
    return f"{size}, {spec.train.steps} steps of {spec.train.batch} images"


def table(found: dict[str, Pairs], sizes: dict[str, int]) -> Iterator[str]:
    """The rows of all label protocols that have a run of their first variant."""
    begun = {labels: pairs for labels, pairs in found.items() if next(iter(pairs.values()))}
    for place, (labels, pairs) in enumerate(begun.items()):
        if not place:
            yield from header(list(next(iter(next(iter(pairs.values())).values()))), bool(labels))
        yield from rows(pairs, sizes, labels)


def ablate(
    name: str,
    system: System,
    data: str,
    seeds: int,
    settings: tuple[str, ...],
    jobs: int,
    out: Path,
    until: float,
) -> None:
    """Do what is missing of a system on a data set while there is time, and print what there is."""
    dims = {} if system.labels else widths(system, data)
    todo = list(runs(system, data, dims, seeds, settings))
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda run: train(run, out, until), todo))
    found: dict[str, Pairs] = defaultdict(lambda: {variant: {} for variant in system.variants})
    for run in todo:
        if (score := scores(run, out)) is not None:
            found[run.labels][run.variant][run.seed] = score
    done = sum(len(each) for pairs in found.values() for each in pairs.values())
    print(f"\n{name} on {data} ({budget(todo[0])}), {done} of {len(todo)} runs\n")
    sizes = {run.variant: parameters(run.text) for run in todo if run.seed == 0}
    print("\n".join(table(found, sizes)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--data", nargs="+", default=["rooms", "ccp"], choices=["rooms", "ccp"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--variants", nargs="+", help="the first is what the others are held to")
    parser.add_argument("--labels", nargs="+", choices=["one", "random"], help="of those that a system has")
    parser.add_argument("--steps", type=int, help="in place of what is written in `ablations/`")
    parser.add_argument("--out", type=Path, default=Path("runs/ablate"))
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    given.out.mkdir(parents=True, exist_ok=True)
    system = SYSTEMS[given.system].only(given.variants, given.labels)
    settings = (f"train.steps={given.steps}",) if given.steps else ()
    for data in given.data:
        ablate(given.system, system, data, given.seeds, settings, given.jobs, given.out, until)


if __name__ == "__main__":
    main()
