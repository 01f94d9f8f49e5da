"""The splits of `rooms`: scenes rendered on demand, each one image."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch

from mtlc.data.cache import Cache, Packed
from mtlc.data.encode import unpack
from mtlc.data.errors import DataError
from mtlc.data.rooms.labels import camera, largest
from mtlc.data.rooms.render import render
from mtlc.data.sample import Change, Sample
from mtlc.parts import data as parts
from mtlc.parts.data import Label

_FIRST = {"train": 0, "val": 1_000_000, "test": 2_000_000}
"""The first scene of each split, so far apart that no two splits share one, whatever their lengths."""


class Rooms:
    """One split of `rooms`; image i of a split is the first frame of scene `first + i`."""

    def __init__(self, part: parts.Rooms, split: str, wanted: Collection[str] | None = None) -> None:
        self.part, self.split = part, split
        count = _counts(part)[split]
        if not count:
            raise DataError(f"split `{split}` of `rooms` is empty", f"set `{split}` in the `data` block")
        self.ids = tuple(f"{split}-{i:06d}" for i in range(count))
        self.labels: Mapping[str, Label] = part.labels()
        self._kinds = {name: label.kind for name, label in self.labels.items()}
        self._wanted = frozenset(self.labels if wanted is None else wanted)
        self._cache = Cache()

    @staticmethod
    def splits(part: parts.Rooms) -> tuple[str, ...]:
        """The splits that have images."""
        return tuple(split for split, count in _counts(part).items() if count)

    def __len__(self) -> int:
        return len(self.ids)

    def labelled(self, label: str) -> frozenset[str]:
        """Every image: all labels come from the geometry. (`largest` lacks in a view without any thing.)"""
        return frozenset(self.ids)

    def load(self, index: int, change: Change | None = None) -> Sample:
        """Render, or take from memory, one sample."""
        sample = unpack(self.ids[index], self._cache.get(index, self._render), self._kinds)
        return change(sample) if change else sample

    def _render(self, index: int) -> Packed:
        frame = render(self.part.seed, _FIRST[self.split] + index, 0, *self.part.size)
        labels = {
            "semseg": torch.from_numpy(frame.semseg).to(torch.uint8),
            "depth": torch.from_numpy(frame.depth),
            "normals": torch.from_numpy(frame.normals).permute(2, 0, 1).contiguous(),
            "edges": torch.from_numpy(frame.edges).to(torch.uint8),
            "saliency": torch.from_numpy(frame.saliency).to(torch.uint8),
            "largest": largest(frame),
            "camera": camera(frame),
        }
        kept = {n: label for n, label in labels.items() if n in self._wanted and label is not None}
        return Packed((torch.from_numpy(frame.image) * 255).round().to(torch.uint8), kept)


def _counts(part: parts.Rooms) -> dict[str, int]:
    return {"train": part.images, "val": part.val, "test": part.test}
