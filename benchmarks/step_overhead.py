"""A training step of mtlc beside the same step written by hand in plain PyTorch: python benchmarks/step_overhead.py

Four dense tasks on `rooms`, a neck, four decoders, equal weights, AdamW (fused, as mtlc has it; with `--unfused` it is
torch's default by hand); the modules are the same, the wiring, losses and step are written out, and both keep weights
and images channels last. Both start from the same weights and see the same batches, one step each in turn, either first
as often; the first losses must agree. The figure is the ratio of the medians of the steps' times.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlc.api import build, load
from mtlc.data.batch import Batch
from mtlc.source import Source
from mtlc.training.balancing import balancing
from mtlc.training.device import placed
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

LIMIT = 1.03
WARM = 5  # steps that are not counted
SPEC = """
data rooms {{ size = 64x64, images = 64, val = 0, test = 0 }}
shared encoder : {}
shared neck : fpn {{ dim = 48 }}
task all {{ decoder = conv_up(dim = 48) }}
task semseg
task depth
task normals
task edges {{ weight = 10 }}
balance equal
train {{ batch = 16, optimizer = adamw(lr = 1e-3, weight_decay = 1e-4) }}
"""
ENCODERS = {"tiny": "tiny", "resnet18": 'timm { model = "resnet18" }'}


class ByHand(nn.Module):
    """The wiring as a researcher writes it."""

    def __init__(self, modules: Callable[[str], nn.Module]) -> None:
        super().__init__()
        self.encoder, self.neck = modules("encoder"), modules("neck")
        self.tasks = ("semseg", "depth", "normals", "edges")
        for task in self.tasks:
            self.add_module(f"{task}_decoder", modules(f"{task}_decoder"))
            self.add_module(f"{task}_head", modules(f"{task}_head"))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return self.predictions(self.levels(image), image)

    def levels(self, image: Tensor) -> list[Tensor]:
        """What all tasks share."""
        found: list[Tensor] = self.neck(self.encoder(image))
        return found

    def predictions(self, levels: list[Tensor], image: Tensor) -> dict[str, Tensor]:
        return {
            task: getattr(self, f"{task}_head")(getattr(self, f"{task}_decoder")(levels)[0], image)
            for task in self.tasks
        }


def losses_by_hand(out: dict[str, Tensor], labels: dict[str, Tensor]) -> dict[str, Tensor]:
    depth, normals, edges = labels["depth"], labels["normals"], labels["edges"]
    measured, there = depth > 0, normals.square().sum(1) > 0.5
    known = edges != 255
    weight = torch.where(edges > 0.5, 0.95, 0.05)
    borders = F.binary_cross_entropy_with_logits(out["edges"], edges, weight, reduction="none")
    distance = (F.normalize(out["normals"], dim=1) - normals).abs().sum(1)
    return {
        "semseg": F.cross_entropy(out["semseg"], labels["semseg"], ignore_index=255),
        "depth": (out["depth"] - depth).abs()[measured].mean(),
        "normals": distance[there].mean(),
        "edges": borders[known].mean(),
    }


class StepByHand:
    def __init__(self, model: ByHand, fused: bool) -> None:
        self.model = model.to(memory_format=torch.channels_last).train()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4, fused=fused)

    def __call__(self, batch: Batch) -> dict[str, float]:
        self.optimizer.zero_grad(set_to_none=True)
        images = batch.images.to(memory_format=torch.channels_last)
        losses = losses_by_hand(self.model(images), dict(batch.labels))
        sum(loss * (10 if task == "edges" else 1) for task, loss in losses.items()).backward()
        self.optimizer.step()
        return {task: loss.item() for task, loss in losses.items()}


def measure(encoder: str, steps: int, fused: bool) -> tuple[float, float, float]:
    """Seconds of a step of mtlc, of one by hand, and the largest relative difference of a loss."""
    spec = load(Source("step.mtl", SPEC.format(ENCODERS[encoder])))
    model, twin = build(spec), build(spec)
    plan, device = model.plan, torch.device("cpu")
    batches = [batch for batch, _ in zip(loader(plan).batches(0), range(4), strict=False)]
    placed(model.train, device)
    ours = Learner(model, plan, legs(plan)[0], balancing(plan, device), Scaler(device, "fp32"), device)
    by_hand = StepByHand(ByHand(twin.module), fused)
    first = batches[0]
    taken, losses = ours(first, 0).losses, by_hand(first)  # later the two runs drift apart by rounding
    apart = max(abs(taken[task] / losses[task] - 1) for task in losses)
    times: tuple[list[float], list[float]] = ([], [])
    for step in range(1, steps):
        batch = batches[step % len(batches)]
        turns = (partial(ours, batch, step), partial(by_hand, batch))
        for which in (0, 1) if step % 2 else (1, 0):
            start = perf_counter()
            turns[which]()
            times[which].append(perf_counter() - start)
    return median(times[0][WARM:]), median(times[1][WARM:]), apart


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--unfused", action="store_true", help="by hand, AdamW as torch has it by default")
    given = parser.parse_args()
    for encoder in ENCODERS:
        ours, by_hand, apart = measure(encoder, given.steps, not given.unfused)
        print(
            f"{encoder:9} mtlc {1000 * ours:.1f} ms  by hand {1000 * by_hand:.1f} ms  "
            f"ratio {ours / by_hand:.3f} (at most {LIMIT})  losses differ by {apart:.1e}"
        )


if __name__ == "__main__":
    main()
