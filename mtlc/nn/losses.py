"""Losses between predictions and partly labelled labels, normalised over what is labelled in the whole batch.

A loss is used in two steps, so that cutting a batch into parts to save memory changes nothing:

    totals = sum(loss.measure(label) for label in parts)          # counts of what is labelled, they add up
    value = sum(loss(prediction, label, totals) for ... in parts)  # the whole batch's loss

Rows are samples that have the label at all; entries that are ignored inside a label contribute nothing,
whatever stands there, and pass no gradient. Nothing labelled at all gives 0. All is computed in 32 bits under
autocast too; in 64 where predictions are.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IGNORE = 255
SMALLEST_LENGTH = 1e-6  # a shorter direction has none; bounds the gradient of the division by the length


class Loss(Protocol):
    """What every loss offers."""

    def measure(self, label: Tensor) -> Tensor:
        """Counts over a batch of labels, 1-D, int64; those of the parts of a batch add up to the batch's."""

    def __call__(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        """What these rows contribute (a scalar) to the loss of the batch whose counts are `totals`."""


class CrossEntropy(nn.Module):
    """Cross-entropy summed over labelled pixels, divided by their number.

    Prediction B×C×H×W class scores; label B×H×W int64, 255 = ignored.
    """

    absent = IGNORE

    def measure(self, label: Tensor) -> Tensor:
        return _counts(label != self.absent)

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        scores = _exact(prediction)
        if not _finite(scores):  # else its gradient is 0 where ignored, and a copy is saved
            scores = scores.masked_fill((label == self.absent).unsqueeze(1), 0.0)
        total = F.cross_entropy(scores, label, ignore_index=self.absent, reduction="sum")
        return _mean(total, totals)


class ImageCrossEntropy(CrossEntropy):
    """Cross-entropy averaged over labelled images. Prediction B×C class scores; label B int64, -1 = absent."""

    absent = -1


class L1(nn.Module):
    """Absolute difference, averaged over measured pixels. Prediction and label B×1×H×W, in metres.

    A label that is 0, negative or not finite was not measured.
    """

    def measure(self, label: Tensor) -> Tensor:
        return _counts(_measured(label))

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        prediction, label = _where(_measured(label), prediction, label)
        return _mean(F.l1_loss(prediction, label, reduction="sum"), totals)


class UnitL1(nn.Module):
    """Absolute difference between the prediction made unit length and the label, summed over x, y and z.

    Averaged over labelled pixels (not over their three numbers). Prediction and label B×3×H×W; a label that
    is the zero vector, or not finite, is absent.
    """

    def measure(self, label: Tensor) -> Tensor:
        return _counts(_directed(label))

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        prediction, label = _where(_directed(label).unsqueeze(1), prediction, label)
        unit = F.normalize(prediction, dim=1, eps=SMALLEST_LENGTH)
        return _mean(F.l1_loss(unit, label, reduction="sum"), totals)


class BalancedBce(nn.Module):
    """-[w y log p + (1 - w)(1 - y) log(1 - p)], averaged over labelled pixels, where w is `positive`.

    Without `positive`, w is the batch's share of zeros among labelled pixels (Maninis et al., CVPR 2019).
    Prediction B×1×H×W scores before the sigmoid; label the same shape in {0, 1}, anything else (255, NaN)
    ignored.
    """

    def __init__(self, positive: float | None) -> None:
        super().__init__()
        self.positive = positive

    def measure(self, label: Tensor) -> Tensor:
        return _counts(_decided(label), label == 1)

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        valid = _decided(label)
        prediction, label = _where(valid, prediction, label)
        ones = self._of_ones(totals)
        weight = torch.where(label == 1, ones, 1 - ones) * valid
        total = F.binary_cross_entropy_with_logits(prediction, label, weight, reduction="sum")
        return _mean(total, totals)

    def _of_ones(self, totals: Tensor) -> Tensor | float:
        if self.positive is not None:
            return self.positive
        labelled, ones = totals
        return (labelled - ones) / labelled.clamp(min=1)


class Bce(nn.Module):
    """Binary cross-entropy averaged over what is labelled.

    Prediction: scores before the sigmoid, of any shape; label: the same shape in {0, 1}, anything else
    ignored.
    """

    def measure(self, label: Tensor) -> Tensor:
        return _counts(_decided(label))

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        valid = _decided(label)
        prediction, label = _where(valid, prediction, label)
        weight = valid.to(prediction.dtype)
        total = F.binary_cross_entropy_with_logits(prediction, label, weight, reduction="sum")
        return _mean(total, totals)


class TagsBce(Bce):
    """Binary cross-entropy averaged over classes and labelled images. Both B×C; label 255 = unknown."""


class NumbersL1(nn.Module):
    """Absolute difference, averaged over the known numbers of all images. Both B×C; a label of NaN is absent."""

    def measure(self, label: Tensor) -> Tensor:
        return _counts(torch.isfinite(label))

    def forward(self, prediction: Tensor, label: Tensor, totals: Tensor) -> Tensor:
        prediction, label = _where(torch.isfinite(label), prediction, label)
        return _mean(self.total(prediction, label), totals)

    def total(self, prediction: Tensor, label: Tensor) -> Tensor:
        """The sum over all numbers; where a label is absent both are 0."""
        return F.l1_loss(prediction, label, reduction="sum")


class Mse(NumbersL1):
    """Squared difference, averaged over the known numbers of all images."""

    def total(self, prediction: Tensor, label: Tensor) -> Tensor:
        return F.mse_loss(prediction, label, reduction="sum")


class SmoothL1(NumbersL1):
    """d² / (2 beta) for differences d below beta, else d - beta / 2 (Girshick, ICCV 2015, where beta is 1)."""

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def total(self, prediction: Tensor, label: Tensor) -> Tensor:
        return F.smooth_l1_loss(prediction, label, reduction="sum", beta=self.beta)


def _measured(depth: Tensor) -> Tensor:
    return (depth > 0) & (depth < torch.inf)  # false for NaN, too


def _directed(normals: Tensor) -> Tensor:
    """B×H×W: where a label has a direction."""
    return _measured(normals.abs().sum(1))


def _decided(label: Tensor) -> Tensor:
    return (label == 0) | (label == 1)


def _counts(*masks: Tensor) -> Tensor:
    return torch.stack([mask.count_nonzero() for mask in masks])


def _where(valid: Tensor, prediction: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Both as exact numbers, 0 where not valid: masked before any arithmetic, or NaN gets into gradients."""
    if prediction.shape != label.shape:
        shapes = f"{tuple(prediction.shape)} and {tuple(label.shape)}"
        raise ValueError(f"prediction and label differ in shape: {shapes}")
    prediction = _exact(prediction)
    return torch.where(valid, prediction, 0.0), torch.where(valid, label.to(prediction.dtype), 0.0)


def _exact(prediction: Tensor) -> Tensor:
    """In 32 bits, unless it has 64."""
    return prediction if prediction.dtype == torch.float64 else prediction.float()


def _finite(scores: Tensor) -> bool:
    """Whether all are finite, where that is known without waiting for a device."""
    return scores.device.type == "cpu" and bool(torch.isfinite(scores.detach().sum()))


def _mean(total: Tensor, totals: Tensor) -> Tensor:
    return total / totals[0].clamp(min=1)
