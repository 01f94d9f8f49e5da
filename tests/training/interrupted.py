"""A training process to kill: `python interrupted.py OUT KILL`, which resumes where a run lies in OUT."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch
from toy import SPEC, ToyPart, toy

from mtlc.parts.data import Flip, Jitter
from mtlc.training.loop import train
from mtlc.training.report import Done, Silent

TEXT = SPEC.replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)").replace(
    "balance equal", "links { semseg, depth via trace_back }\nbalance lps { every = 7 }"
)
DATA = ToyPart(images=10, val=3, test=2, bare=("depth",), augment=(Flip(), Jitter()))


class Killed(Silent):
    """Kills the process, as a power cut would, when a step of this number is done."""

    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, done: Done) -> None:
        if done.step == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def run(out: Path, at: int) -> None:
    torch.set_num_threads(1)
    model = toy(DATA, TEXT, train__steps=40, train__save=10, train__schedule="one_cycle", eval__every=6)
    train(model, out, device="cpu", resume=(out / "checkpoints" / "index.json").exists(), report=Killed(at))


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
