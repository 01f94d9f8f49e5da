"""What a link looks at: a stream, or one level of a list of levels."""

from __future__ import annotations

from torch import Tensor

Feature = Tensor | list[Tensor]


def level_of(feature: Feature, level: int | None) -> Tensor:
    """The map itself, or the one at `level`."""
    return feature if level is None else feature[level]


def changed(feature: Feature, level: int | None, new: Tensor) -> Feature:
    """The feature with `new` in place of that map."""
    return new if level is None else [*feature[:level], new, *feature[level + 1 :]]
