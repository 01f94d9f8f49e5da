"""Agreement of all tasks at once, in the latent space of one auto-encoder: joint-task regularisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import functional_call

from .agreement import Agreement, View, distance, rows_of, where_known
from .embeddings import Embedding, Size
from .segnet import SegNet


@dataclass(frozen=True)
class Stacked:
    """All tasks of a view side by side, B×C×H×W each, 0 outside `mask` (bool B×1×H×W).

    `said` has predictions alone; `known` has labels where there are some, and the same predictions elsewhere.
    """

    known: Tensor
    said: Tensor
    mask: Tensor

    def both(self, dtype: torch.dtype) -> Tensor:
        """2B×C×H×W: `known`, then `said`."""
        return torch.cat([self.known, self.said]).to(dtype)


class Joint(Agreement):
    """Joint-task regularisation (Nishi, Kim, Li & Pfister, CVPR 2024).

    Of each sample Y holds all tasks' labels with predictions where there is no label, and Ŷ predictions alone;
    both hold 0 outside the pixels where all of the sample's labels are known. With d = 1 - the cosine between
    the latents of Y and Ŷ, mean over positions, the loss of a sample is

        distance × (d₁ + reconstruct × d₂) + reconstruct × (r(Y₂) + r(Ŷ₂))

    d₁, on the first further view, teaches the network alone, and only through predictions of tasks that the
    sample has no label of: the encoder's weights are held still, and the other predictions too. d₂ and the
    reconstruction r (a sum over the tasks), on the second, teach the auto-encoder alone; r keeps its latent
    from saying the same of everything. Encoder passes of a sample: four, however many tasks there are.

    As published, except where the published code and its text differ: Y and Ŷ share one mask, and one draw for
    a task without label; r takes means over the mask's pixels, of targets squashed once; statistics of norms
    are a sample's own (`segnet.own_norm`), and those of frozen ones too.

    `terms`: `distance` is d₁, `autoencoder` d₂, `reconstruction` both r.
    """

    views: ClassVar[tuple[bool, ...]] = (True, False)

    def __init__(
        self,
        embeddings: Mapping[str, Embedding],
        width: int,
        distance: float = 4.0,
        reconstruct: float = 2.0,
    ) -> None:
        super().__init__(embeddings)
        self.distance, self.reconstruct = distance, reconstruct
        self.channels = [embedding.channels for embedding in self.embeddings]
        self.autoencoder = SegNet(sum(self.channels), width)

    def measure(
        self, views: Sequence[View], size: Size, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        first, second = (self.stack(view, size, generator) for view in views)
        apart = self._network_term(first)
        inner, rebuilt = self._autoencoder_terms(second)
        loss = self.distance * (apart + self.reconstruct * inner) + self.reconstruct * rebuilt
        return loss, {"distance": apart, "autoencoder": inner, "reconstruction": rebuilt}

    def stack(self, view: View, size: Size, generator: torch.Generator | None = None) -> Stacked:
        """Y and Ŷ of a view. Gradients pass to predictions of tasks without label, and to no others."""
        known, said = [], []
        mask = torch.ones((), dtype=torch.bool, device=next(iter(view.present.values())).device)
        for name, embedding in self.tasks():
            prediction, label = view.predictions[name], view.labels[name]
            valid, there = where_known(embedding, label, view.present[name])
            held = torch.where(rows_of(there, prediction.dim()), prediction.detach(), prediction)
            said.append(embedding.prediction(held, size, generator))
            known.append(torch.where(rows_of(there, 4), embedding.label(label, size), said[-1]))
            mask = mask & (valid | ~rows_of(there, 4))
        mask = mask.expand(-1, -1, *size)
        return Stacked(*(torch.cat(each, 1) * mask for each in (known, said)), mask)

    def _network_term(self, stacked: Stacked) -> Tensor:
        encoder = self.autoencoder.encoder
        still = {name: weight.detach() for name, weight in encoder.named_parameters()}
        latent, _ = functional_call(encoder, still, (stacked.both(self._dtype),))
        return distance(*latent.chunk(2))

    def _autoencoder_terms(self, stacked: Stacked) -> tuple[Tensor, Tensor]:
        target = stacked.both(self._dtype).detach()
        latent, output = self.autoencoder(target)
        mask = stacked.mask.repeat(2, 1, 1, 1)
        parts = zip(self.embeddings, *(x.split(self.channels, 1) for x in (output, target)), strict=True)
        rebuilt = torch.stack([embedding.reconstruction(*pair, mask) for embedding, *pair in parts]).sum(0)
        return distance(*latent.chunk(2)), torch.add(*rebuilt.chunk(2))

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.autoencoder.parameters()).dtype
