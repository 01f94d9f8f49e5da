"""Agreement of one task's predictions on two views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .agreement import Agreement
from .embeddings import Embedding


class Consistency(Agreement):
    """Agreement of one task's predictions on two views."""

    views: ClassVar[tuple[bool, ...]] = (True,)

    def __init__(self, embeddings: Mapping[str, Embedding], weight: float) -> None:
        super().__init__()
