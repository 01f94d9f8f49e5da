"""How much each of several data sets gives to an epoch, and that none of its images is favoured."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc.data.draws import Pool, epoch_of, refuse_unseen, shares
from mtlc.data.errors import DataError


def pools(*sizes: int, draws: list[int]) -> list[Pool]:
    begins = [sum(sizes[:row]) for row in range(len(sizes))]
    return [
        Pool(f"p{row}", range(begin, begin + size), count)
        for row, (begin, size, count) in enumerate(zip(begins, sizes, draws, strict=True))
    ]


@pytest.mark.parametrize(
    ("images", "mix", "expected"),
    [
        ([800, 600], "proportional", [800, 600]),
        ([800, 600], "uniform", [700, 700]),
        ([6, 4, 1], "uniform", [4, 4, 3]),
        ([800, 600], (2.0, 1.0), [933, 467]),
        ([5, 5], (0.1, 0.2), [3, 7]),
        ([7, 7, 7], (1.0, 1.0, 1.0), [7, 7, 7]),
    ],
)
def test_shares_of_an_epoch(images, mix, expected) -> None:
    assert shares(images, mix) == expected


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0.01, 100)), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_shares_are_as_many_as_there_are_images_and_each_within_one_of_its_weight(sets) -> None:
    images, weights = [count for count, _ in sets], tuple(weight for _, weight in sets)
    found = shares(images, weights)
    assert sum(found) == sum(images)
    for count, weight in zip(found, weights, strict=True):
        assert abs(count - sum(images) * weight / sum(weights)) < 1 + 1e-6


def test_of_one_data_set_an_epoch_is_the_shuffled_range_that_it_always_was() -> None:
    expected = list(range(10))
    Random("3/2").shuffle(expected)
    assert epoch_of(pools(10, draws=[10]), 3, 2) == [(2, index) for index in expected]


def test_in_proportion_every_image_comes_once_in_each_epoch() -> None:
    made = pools(6, 4, draws=shares([6, 4], "proportional"))
    epochs = [epoch_of(made, 0, epoch) for epoch in range(3)]
    for epoch, drawn in enumerate(epochs):
        assert sorted(drawn) == [(epoch, index) for index in range(10)]
    assert len({tuple(index for _, index in drawn) for drawn in epochs}) == 3
    assert [index for _, index in epochs[0]][:6] != list(range(6))  # the data sets are mixed


@pytest.mark.parametrize("mix", ["uniform", (3.0, 1.0), (1.0, 3.0)])
def test_over_epochs_each_gives_its_count_and_none_of_its_images_is_favoured(mix) -> None:
    counts = shares([7, 3], mix)
    made = pools(7, 3, draws=counts)
    seen: Counter[int] = Counter()
    for epoch in range(3):
        drawn = epoch_of(made, 0, epoch)
        assert len(drawn) == 10
        assert [sum(index in pool.images for _, index in drawn) for pool in made] == counts
        seen.update(index for _, index in drawn)
        for pool in made:
            visits = [seen[index] for index in pool.images]
            assert max(visits) - min(visits) <= 1


def test_a_visit_says_how_often_the_image_came_before() -> None:
    made = pools(7, 3, draws=[3, 7])
    drawn = [draw for epoch in range(4) for draw in epoch_of(made, 0, epoch)]
    assert len(set(drawn)) == len(drawn) == 40
    for index in range(10):
        visits = sorted(visit for visit, each in drawn if each == index)
        assert visits == list(range(len(visits)))


def test_another_data_set_changes_nothing_in_the_order_of_visits() -> None:
    alone, beside = pools(7, draws=[3]), pools(7, 5, draws=[3, 9])
    for epoch in range(5):
        first = {index for _, index in epoch_of(alone, 1, epoch)}
        assert first == {index for _, index in epoch_of(beside, 1, epoch) if index < 7}


def test_successive_visits_have_orders_of_their_own_and_seeds_differ() -> None:
    made = pools(8, 8, draws=[4, 12])
    firsts = [frozenset(i for _, i in epoch_of(made, 0, epoch) if i < 8) for epoch in (0, 2, 4)]
    assert len(set(firsts)) > 1
    assert epoch_of(made, 0, 0) != epoch_of(made, 1, 0)


def test_a_data_set_too_light_to_be_seen_is_refused() -> None:
    draws = shares([5, 5], (1000.0, 1.0))
    with pytest.raises(DataError, match="data set `p1` gives none of the 10 images") as caught:
        refuse_unseen(pools(5, 5, draws=draws))
    assert "train.mix" in str(caught.value.hint)
