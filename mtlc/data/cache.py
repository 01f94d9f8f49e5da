"""Decoded samples kept in memory, so that epochs after the first cost little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import get_worker_info

LIMIT = 2_000_000_000
"""Bytes that the samples of one split may take; what does not fit is decoded anew each time."""


@dataclass(frozen=True)
class Packed:
    """A sample at its final size in few bytes: `image` uint8 H×W×3, labels as `encode.unpack` takes them."""

    image: Tensor
    labels: Mapping[str, Tensor]

    @property
    def bytes(self) -> int:
        """The memory that its tensors take."""
        return sum(each.nbytes for each in (self.image, *self.labels.values()))


class Cache:
    """Packed samples by index, first come, as long as they fit into `limit` bytes.

    Worker processes have a cache each and share the limit.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit, self.used = limit, 0
        self._held: dict[int, Packed] = {}

    def get(self, index: int, make: Callable[[int], Packed]) -> Packed:
        """The sample of an index, made if it is not held."""
        if (held := self._held.get(index)) is not None:
            return held
        packed = make(index)
        if self.used + packed.bytes <= self.limit // _sharers():
            self._held[index] = packed
            self.used += packed.bytes
        return packed


def _sharers() -> int:
    worker = get_worker_info()
    return worker.num_workers if worker else 1
