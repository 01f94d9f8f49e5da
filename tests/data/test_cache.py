"""Decoded samples are kept as long as they fit."""

import torch

from mtlc.data.cache import Cache, Packed


def packed(index: int) -> Packed:
    return Packed(torch.full((4, 5, 3), index, dtype=torch.uint8), {"depth": torch.zeros(4, 5)})


def test_what_fits_is_made_once_and_the_rest_each_time() -> None:
    made: list[int] = []

    def make(index: int) -> Packed:
        made.append(index)
        return packed(index)

    cache = Cache(limit=2 * packed(0).bytes)
    for index in (0, 1, 2, 0, 1, 2):
        assert cache.get(index, make).image[0, 0, 0] == index
    assert made == [0, 1, 2, 2]
    assert cache.used == 2 * (60 + 80)
