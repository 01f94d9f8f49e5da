"""How much of a training step is spent waiting for data: [CCP_ROOT=…] python benchmarks/data_wait.py

`specs/rooms.mtl` and, where CCP_ROOT is set, `specs/ccp.mtl`, as `mtlc run` trains them, without evaluation. The
first epoch renders or decodes each image, later ones take it from memory; both are shown.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

import torch

from mtlc.api import build, load
from mtlc.training.balancing import balancing
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

SPECS = Path(__file__).parent.parent / "specs"
LIMIT = 0.05
EPOCHS = 3


def shares(name: str) -> list[tuple[float, float]]:
    """For each epoch the share of its time spent waiting, and the seconds of a step."""
    model = build(load(SPECS / f"{name}.mtl", {"train.steps": 1000}))
    plan, device, feed = model.plan, torch.device("cpu"), loader(model.plan)
    learner = Learner(model, plan, legs(plan)[0], balancing(plan, device), Scaler(device, "fp32"), device)
    batches, found = feed.batches(0), []
    learner(next(batches), 0)  # the first step waits for threads to start
    for epoch in range(EPOCHS):
        waited, start = 0.0, perf_counter()
        for step in range(feed.steps_per_epoch):
            before = perf_counter()
            batch = next(batches)
            waited += perf_counter() - before
            learner(batch, epoch * feed.steps_per_epoch + step)
        whole = perf_counter() - start
        found.append((waited / whole, whole / feed.steps_per_epoch))
    batches.close()  # type: ignore[attr-defined]
    return found


def main() -> None:
    for name in ("rooms", "ccp") if os.environ.get("CCP_ROOT") else ("rooms",):
        for epoch, (share, step) in enumerate(shares(name), 1):
            print(
                f"{name}: epoch {epoch}: {100 * share:.1f}% of {1000 * step:.0f} ms a step is waiting (aim 5%)"
            )


if __name__ == "__main__":
    main()
