"""What all contestants train, and the methods by which they weigh gradients, under each library's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SPEC = """
data rooms {{ size = {size}x{size}, images = 64, val = 0, test = 0 }}
shared encoder : timm {{ model = "{encoder}" }}
shared neck : fpn {{ dim = 48 }}
task all {{ decoder = conv_up(dim = 48) }}
task semseg
task depth
task normals
task edges {{ weight = 10 }}
balance {balance}
train {{ batch = {batch}, optimizer = adamw(lr = 1e-3, weight_decay = 1e-4) }}
"""
TASKS = ("semseg", "depth", "normals", "edges")
WEIGHTS = {"edges": 10.0}
BATCHES = 4  # drawn once and taken in turn
EVERY = 10


@dataclass(frozen=True)
class Size:
    """How large a step is, and where it is taken."""

    encoder: str = "resnet18"
    image: int = 64
    batch: int = 16
    device: str = "cpu"

    def spec(self, balance: str) -> str:
        return SPEC.format(encoder=self.encoder, size=self.image, batch=self.batch, balance=balance)


@dataclass(frozen=True)
class Method:
    """A method as mtlc's catalogue names it with its keys, and as TorchJD does."""

    word: str
    torchjd: Callable[[Any], Any]  # from the module `torchjd.aggregation`
    keys: dict[str, Any] = field(default_factory=dict)

    def spec(self, **more: object) -> str:
        """The value of `balance`."""
        written = [f"{key} = {_written(value)}" for key, value in {**self.keys, **more}.items()]
        return f"{self.word} {{ {', '.join(written)} }}" if written else self.word


def _written(value: object) -> str:
    return "none" if value is None else str(value)


METHODS = {
    each.word: each
    for each in (
        Method("upgrad", lambda theirs: theirs.UPGrad()),
        Method("dualproj", lambda theirs: theirs.DualProj()),
        Method("pcgrad", lambda theirs: theirs.PCGrad()),
        Method("mgda", lambda theirs: theirs.MGDA()),
        Method("cagrad", lambda theirs: theirs.CAGrad(c=0.5), {"c": 0.5, "rescale": None}),
        Method("imtl_g", lambda theirs: theirs.IMTLG()),
        Method("aligned", lambda theirs: theirs.AlignedMTL()),
        Method("nash", lambda theirs: theirs.NashMTL(n_tasks=len(TASKS)), {"max_norm": 1.0}),
        Method("fairgrad", lambda theirs: theirs.FairGrad(alpha=1.0), {"alpha": 1.0}),
        Method("config", lambda theirs: theirs.ConFIG()),
    )
}
