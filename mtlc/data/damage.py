"""Labels that were read and cannot be meant: numbers that are not finite where a kind gives them no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mtlc.data.batch import Target
from mtlc.data.errors import DataError
from mtlc.data.sample import Sample
from mtlc.parts.tasks import form


def sound(sample: Sample, targets: Sequence[Target]) -> Sample:
    """The same sample. Raises `DataError` for a label of yes and no that holds NaN or an infinite number.

    Depths, normals and numbers that are not finite are no damage: they say "not measured". Ids are whole numbers.
    """
    for target in targets:
        label = sample.labels.get(target.label)
        if label is not None and form(target.kind).decides and not torch.isfinite(label.sum()):
            whose = f"label `{target.label}` of `{sample.id}` (task `{target.task}`)"
            message = f"{whose} holds a number that is not finite"
            raise DataError(message, "mend the label, or write `on_bad_sample = skip`")
    return sample
