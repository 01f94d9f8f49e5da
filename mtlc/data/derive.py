"""Labels that follow from a map of classes, made after every change of geometry."""

from __future__ import annotations

import torch
from torch import Tensor

from mtlc.data.sample import IGNORE


def foreground(classes: Tensor, background: tuple[int, ...]) -> Tensor:
    """Saliency (float32 1×H×W) of a class map (int64 H×W): 1 where its class is none of the background's."""
    classes = classes.byte()
    front = torch.ones(classes.shape, dtype=torch.bool)
    for each in background:
        front &= classes != each
    return _ignored(front, classes)


def borders(classes: Tensor) -> Tensor:
    """Edges (float32 1×H×W) of a class map (int64 H×W): borders between classes, dilated 3×3.

    A border pixel has another class than its right or lower neighbour; ignored pixels have no borders.
    """
    classes = classes.byte()
    known = classes != IGNORE
    edge = torch.zeros(classes.shape, dtype=torch.bool)
    edge[:, :-1] |= (classes[:, :-1] != classes[:, 1:]) & known[:, :-1] & known[:, 1:]
    edge[:-1] |= (classes[:-1] != classes[1:]) & known[:-1] & known[1:]
    return _ignored(_dilated(edge), classes)


def _dilated(edge: Tensor) -> Tensor:
    """3×3 dilation of a bool map, one axis after the other."""
    wide = edge.clone()
    wide[:, 1:] |= edge[:, :-1]
    wide[:, :-1] |= edge[:, 1:]
    full = wide.clone()
    full[1:] |= wide[:-1]
    full[:-1] |= wide[1:]
    return full


def _ignored(label: Tensor, classes: Tensor) -> Tensor:
    return label.float().masked_fill_(classes == IGNORE, IGNORE)[None]
