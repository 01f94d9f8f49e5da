"""Labels that follow from a map of classes, made after every change of geometry."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.data.sample import IGNORE


def foreground(classes: Tensor, background: tuple[int, ...]) -> Tensor:
    """Saliency (float32 1×H×W) of a class map (int64 H×W): 1 where its class is none of the background's."""
    return _ignored((~torch.isin(classes, torch.tensor(background))).float(), classes)


def borders(classes: Tensor) -> Tensor:
    """Edges (float32 1×H×W) of a class map (int64 H×W): borders between classes, dilated 3×3.

    A border pixel has another class than its right or lower neighbour; ignored pixels have no borders.
    """
    known = classes != IGNORE
    edge = torch.zeros(classes.shape, dtype=torch.bool)
    edge[:, :-1] |= (classes[:, :-1] != classes[:, 1:]) & known[:, :-1] & known[:, 1:]
    edge[:-1] |= (classes[:-1] != classes[1:]) & known[:-1] & known[1:]
    return _ignored(F.max_pool2d(edge.float()[None], 3, stride=1, padding=1)[0], classes)


def _ignored(label: Tensor, classes: Tensor) -> Tensor:
    return torch.where(classes == IGNORE, float(IGNORE), label)[None]
