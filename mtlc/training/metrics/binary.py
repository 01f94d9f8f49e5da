"""Yes or no per pixel: edges and saliency, from counts at a row of thresholds."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio

THRESHOLDS = [step / 20 for step in range(1, 20)]  # 0.05 to 0.95
HALF = THRESHOLDS.index(0.5)
BETA_SQUARED = 0.3


class Counts(NamedTuple):
    """True positives, false positives and false negatives at one threshold."""

    right: int
    extra: int
    missed: int

    def iou(self) -> float:
        return ratio(self.right, sum(self))

    def f(self, beta_squared: float) -> float:
        """The F measure; NaN with nothing there and nothing found. No precision of nothing is needed."""
        right = (1 + beta_squared) * self.right
        return ratio(right, right + self.extra + beta_squared * self.missed)


class _BinaryMetric:
    """Prediction B×1×H×W scores before the sigmoid; label the same shape in {0, 1}, anything else is ignored.

    A pixel is found at a threshold when its probability is above it. Counts are over the whole split.
    """

    def __init__(self) -> None:
        self.images = 0
        # label by how many thresholds the probability passes
        self.passed = torch.zeros(2, len(THRESHOLDS) + 1, dtype=torch.int64)

    def update(self, prediction: Tensor, label: Tensor) -> None:
        valid = (label == 0) | (label == 1)
        probability = prediction[valid].double().sigmoid()
        limits = torch.tensor(THRESHOLDS, dtype=torch.float64, device=probability.device)
        passed = torch.bucketize(probability, limits)
        bins = label[valid].long() * self.passed.shape[1] + passed
        self.passed += torch.bincount(bins, minlength=self.passed.numel()).reshape(self.passed.shape).cpu()
        self.images += images_with(valid)

    @property
    def counted(self) -> dict[str, int]:
        return {"pixels": int(self.passed.sum()), "images": self.images}

    @property
    def confusion(self) -> Tensor:
        """No and yes at 0.5, label by prediction."""
        yes = self.passed[:, HALF + 1 :].sum(1)
        return torch.stack([self.passed.sum(1) - yes, yes], dim=1)

    def at(self, threshold: int) -> Counts:
        """The counts at a threshold, by its place in THRESHOLDS."""
        extra, right = self.passed[:, threshold + 1 :].sum(1).tolist()
        return Counts(right, extra, int(self.passed[1].sum()) - right)


class EdgesMetric(_BinaryMetric):
    """f1, per pixel at 0.5: not the field's odsF, which matches boundaries within a distance."""

    def result(self) -> dict[str, float]:
        return {"f1": self.at(HALF).f(1.0)}


class SaliencyMetric(_BinaryMetric):
    """iou of the foreground at 0.5; max_f, the best F measure (beta squared 0.3) of thresholds 0.05 ... 0.95.

    `max_f` takes one threshold for the whole split. The field's scripts apply the sigmoid twice, which leaves
    only thresholds from 0.5 to 0.73 at work; theirs differs slightly.
    """

    def result(self) -> dict[str, float]:
        measures = [self.at(i).f(BETA_SQUARED) for i in range(len(THRESHOLDS))]
        known = [measure for measure in measures if measure == measure]
        return {"iou": self.at(HALF).iou(), "max_f": max(known, default=float("nan"))}
