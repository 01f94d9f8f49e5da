"""Segmentation: intersection over union by class, and the share of pixels that are right."""

from __future__ import annotations

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio

IGNORE = 255


class SemsegMetric:
    """miou, accuracy. Prediction B×C×H×W scores; label B×H×W, 255 = ignored.

    `miou` is over the whole split: a class's true positives over true positives, false positives and false
    negatives of all pixels. A class that no labelled pixel has and no prediction on a labelled pixel names is
    left out.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.images = 0
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64)  # label by prediction

    def update(self, prediction: Tensor, label: Tensor) -> None:
        valid = label != IGNORE
        pairs = label[valid] * self.classes + prediction.argmax(1)[valid]
        counts = torch.bincount(pairs, minlength=self.classes**2)
        self.confusion += counts.reshape(self.classes, self.classes).cpu()
        self.images += images_with(valid)

    @property
    def counted(self) -> dict[str, int]:
        return {"pixels": int(self.confusion.sum()), "images": self.images}

    @property
    def per_class(self) -> list[float]:
        """The intersection over union of each class; NaN of a class that is left out."""
        right = self.confusion.diagonal()
        union = self.confusion.sum(0) + self.confusion.sum(1) - right
        return [ratio(r, u) for r, u in zip(right.tolist(), union.tolist(), strict=True)]

    def by_class(self) -> list[dict[str, float]]:
        labelled, predicted = self.confusion.sum(1).tolist(), self.confusion.sum(0).tolist()
        rows = zip(self.per_class, labelled, predicted, strict=True)
        return [{"iou": iou, "labelled pixels": there, "predicted pixels": said} for iou, there, said in rows]

    def result(self) -> dict[str, float]:
        present = [iou for iou in self.per_class if iou == iou]
        right = int(self.confusion.diagonal().sum())
        return {"miou": ratio(sum(present), len(present)), "accuracy": ratio(right, self.counted["pixels"])}
