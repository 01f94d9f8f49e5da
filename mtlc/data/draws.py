"""Which images an epoch shows: of one data set every image once, of several as many of each as they are to give."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mtlc.data.errors import DataError
from mtlc.data.transforms import Transform

Draw = tuple[int, int]  # how often the image came before, and its index
Mix = str | tuple[float, ...]


@dataclass(frozen=True)
class Pool:
    """One of the data sets that training draws from: the indices of its images, how many of them an epoch
    shows, and how they are changed."""

    name: str
    images: range
    draws: int
    augment: tuple[Transform, ...] = ()


def shares(images: Sequence[int], mix: Mix) -> list[int]:
    """How many images of an epoch each data set gives, of as many as there are in all; by largest remainder.

    `mix` is `proportional`, `uniform` or a weight for each.
    """
    weights = images if mix == "proportional" else [1.0] * len(images) if isinstance(mix, str) else mix
    exact = [Fraction(weight) for weight in weights]
    parts = [sum(images) * weight / sum(exact) for weight in exact]
    counts = [int(part) for part in parts]
    nearest = sorted(range(len(parts)), key=lambda row: counts[row] - parts[row])
    for row in nearest[: sum(images) - sum(counts)]:
        counts[row] += 1
    return counts


def refuse_unseen(pools: Sequence[Pool]) -> None:
    """Raises `DataError` where a data set is too light to give a single image."""
    for pool in pools:
        if not pool.draws:
            whole = sum(each.draws for each in pools)
            message = f"data set `{pool.name}` gives none of the {whole} images of an epoch"
            raise DataError(message, "give it a larger weight in `train.mix`")


def epoch_of(pools: Sequence[Pool], seed: int, epoch: int) -> list[Draw]:
    """The images of an epoch in their order."""
    drawn = [draw for pool in pools for draw in _drawn(pool, seed, epoch)]
    random.Random(f"{seed}/{epoch}").shuffle(drawn)
    return drawn


def _drawn(pool: Pool, seed: int, epoch: int) -> Iterator[Draw]:
    """What a data set gives: it goes through its images again and again, each time in another order, and an
    epoch begins where the one before it ended. So none of its images is ever more than one visit ahead."""
    count = len(pool.images)
    if pool.draws == count:
        yield from ((epoch, index) for index in pool.images)
        return
    at, end = epoch * pool.draws, (epoch + 1) * pool.draws
    while at < end:
        visit, begin = divmod(at, count)
        stop = min(count, begin + end - at)
        order = list(pool.images)
        random.Random(f"{seed}/{pool.name}/{visit}").shuffle(order)
        yield from ((visit, index) for index in order[begin:stop])
        at += stop - begin
