"""Tags: how well the images are ranked for each class, and the F1 of what is said to be there."""

from __future__ import annotations

import torch
from torch import Tensor

from mtlc.training.metrics.metric import images_with, ratio


class TagsMetric:
    """map, f1. Prediction B×C scores before the sigmoid; label B×C in {0, 1}, anything else (255) is unknown.

    `map` is the mean average precision over the classes that some image of the split has. `f1` is the micro
    average: one F1 over all known pairs of image and class, a tag being said when its probability is above
    0.5.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.scores: list[Tensor] = []
        self.labels: list[Tensor] = []

    def update(self, prediction: Tensor, label: Tensor) -> None:
        self.scores.append(prediction.detach().float().cpu())
        self.labels.append(label.float().cpu())

    @property
    def counted(self) -> dict[str, int]:
        _, _, known = self._seen()
        return {"pairs": int(known.sum()), "images": images_with(known)}

    @property
    def per_class(self) -> list[float]:
        """The average precision of each class; NaN of a class that no image has."""
        scores, labels, known = self._seen()
        columns = zip(scores.unbind(1), labels.unbind(1), known.unbind(1), strict=True)
        return [average_precision(score[k], label[k]) for score, label, k in columns]

    def by_class(self) -> list[dict[str, float]]:
        scores, labels, known = self._seen()
        there = ((labels == 1) & known).sum(0).tolist()
        said = ((scores > 0) & known).sum(0).tolist()
        rows = zip(self.per_class, there, said, known.sum(0).tolist(), strict=True)
        names = ("average precision", "tagged images", "predicted images", "known images")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def result(self) -> dict[str, float]:
        present = [precision for precision in self.per_class if precision == precision]
        return {"map": ratio(sum(present), len(present)), "f1": self._f1()}

    def _f1(self) -> float:
        scores, labels, known = self._seen()
        said, there = (scores > 0) & known, (labels == 1) & known
        return ratio(2 * int((said & there).sum()), int(said.sum()) + int(there.sum()))

    def _seen(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scores, labels and which labels are known, each N×C, of all images so far."""
        none = torch.zeros(0, self.classes)
        scores, labels = torch.cat([none, *self.scores]), torch.cat([none, *self.labels])
        return scores, labels, (labels == 0) | (labels == 1)


def average_precision(scores: Tensor, labels: Tensor) -> float:
    """The sum over distinct scores, highest first, of precision times the gain in recall: no interpolation.

    Both 1-D. Equal scores enter together, so their order has no say. NaN without a positive label.
    """
    order = scores.argsort(descending=True)
    ranked, hits = scores[order], labels[order].double().cumsum(0)
    last = torch.ones_like(ranked, dtype=torch.bool)
    last[:-1] = ranked[1:] != ranked[:-1]
    found = hits[last]
    precision = found / (last.nonzero().flatten() + 1)
    gain = found.diff(prepend=found.new_zeros(1))
    return ratio((precision * gain).sum().item(), found[-1].item() if len(found) else 0.0)
