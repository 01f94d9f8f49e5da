"""From a raw prediction to what a person wants to have: class ids, metres, unit vectors, probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mtlc.parts.tasks import likeness

Size = tuple[int, int]


def finish(kind: str, raw: Tensor, size: Size) -> NDArray[Any]:
    """The result of one image at a height and width, from its raw prediction without batch axis.

    | kind | array |
    |---|---|
    | semseg, human_parts | class ids H×W, uint8 (uint16 with more than 256 classes) |
    | depth | metres H×W, float32 |
    | normals | unit vectors H×W×3, float32 (x right, y down, z into the scene) |
    | edges, saliency | probabilities H×W, float32 |
    | tags, classify | probabilities C, float32; those of `classify` sum to 1 |
    | regress | the values C, float32 |

    Raw maps are resized bilinearly before anything is decided.
    """
    match likeness(kind):
        case "semseg":
            return _strongest(raw, size).astype(np.uint8 if len(raw) <= 256 else np.uint16)
        case "depth":
            return _array(resized(raw, size)[0])
        case "normals":
            return _array(F.normalize(resized(raw, size), dim=0).movedim(0, -1).contiguous())
        case "edges" | "saliency":
            return _array(resized(raw, size)[0].sigmoid())
        case "tags":
            return _array(raw.sigmoid())
        case "classify":
            return _array(raw.softmax(0))
        case "regress":
            return _array(raw)
    raise ValueError(f"tasks of kind `{kind}` have no finished form")


def resized(raw: Tensor, size: Size) -> Tensor:
    """A raw map C×h×w at another height and width."""
    if tuple(raw.shape[-2:]) == size:
        return raw
    return F.interpolate(raw[None], size, mode="bilinear", align_corners=False)[0]


def _strongest(scores: Tensor, size: Size) -> NDArray[Any]:
    """The class of the highest score, class by class: all scores of a large photo at once take gigabytes."""
    best = resized(scores[:1], size)[0]
    ids = torch.zeros(size, dtype=torch.int32)
    for each in range(1, len(scores)):
        score = resized(scores[each : each + 1], size)[0]
        ids[score > best] = each
        best = torch.maximum(best, score)
    return ids.numpy()


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.numpy().astype(np.float32)
    return array
