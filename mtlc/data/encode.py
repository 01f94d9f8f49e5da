"""Between what files and caches hold and the tensors of a sample."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mtlc.data.cache import Packed
from mtlc.data.sample import Sample


def unpack(id: str, packed: Packed, kinds: Mapping[str, str]) -> Sample:
    """A sample from its packed form.

    Packed labels: semseg, edges, saliency uint8 H×W; tags uint8 C; depth float32 H×W; normals float32 3×H×W.
    """
    image = packed.image.permute(2, 0, 1).float() / 255
    labels = {name: _unpack(label, kinds[name]) for name, label in packed.labels.items()}
    return Sample(id, image, labels, kinds)


def _unpack(label: Tensor, kind: str) -> Tensor:
    if kind == "semseg":
        return label.long()
    return label.float() if kind in ("normals", "tags") else label.float()[None]


def nearest(label: Tensor, size: tuple[int, int]) -> Tensor:
    """Nearest neighbour by pixel centres; it picks values: classes never mix, unit vectors stay."""
    rows, columns = (
        ((torch.arange(new) + 0.5) * old / new).long().clamp(max=old - 1)
        for new, old in zip(size, label.shape[-2:], strict=True)
    )
    return label[..., rows[:, None], columns[None, :]]
