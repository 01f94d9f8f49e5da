"""Between what files and caches hold and the tensors of a sample."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mtlc.data.cache import Packed
from mtlc.data.sample import Sample
from mtlc.parts.tasks import form


def unpack(id: str, packed: Packed, kinds: Mapping[str, str]) -> Sample:
    """A sample from its packed form.

    Packed labels: semseg, human_parts, edges, saliency uint8 H×W; depth float32 H×W; normals float32 3×H×W;
    tags uint8 C; classify int64 without axes; regress float32 C.
    """
    image = packed.image.permute(2, 0, 1).float() / 255
    labels = {name: _unpack(label, kinds[name]) for name, label in packed.labels.items()}
    return Sample(id, image, labels, kinds)


def _unpack(label: Tensor, kind: str) -> Tensor:
    whole = form(kind)
    if whole.ids:
        return label.long()
    return label.float()[None] if whole.axes[0] == 1 else label.float()


def nearest(label: Tensor, size: tuple[int, int]) -> Tensor:
    """Nearest neighbour by pixel centres; it picks values: classes never mix, unit vectors stay."""
    rows, columns = (
        ((torch.arange(new) + 0.5) * old / new).long().clamp(max=old - 1)
        for new, old in zip(size, label.shape[-2:], strict=True)
    )
    return label[..., rows[:, None], columns[None, :]]
