"""The gradient of the agreement losses, in a training step."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch
from mtlc.spec import Agreement as Line
from mtlc.training import processes
from mtlc.training.agreement import Agreed, Agreements, Network, Predictions
from mtlc.training.finite import check_agreement
from mtlc.training.scaler import Scaler


class Agreeing:
    """The agreement losses that act while some tasks are trained. `step` seeds what is drawn for views."""

    def __init__(self, agreements: Agreements, tasks: Collection[str]) -> None:
        self._agreements, self._places = agreements, agreements.among(tasks)
        self._names = {place: _name(agreements.lines, place) for place in self._places}
        self.step = 0

    def __bool__(self) -> bool:
        return bool(self._places)

    def parameters(self) -> list[nn.Parameter]:
        """What they learn."""
        return [weight for some in self.by_rate().values() for weight in some]

    def by_rate(self) -> dict[float, list[nn.Parameter]]:
        """What they learn, by what multiplies the learning rate for it."""
        found: dict[float, list[nn.Parameter]] = {}
        for place in self._places:
            mult = self._agreements.lines[place].part.lr_mult
            found.setdefault(mult, []).extend(self._agreements[place].parameters())
        return found

    def add_gradient(
        self,
        parts: Sequence[Batch],
        firsts: Sequence[Predictions],
        images: int,
        network: Network,
        scaler: Scaler,
    ) -> dict[str, Tensor]:
        """Add the gradient of the losses, means over so many images: it is no task's, and so not weighed by any
        method. What they are made of, by name, over all processes.

        `firsts` is what the network said of each part; where it is empty, that is asked for here. Raises
        `finite.NotFinite`.
        """
        said: dict[str, Tensor] = {}
        for place, part in enumerate(parts):
            first = firsts[place] if firsts else _unlearnt(network, part.images)
            for number, name in self._names.items():
                agreed = self._agreements.loss(number, network, part, first, self.step)
                check_agreement(name, agreed.each, part)
                scaler.backward(agreed.each.sum() / images)
                for key, value in _said(name, agreed).items():
                    said[key] = said.get(key, torch.zeros(())) + value * (len(part) / images)
        return processes.summed(said)


def _unlearnt(network: Network, images: Tensor) -> Predictions:
    with torch.no_grad():
        return network(images)


def _said(name: str, agreed: Agreed) -> dict[str, Tensor]:
    """Means over the samples of a part: the loss by its name, and what it is made of as `name.term`."""
    terms = {f"{name}.{term}": value for term, value in agreed.terms.items()}
    return {name: agreed.each.detach().mean(), **terms}


def _name(lines: Sequence[Line], place: int) -> str:
    """The word of a line's loss, with the line's number where it is not the only one of that word."""
    words = [line.part.word for line in lines]
    return words[place] if words.count(words[place]) == 1 else f"{words[place]}_{place + 1}"
