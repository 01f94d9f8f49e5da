"""The catalogue of agreement losses: what ties predictions together where labels are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from mtlc.parts.part import Levels, Part, Problem, key, register

SMALLEST = 32  # pixels of a side that are one cell of the auto-encoder's latent space


class AgreementLoss(Part):
    """What stands after `via` in an `agree` block: a loss between the predictions of a set of tasks.

    It exists in training only. `zoom` is what its further views of an image are drawn from: each is a random window
    of 1/zoom of both sides, resized to the whole size, with colours of its own. `lr_mult`, where a loss learns
    something itself, multiplies the learning rate of that.
    """

    noun: ClassVar[str] = "agreement loss"
    paper: ClassVar[str] = ""
    cost: ClassVar[str] = ""
    smallest: ClassVar[int] = 1  # pixels that each side of the images needs
    zoom: tuple[float, ...]
    lr_mult: float = 1.0

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        """What its module is made from; views are made outside it."""
        return {
            name: value for name, value in super().arguments(reads).items() if name not in ("zoom", "lr_mult")
        }

    def problems(self) -> Iterator[Problem]:
        if not self.zoom:
            yield Problem("zoom", "`zoom` is empty", "write `zoom = [1.0]` for views of the whole image")


def _zoom() -> Any:
    return key((1.0, 1.2, 1.5), "a view is a random window of 1/zoom of both sides, one of these", low=1)


def _lr_mult(of: str) -> Any:
    return key(1.0, f"multiplies the learning rate of the {of}", above=0)


@register("joint", module="mtlc.nn.joint:Joint")
@dataclass(frozen=True)
class Joint(AgreementLoss):
    """All tasks' predictions, stacked, meet the labels that are there in the latent space of one auto-encoder.

    Where a task has no label its prediction takes the label's place. Beside the supervised view there are two: on
    one the distance teaches the network, through the predictions of unlabelled tasks alone; on the other distance
    and reconstruction teach the auto-encoder. Four encoder passes a sample, whatever the number of tasks.
    """

    width: int = key(64, "channels of the auto-encoder's first stage; 64 as published", low=1)
    distance: float = key(4.0, "weight of the distances in latent space", low=0)
    reconstruct: float = key(
        2.0, "weight of the reconstruction, and of the auto-encoder's distance beside the network's", low=0
    )
    zoom: tuple[float, ...] = _zoom()
    lr_mult: float = _lr_mult("auto-encoder")

    paper: ClassVar[str] = "Nishi et al., Joint-Task Regularization for Partially Labeled MTL, CVPR 2024"
    cost: ClassVar[str] = "two more passes of the network, four of the auto-encoder: linear in the tasks"
    smallest: ClassVar[int] = SMALLEST


@register("cross_task", module="mtlc.nn.cross_task:CrossTask")
@dataclass(frozen=True)
class CrossTask(AgreementLoss):
    """Each pair of tasks meets in a space of its own: a prediction without a label, and the other task's label."""

    width: int = key(64, "channels of the mapping's first stage; 64 as published", low=1)
    weight: float = key(2.0, "multiplies the loss; 2 as published", low=0)
    zoom: tuple[float, ...] = _zoom()
    lr_mult: float = _lr_mult("mapping")

    paper: ClassVar[str] = "Li, Liu and Bilen, MTL with partially annotated data, CVPR 2022"
    cost: ClassVar[str] = "one more pass of the network, and passes of the mapping for each pair of tasks"
    smallest: ClassVar[int] = SMALLEST


@register("consistency", module="mtlc.nn.consistency:Consistency")
@dataclass(frozen=True)
class Consistency(AgreementLoss):
    """Two views of an image get equal predictions, where a task has no label."""

    weight: float = key(1.0, "multiplies the loss", low=0)
    zoom: tuple[float, ...] = _zoom()

    cost: ClassVar[str] = "one more pass of the network"
