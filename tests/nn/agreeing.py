"""Small further views for the tests of agreement losses: every kind of task, float64, any set of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mtlc.nn.agreement import View
from mtlc.nn.embeddings import Binary, Embedding, OneHot, Squashed, Unit

SIZE = (40, 33)
KINDS = ("scene", "depth", "edges", "normals", "parts", "size", "tags")


def embeddings(*tasks: str) -> dict[str, Embedding]:
    every: dict[str, Embedding] = {
        "parts": OneHot(4),
        "depth": Squashed(1),
        "normals": Unit(),
        "edges": Binary(1),
        "tags": Binary(5, whole_image=True),
        "scene": OneHot(3, whole_image=True),
        "size": Squashed(2, whole_image=True),
    }
    every["depth"].mean.fill_(2.0)
    return {task: every[task] for task in tasks or KINDS}


def predictions(count: int, seed: int = 0) -> dict[str, Tensor]:
    """Raw outputs of every task."""
    numbers = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=numbers, dtype=torch.float64)

    return {
        "parts": normal(4, *SIZE),
        "depth": normal(1, *SIZE) + 2,
        "normals": normal(3, *SIZE),
        "edges": normal(1, *SIZE),
        "tags": normal(5),
        "scene": normal(3),
        "size": normal(2),
    }


def labels(count: int, seed: int = 1) -> dict[str, Tensor]:
    """Labels of every task, known everywhere."""
    said = predictions(count, seed)
    return {
        "parts": said["parts"].argmax(1),
        "depth": said["depth"].abs() + 0.1,
        "normals": torch.nn.functional.normalize(said["normals"], dim=1),
        "edges": (said["edges"] > 0).double(),
        "tags": (said["tags"] > 0).double(),
        "scene": said["scene"].argmax(1),
        "size": said["size"],
    }


def present(count: int, rows: Sequence[Sequence[str]] | None = None) -> dict[str, Tensor]:
    """Which sample has which label; without `rows` none has any."""
    rows = rows or [()] * count
    return {task: torch.tensor([task in row for row in rows]) for task in KINDS}


def view(*rows: Sequence[str], seed: int = 0, learns: bool = True) -> View:
    """A view of as many samples as rows, each of which has the labels that its row names."""
    said = predictions(len(rows), seed)
    before = {task: each + 0.3 for task, each in predictions(len(rows), seed + 100).items()}
    return View(
        {task: each.requires_grad_(learns) for task, each in said.items()},
        labels(len(rows), seed + 50),
        present(len(rows), rows),
        before,
    )


def row(of: View, index: int) -> View:
    """One sample of a view, its predictions leaves of their own."""

    def cut(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {task: each[index : index + 1].detach() for task, each in values.items()}

    said = {task: each.requires_grad_() for task, each in cut(of.predictions).items()}
    return replace(
        of, predictions=said, labels=cut(of.labels), present=cut(of.present), before=cut(of.before)
    )


def only(of: View, tasks: Sequence[str]) -> View:
    """The view of some tasks alone."""

    def some(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {task: values[task] for task in tasks}

    return View(some(of.predictions), some(of.labels), some(of.present), some(of.before))


def gradients(of: View) -> dict[str, Tensor]:
    """The gradient of every task's predictions; zeros where none arrived."""
    said = of.predictions.items()
    return {task: torch.zeros_like(each) if each.grad is None else each.grad.clone() for task, each in said}


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


UNKNOWN = {"parts": 255, "depth": 0.0, "normals": 0.0, "edges": 255.0, "tags": 255.0, "scene": -1}


def spoilt(of: View, *, of_floats: float, of_ids: int) -> View:
    """The same view with other things stored where labels are absent."""
    changed = {}
    for task, label in of.labels.items():
        value = of_floats if label.is_floating_point() else of_ids
        rows = of.present[task].reshape(-1, *[1] * (label.dim() - 1))
        changed[task] = torch.where(rows, label, torch.full_like(label, value))
    return replace(of, labels=changed)
