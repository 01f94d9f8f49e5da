"""A training process to kill: `python interrupted.py OUT KILL`, which resumes where a run lies in OUT."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from toy import SPEC, ToyPart, toy

from mtlc.lower import Model
from mtlc.parts.data import Flip, Jitter
from mtlc.training.loop import train
from mtlc.training.report import Done, Silent

TEXT = SPEC.replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)").replace(
    "balance equal",
    "links { semseg, depth via trace_back }\nbalance pcgrad { losses = lps(every = 7), every = 2 }",
)
DATA = ToyPart(images=10, val=3, test=2, bare=("depth",), augment=(Flip(), Jitter()))


class Killed(Silent):
    """Kills the process, as a power cut would, when a step of this number is done."""

    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, done: Done) -> None:
        if done.step == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def built(**overrides: object) -> Model:
    """A model with everything that a resumed run could get wrong; its dropout draws random numbers."""
    defaults = {"train__steps": 24, "train__save": 10, "train__schedule": "one_cycle", "eval__every": 6}
    model = toy(DATA, TEXT, **(defaults | overrides))
    torch.rand(3)  # a process that resumes a run may have drawn other numbers before
    encoder = model.module("encoder")
    drop = lambda module, inputs, levels: [F.dropout(x, 0.2, module.training) for x in levels]  # noqa: E731
    encoder.register_forward_hook(drop)
    return model


def run(out: Path, at: int) -> None:
    torch.set_num_threads(1)
    resume = (out / "checkpoints" / "index.json").exists()
    train(built(), out, device="cpu", resume=resume, report=Killed(at))


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
