"""Classification of whole images: the share that is right, over images and over classes."""

from __future__ import annotations

import torch
from torch import Tensor

from mtlc.training.metrics.metric import ratio


class ClassifyMetric:
    """accuracy, mean_accuracy. Prediction B×C scores; label B int64, -1 = absent.

    `accuracy` is the share of labelled images whose class has the highest score (top-1). `mean_accuracy` is
    that share within each class, averaged over the classes that some labelled image has.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64)  # label by prediction

    def update(self, prediction: Tensor, label: Tensor) -> None:
        valid = label >= 0
        pairs = label[valid] * self.classes + prediction.argmax(1)[valid]
        counts = torch.bincount(pairs, minlength=self.classes**2)
        self.confusion += counts.reshape(self.classes, self.classes).cpu()

    @property
    def counted(self) -> dict[str, int]:
        return {"images": int(self.confusion.sum())}

    @property
    def per_class(self) -> list[float]:
        """The share of each class's images that is right; NaN of a class that no labelled image has."""
        pairs = zip(self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist(), strict=True)
        return [ratio(right, images) for right, images in pairs]

    def by_class(self) -> list[dict[str, float]]:
        labelled, predicted = self.confusion.sum(1).tolist(), self.confusion.sum(0).tolist()
        rows = zip(self.per_class, labelled, predicted, strict=True)
        return [{"accuracy": share, "labelled images": a, "predicted images": b} for share, a, b in rows]

    def result(self) -> dict[str, float]:
        present = [share for share in self.per_class if share == share]
        right = int(self.confusion.diagonal().sum())
        return {
            "accuracy": ratio(right, self.counted["images"]),
            "mean_accuracy": ratio(sum(present), len(present)),
        }
