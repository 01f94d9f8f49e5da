"""Numbers of whole images: how far off they are, and how much of their spread is explained."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio


class RegressMetric:
    """mae, rmse, r2. Prediction and label B×C, one column for each value; a label that is not finite is absent.

    `mae` and `rmse` are over all known numbers together, in their own units. `r2` is 1 - the sum of squared
    errors over that of squared distances from the labels' mean, value by value, then averaged over the values
    that define it: those with two different labels.
    """

    def __init__(self, values: int) -> None:
        self.values = values
        self.predictions: list[Tensor] = []
        self.labels: list[Tensor] = []

    def update(self, prediction: Tensor, label: Tensor) -> None:
        self.predictions.append(prediction.detach().double().cpu())
        self.labels.append(label.double().cpu())

    @property
    def counted(self) -> dict[str, int]:
        _, _, known = self._seen()
        return {"values": int(known.sum()), "images": images_with(known)}

    def by_class(self) -> list[dict[str, float]]:
        """The figures of each value."""
        predictions, labels, known = self._seen()
        columns = zip(predictions.unbind(1), labels.unbind(1), known.unbind(1), strict=True)
        return [_figures(p[k], y[k]) | {"known images": int(k.sum())} for p, y, k in columns]

    def result(self) -> dict[str, float]:
        predictions, labels, known = self._seen()
        explained = [each["r2"] for each in self.by_class()]
        defined = [share for share in explained if share == share]
        return _figures(predictions[known], labels[known]) | {"r2": ratio(sum(defined), len(defined))}

    def _seen(self) -> tuple[Tensor, Tensor, Tensor]:
        """Predictions, labels and which labels are known, each N×C, of all images so far."""
        none = torch.zeros(0, self.values, dtype=torch.float64)
        labels = torch.cat([none, *self.labels])
        return torch.cat([none, *self.predictions]), labels, torch.isfinite(labels)


def _figures(predictions: Tensor, labels: Tensor) -> dict[str, float]:
    """All three of some numbers, 1-D."""
    errors = predictions - labels
    return {
        "mae": ratio(errors.abs().sum().item(), len(errors)),
        "rmse": math.sqrt(ratio(errors.square().sum().item(), len(errors))),
        "r2": _explained(predictions, labels),
    }


def _explained(predictions: Tensor, labels: Tensor) -> float:
    """R², both 1-D; NaN where all labels are the same or there is none."""
    if not len(labels) or bool((labels == labels[0]).all()):
        return math.nan
    spread = (labels - labels.mean()).square().sum().item()
    return 1 - ratio((predictions - labels).square().sum().item(), spread)
