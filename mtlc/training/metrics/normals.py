"""Normals: the angle between predicted and true directions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio

NEAR = 11.25  # degrees, the finest of the field's three limits


class NormalsMetric:
    """mean_err in degrees; within_11 is the share of pixels off by less than 11.25 degrees. Both are B×3×H×W.

    The angle between unit vectors p and g is 2 atan2(|p - g|, |p + g|), exact for small angles where acos is
    not. A label that is the zero vector, or not finite, is absent; a prediction of length zero is off by 90
    degrees.
    """

    def __init__(self) -> None:
        self.pixels = self.images = self.near = 0
        self.degrees = 0.0

    def update(self, prediction: Tensor, label: Tensor) -> None:
        valid = torch.isfinite(label).all(1) & (label != 0).any(1)
        angles = _degrees(_unit(prediction, valid), _unit(label, valid))
        self.degrees += angles.sum().item()
        self.near += int((angles < NEAR).sum())
        self.pixels += len(angles)
        self.images += images_with(valid)

    @property
    def counted(self) -> dict[str, int]:
        return {"pixels": self.pixels, "images": self.images}

    def result(self) -> dict[str, float]:
        return {"mean_err": ratio(self.degrees, self.pixels), "within_11": ratio(self.near, self.pixels)}


def _unit(vectors: Tensor, valid: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors.movedim(1, -1)[valid].double(), dim=-1)


def _degrees(one: Tensor, other: Tensor) -> Tensor:
    half = torch.atan2((one - other).norm(dim=-1), (one + other).norm(dim=-1))
    return 2 * half * (180 / math.pi)
