"""Depth: errors over all measured pixels of the split."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio


class DepthMetric:
    """rmse, abs_err in metres; abs_rel is the error over the label. Prediction and label B×1×H×W, in metres.

    Means run over the measured pixels of all images together, not over images. A label that is 0, negative or
    not finite was not measured.
    """

    def __init__(self) -> None:
        self.pixels = self.images = 0
        self.squared = self.absolute = self.relative = 0.0

    def update(self, prediction: Tensor, label: Tensor) -> None:
        valid = torch.isfinite(label) & (label > 0)
        depth = label[valid].double()
        error = (prediction[valid].double() - depth).abs()
        self.squared += error.square().sum().item()
        self.absolute += error.sum().item()
        self.relative += (error / depth).sum().item()
        self.pixels += len(depth)
        self.images += images_with(valid)

    @property
    def counted(self) -> dict[str, int]:
        return {"pixels": self.pixels, "images": self.images}

    def result(self) -> dict[str, float]:
        return {
            "rmse": math.sqrt(ratio(self.squared, self.pixels)),
            "abs_err": ratio(self.absolute, self.pixels),
            "abs_rel": ratio(self.relative, self.pixels),
        }
