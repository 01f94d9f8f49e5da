"""Agreement of every ordered pair of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .agreement import Agreement
from .embeddings import Embedding


class CrossTask(Agreement):
    """Agreement of every ordered pair of tasks."""

    views: ClassVar[tuple[bool, ...]] = (True,)

    def __init__(self, embeddings: Mapping[str, Embedding], width: int, weight: float) -> None:
        super().__init__()
