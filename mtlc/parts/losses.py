"""The catalogue of losses, one namespace per kind of label (family A: the InvPT / ATRC protocol)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mtlc.parts.part import AUTO, Auto, Part, key, register


class Loss(Part):
    """Says how far a prediction is from its label; `module` gives `measure` and `forward` (see mtlc/nn/losses.py)."""

    noun: ClassVar[str] = "loss"


class ClassLoss(Loss):
    """Losses between class scores and one class id per pixel."""


class DepthLoss(Loss):
    """Losses between depths in metres."""


class NormalsLoss(Loss):
    """Losses between directions."""


class BinaryLoss(Loss):
    """Losses between one score and yes or no, per pixel."""


class TagsLoss(Loss):
    """Losses between scores and a set of tags, per image."""


class ImageClassLoss(Loss):
    """Losses between class scores and one class id per image."""


class NumbersLoss(Loss):
    """Losses between numbers, per image."""


@register("cross_entropy", module="mtlc.nn.losses:CrossEntropy")
@dataclass(frozen=True)
class CrossEntropy(ClassLoss):
    """Cross-entropy: summed over labelled pixels, divided by their number."""


@register("l1", module="mtlc.nn.losses:L1")
@dataclass(frozen=True)
class L1(DepthLoss):
    """Absolute difference in metres, averaged over measured pixels."""


@register("l1", module="mtlc.nn.losses:UnitL1")
@dataclass(frozen=True)
class UnitL1(NormalsLoss):
    """Absolute difference of unit vectors, summed over x, y, z, averaged over labelled pixels."""


@register("bce", module="mtlc.nn.losses:Bce")
@dataclass(frozen=True)
class Bce(BinaryLoss):
    """Plain binary cross-entropy, averaged over labelled pixels."""


@register("balanced_bce", module="mtlc.nn.losses:BalancedBce")
@dataclass(frozen=True)
class BalancedBce(BinaryLoss):
    """Binary cross-entropy with `positive` on ones and 1 - `positive` on zeros, averaged over labelled pixels.

    `auto` takes the share of zeros in the batch (Maninis et al., CVPR 2019; family A's saliency loss).
    """

    positive: float | Auto = key(AUTO, "weight of the ones; auto: the batch's share of zeros", low=0, high=1)


@register("bce", module="mtlc.nn.losses:TagsBce")
@dataclass(frozen=True)
class TagsBce(TagsLoss):
    """Binary cross-entropy, averaged over classes and labelled images."""


@register("cross_entropy", module="mtlc.nn.losses:ImageCrossEntropy")
@dataclass(frozen=True)
class ImageCrossEntropy(ImageClassLoss):
    """Cross-entropy, averaged over labelled images."""


@register("l1", module="mtlc.nn.losses:NumbersL1")
@dataclass(frozen=True)
class NumbersL1(NumbersLoss):
    """Absolute difference, averaged over the known numbers of all images."""


@register("mse", module="mtlc.nn.losses:Mse")
@dataclass(frozen=True)
class Mse(NumbersLoss):
    """Squared difference, averaged over the known numbers of all images."""


@register("smooth_l1", module="mtlc.nn.losses:SmoothL1")
@dataclass(frozen=True)
class SmoothL1(NumbersLoss):
    """d^2 / (2 beta) where the difference d is below `beta`, else d - beta / 2; averaged as `l1` is.

    With beta 1 the loss of Fast R-CNN (Girshick, ICCV 2015, eq. 3).
    """

    beta: float = key(1.0, "the difference from which on it is linear", above=0)
