"""What each piece of a published system adds: paired runs over seeds, with intervals.

    CCP_ROOT=… python benchmarks/ablate.py sgw|mtcp [--data rooms ccp] [--seeds 5] [--jobs 2] [--minutes 40]

Within a seed all variants have the same first weights for what they share, the same order of samples and the
same budget; the decoders of smaller variants are widened until the numbers of parameters meet as nearly as they
can. A run is known by the hash of its spec, its data and the code of mtlc: what is there is read, what is
missing is run until the minutes are over. Calling again goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

from scipy.stats import t as student

import mtlc
from mtlc.analyse.cost import cost
from mtlc.api import planned
from mtlc.source import Source

HERE = Path(__file__).parent
BASE = 48  # the decoders' width of the largest variant
KEM = "all via kem(slots = 16, select = 32, heads = 4"
MTCP = "all -> all via coherence\n  all via trace_back"
SYSTEMS: dict[
    str, dict[str, tuple[str, str]]
] = {  # links and balancing; the first is what others are held to
    "sgw": {
        "no link": ("", "equal"),
        "cross-stitch": ("all via cross_stitch", "equal"),
        "dense attention": ("all -> all via attention", "equal"),
        "kem without etf": (f"{KEM}, etf = none)", "equal"),
        "kem": (f"{KEM}, etf = 48)", "equal"),
    },
    "mtcp": {
        "mt-cp": (MTCP, "lps { spread = 1.6 }"),
        "without coherence": ("all via trace_back", "lps { spread = 1.6 }"),
        "without trace-back": ("all -> all via coherence", "lps { spread = 1.6 }"),
        "equal for lps": (MTCP, "equal"),
        "uncertainty for lps": (MTCP, "uncertainty"),
        "dwa for lps": (MTCP, "dwa"),
    },
}


@dataclass(frozen=True)
class Run:
    """One training: a variant's spec and a seed; `key` is the hash of all that its result depends on."""

    variant: str
    seed: int
    text: str
    key: str


def spec_text(data: str, links: str, balance: str, dim: int) -> str:
    body = f"links {{\n  {links}\n}}\n" if links else ""
    return f'use "{HERE / "ablations" / data}.mtl"\nlet dim = {dim}\n{body}balance {balance}\n'


def parameters(text: str) -> int:
    """Those that predictions need."""
    return cost(planned(mtlc.load(Source("variant.mtl", text)))).total.parameters


def widened(data: str, variants: dict[str, tuple[str, str]]) -> dict[str, tuple[str, int]]:
    """Each variant's text and parameters, with decoders as wide as brings it nearest to the largest one."""
    most = max(parameters(spec_text(data, *each, BASE)) for each in variants.values())
    found = {}
    for name, each in variants.items():
        texts = [spec_text(data, *each, dim) for dim in range(BASE, BASE + 33, 4)]
        counts = [(abs(parameters(text) - most), text) for text in texts]
        text = min(counts)[1]
        found[name] = (text, parameters(text))
    return found


@cache
def code() -> str:
    """A hash of what of mtlc can change a result."""
    package, outside = Path(mtlc.__file__).parent, ("cli", "render", "page", "codes", "analyse")
    files = sorted(
        path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in outside
    )
    return digest(*(path.read_text() for path in files))


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def data_key(data: str) -> str:
    """The base spec and, of a folder, its manifest and the names and sizes of its files."""
    texts = [(HERE / "ablations" / f"{data}.mtl").read_text()]
    if data == "ccp":
        root = Path(os.environ["CCP_ROOT"])
        texts.append((HERE.parent / "specs" / "ccp.yaml").read_text())
        texts += [f"{path.relative_to(root)} {path.stat().st_size}" for path in sorted(root.rglob("*.*"))]
    return digest(*texts)


def runs(data: str, texts: dict[str, tuple[str, int]], seeds: int) -> Iterator[Run]:
    """Seed by seed, so that an early end leaves whole pairs."""
    for seed in range(seeds):
        for variant, (text, _) in texts.items():
            plain = text.replace(str(HERE), "")
            yield Run(variant, seed, text, digest(plain, str(seed), data_key(data), code()))


def train(run: Run, out: Path, until: float) -> None:
    """Train one run, or go on with it, unless it is there or the time is over."""
    folder = out / run.key
    if (folder / "test.json").exists() or time.monotonic() > until:
        return
    spec = out / f"{run.key}.mtl"
    spec.write_text(run.text)
    where = ["--resume"] if (folder / "spec.mtl").exists() else ["--out"]
    command = [sys.executable, "-m", "mtlc", "run", str(spec), "--set", f"train.seed={run.seed}", "-q"]
    with open(out / f"{run.key}.log", "w") as log:
        threads = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, *where, str(folder)], check=True, stdout=log, stderr=log, env=threads)


def scores(run: Run, out: Path) -> dict[str, tuple[float, bool]] | None:
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


def table(found: dict[str, dict[int, dict[str, tuple[float, bool]]]], sizes: dict[str, int]) -> Iterator[str]:
    """A row for each variant: the paired difference to the first, and its interval, for each metric and their mean.

    A difference is in favour of the variant where it is above zero, in per cent of the first one's score.
    """
    names = list(found)
    base = found[names[0]]
    metrics = list(next(iter(base.values())))
    yield "| variant | parameters | " + " | ".join([*metrics, "mean of tasks"]) + " | pairs |"
    yield "|" + "---|" * (len(metrics) + 4)
    shown = [f"{mean(each[m][0] for each in base.values()):.4f}" for m in metrics]
    yield f"| {names[0]} | {sizes[names[0]]:,} | {' | '.join(shown)} | | {len(base)} |"
    for name in names[1:]:
        seeds = sorted(base.keys() & found[name].keys())
        better = {m: [gain(base[s][m], found[name][s][m]) for s in seeds] for m in metrics}
        whole = [mean(better[m][i] for m in metrics) for i in range(len(seeds))]
        cells = [said(better[m]) for m in metrics]
        yield f"| {name} | {sizes[name]:,} | {' | '.join(cells)} | {said(whole)} | {len(seeds)} |"


def gain(base: tuple[float, bool], other: tuple[float, bool]) -> float:
    return 100 * (other[0] - base[0]) / base[0] * (1 if base[1] else -1)


def said(values: list[float]) -> str:
    if len(values) < 2:
        return "too few pairs"
    middle, half = interval(values)
    resolved = "" if abs(middle) > half else ", not resolved"
    return f"{middle:+.1f} ± {half:.1f} %{resolved}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--data", nargs="+", default=["rooms", "ccp"], choices=["rooms", "ccp"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--out", type=Path, default=Path("runs/ablate"))
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    given.out.mkdir(parents=True, exist_ok=True)
    for data in given.data:
        texts = widened(data, SYSTEMS[given.system])
        todo = list(runs(data, texts, given.seeds))
        with ThreadPoolExecutor(given.jobs) as pool:
            list(pool.map(lambda run: train(run, given.out, until), todo))
        found: dict[str, dict[int, dict[str, tuple[float, bool]]]] = {name: {} for name in texts}
        for run in todo:
            if (score := scores(run, given.out)) is not None:
                found[run.variant][run.seed] = score
        print(f"\n{given.system} on {data}, {sum(map(len, found.values()))} of {len(todo)} runs\n")
        if next(iter(found.values())):
            print("\n".join(table(found, {name: size for name, (_, size) in texts.items()})), flush=True)


if __name__ == "__main__":
    main()
