"""How an agreement loss's step grows with the number of tasks: python benchmarks/jtr_time.py [--rounds 8]

Two to eight dense tasks on `rooms` (from the sixth on they read a label a second time), each image with half of its
labels; `joint` and `cross_task` at width 16, and no agreement loss. In each round every model takes one step. Of the
medians a line is fitted, and a parabola in each round: its quadratic term is given, as a share of the step with eight
tasks, with its 95 % interval ("not resolved": it holds 0). Of K tasks, half of them labelled, `cross_task` has K²/4
pairs an image.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import islice
from math import sqrt
from statistics import mean, median, stdev
from time import perf_counter

import numpy as np
import torch
from scipy.stats import t as student

from mtlc.api import build, load
from mtlc.source import Source
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import balancing
from mtlc.training.device import placed
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

TASKS = (
    "semseg",
    "depth",
    "normals",
    "edges",
    "saliency",
    "depth_2 : depth { label = depth }",
    "edges_2 : edges { label = edges }",
    "saliency_2 : saliency { label = saliency }",
)
LOSSES = {
    "none": "",
    "joint": "agree { all via joint(width = 16) }",
    "cross_task": "agree { all via cross_task(width = 16) }",
}
BATCH, BATCHES = 8, 4
COUNTS = range(2, len(TASKS) + 1)
SPEC = """
data rooms {{ size = 64x64, images = {images}, val = 0, test = 0, labels = half }}
shared encoder : tiny
shared neck : fpn {{ dim = 32 }}
task all {{ decoder = conv_up(dim = 32) }}
{tasks}
{agree}
train {{ batch = {batch}, optimizer = adamw(lr = 1e-4) }}
"""


def stepper(tasks: int, agree: str) -> Callable[[int], float]:
    """A model that takes the step of a number and says its seconds; all have the same images."""
    declared = "\n".join(f"task {each}" for each in TASKS[:tasks])
    text = SPEC.format(tasks=declared, agree=agree, batch=BATCH, images=BATCH * BATCHES)
    model = build(load(Source("step.mtl", text)))
    plan, device = model.plan, torch.device("cpu")
    batches = list(islice(loader(plan).batches(0), BATCHES))
    agreements = Agreements(plan) if agree else None
    if agreements:
        agreements.fit(batches)
    placed(model.train, device)
    scaler = Scaler(device, "fp32")
    learner = Learner(model, plan, legs(plan)[0], balancing(plan, device), scaler, device, agreements)

    def step(number: int) -> float:
        start = perf_counter()
        learner(batches[number % len(batches)], number)
        return perf_counter() - start

    return step


def measure(rounds: int) -> dict[str, np.ndarray]:
    """By loss the seconds of a step, rounds × numbers of tasks; the first round is not counted."""
    models = [(name, count, stepper(count, agree)) for name, agree in LOSSES.items() for count in COUNTS]
    found = {name: np.zeros((rounds + 1, len(COUNTS))) for name in LOSSES}
    for number in range(rounds + 1):
        for name, count, step in models if number % 2 else reversed(models):
            found[name][number, count - COUNTS[0]] = step(number)
    return {name: times[1:] for name, times in found.items()}


def bend(times: np.ndarray) -> str:
    """How far the medians are from a line, and what of the step with most tasks is quadratic."""
    counts = np.array(COUNTS)
    middle = np.median(times, axis=0)
    line = np.polyval(np.polyfit(counts, middle, 1), counts)
    off = np.abs(line - middle).max() / middle.mean()
    shares = [np.polyfit(counts, row, 2)[0] * counts[-1] ** 2 / median(times[:, -1]) for row in times]
    half = student.ppf(0.975, len(shares) - 1) * stdev(shares) / sqrt(len(shares))
    resolved = "" if abs(mean(shares)) > half else ", not resolved"
    return f"{off:.1%} | {mean(shares):+.1%} ± {half:.1%}{resolved}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    given = parser.parse_args()
    found = measure(given.rounds)
    columns = [*map(str, COUNTS), "farthest from a line", f"quadratic share at {COUNTS[-1]}"]
    print(f"| ms a step with tasks | {' | '.join(columns)} |")
    print("|" + "---|" * (len(columns) + 1))
    for name, times in found.items():
        shown = " | ".join(f"{1000 * each:.0f}" for each in np.median(times, axis=0))
        print(f"| {name} | {shown} | {bend(times)} |")


if __name__ == "__main__":
    main()
