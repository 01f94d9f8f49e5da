"""Agreement of all tasks at once: joint-task regularisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .agreement import Agreement
from .embeddings import Embedding


class Joint(Agreement):
    """Agreement of all tasks at once: joint-task regularisation."""

    views: ClassVar[tuple[bool, ...]] = (True, False)

    def __init__(
        self, embeddings: Mapping[str, Embedding], width: int, distance: float = 4.0, reconstruct: float = 2.0
    ) -> None:
        super().__init__()
