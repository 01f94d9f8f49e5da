"""Agreement of every task without label with every task that has one, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .agreement import Agreement, View, distance, where_known
from .embeddings import Embedding, Size
from .segnet import Encoder, Layer

SMALLEST_SHARE = 1e-6  # of a window's pixels; bounds a division


@dataclass(frozen=True)
class Side:
    """One task of a view. `said`: its predictions, `known`: its labels, B×C×H×W each, with 0 where there are
    none; `valid`: where there are some, bool B×1×H×W; `there`: whether there are any, bool B."""

    said: Tensor
    known: Tensor
    valid: Tensor
    there: Tensor


class CrossTask(Agreement):
    """Cross-task consistency in a joint space of each pair (Li, Liu & Bilen, CVPR 2022), the pairwise peer of `joint`.

    As published: for each ordered pair of a task s that a sample has no label of and a task t that it has one
    of, the prediction of s (classes drawn as one-hot) and the label of t go through a layer of each task's own
    and one SegNet encoder for all pairs, whose norms have a scale and a shift for each pair; 1 - the cosine
    between the two latents, mean over positions, teaches the network through the prediction and the mapping
    alike. A sample's loss is `weight` (2 there) times the sum over its pairs: of K tasks with U unlabelled
    2 × U × (K - U) encoder passes, quadratic for a fixed share of labels, against four of `joint`.

    Not as published: what keeps the mapping from saying the same of everything. There the latents are also
    pulled to the network's own deepest features (half a cosine for each side), which needs features as wide
    and as coarse as the latents; here a 1×1 convolution has to tell the label, averaged over each position's
    window, from its latent. Numbers are squashed by their distribution, not divided by the image's largest;
    both sides of a pair are 0 where the label is not known; norms have no scale and shift besides those of the
    pair, and these learn at the others' rate, not at ten times it.

    `terms`: `distance` and `reconstruction`, sums over a sample's pairs.
    """

    views: ClassVar[tuple[bool, ...]] = (True,)

    def __init__(self, embeddings: Mapping[str, Embedding], width: int, weight: float) -> None:
        super().__init__(embeddings)
        self.weight = weight
        self.pairs = list(permutations(range(len(self.names)), 2))
        self.enter = nn.ModuleList(Layer(each.channels, width) for each in self.embeddings)
        self.encoder = Encoder(width, width, norm=partial(PairNorm, pairs=len(self.pairs)))
        self.tell = nn.ModuleList(nn.Conv2d(8 * width, each.channels, 1) for each in self.embeddings)

    def measure(
        self, views: Sequence[View], size: Size, generator: torch.Generator | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        (view,) = views
        sides = [self._side(view, name, embedding, size, generator) for name, embedding in self.tasks()]
        # Zeros, but of the graph: a batch without any pair still has a loss to descend.
        apart = rebuilt = 0 * sides[0].said.flatten(1).sum(1)
        for pair, (source, target) in enumerate(self.pairs):
            rows = (~sides[source].there & sides[target].there).nonzero().flatten()
            if len(rows):
                far, lost = self._pair(pair, sides[source], sides[target], rows)
                apart, rebuilt = apart.index_add(0, rows, far), rebuilt.index_add(0, rows, lost)
        return self.weight * (apart + rebuilt), {"distance": apart, "reconstruction": rebuilt}

    def _side(
        self, view: View, name: str, embedding: Embedding, size: Size, generator: torch.Generator | None
    ) -> Side:
        valid, there = where_known(embedding, view.labels[name], view.present[name])
        said = embedding.prediction(view.predictions[name], size, generator)
        known = embedding.label(view.labels[name], size)
        dtype = self.tell[0].weight.dtype
        return Side(said.to(dtype), known.to(dtype), valid.expand(-1, -1, *size), there)

    def _pair(self, pair: int, source: Side, target: Side, rows: Tensor) -> tuple[Tensor, Tensor]:
        """How far apart the latents are, and how much of the label is lost, of the samples in `rows`."""
        s, t = self.pairs[pair]
        mask, label = target.valid[rows], target.known[rows]
        entered = torch.cat([self.enter[s](source.said[rows] * mask), self.enter[t](label)])
        latents = self.encoder(entered, pair)[0].chunk(2)
        return distance(*latents), self._lost(t, latents[1], label, mask)

    def _lost(self, task: int, latent: Tensor, label: Tensor, mask: Tensor) -> Tensor:
        cells = tuple(latent.shape[-2:])
        share = F.adaptive_avg_pool2d(mask.to(label.dtype), cells)
        mean = F.adaptive_avg_pool2d(label * mask, cells) / share.clamp(min=SMALLEST_SHARE)
        return self.embeddings[task].reconstruction(self.tell[task](latent), mean, share > 0)


class PairNorm(nn.Module):
    """As `segnet.own_norm`, with the scale and the shift of a pair."""

    def __init__(self, channels: int, pairs: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.scale = nn.Parameter(torch.ones(pairs, channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(pairs, channels, 1, 1))

    def forward(self, x: Tensor, pair: int) -> Tensor:
        return self.norm(x) * self.scale[pair] + self.shift[pair]
