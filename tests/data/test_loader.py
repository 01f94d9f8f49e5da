"""The order of batches depends on the seed alone, and mistakes in the data reach the trainer as they are."""

from dataclasses import replace
from itertools import islice
from random import Random

import pytest
import torch
from made import Made

from mtlc.data.batch import Batch, Target
from mtlc.data.errors import DataError
from mtlc.data.loader import Loader, in_order
from mtlc.data.sample import Sample
from mtlc.data.transforms import Flip, Jitter

TARGETS = (Target("scene", "parts", "semseg"), Target("depth", "depth", "depth"))


def loader(data: Made | None = None, workers: int = 0, seed: int = 0, batch: int = 4) -> Loader:
    augment = (Flip(0.5), Jitter(0.3))
    return Loader(data or Made(10), TARGETS, batch=batch, seed=seed, augment=augment, workers=workers)


def same(first: Batch, second: Batch) -> bool:
    labels = all(torch.equal(first.labels[task], second.labels[task]) for task in first.labels)
    return first.ids == second.ids and torch.equal(first.images, second.images) and labels


def test_an_epoch_shows_every_image_once() -> None:
    made = loader()
    assert made.steps_per_epoch == 3
    for epoch in range(3):
        batches = [made.batch_at(step) for step in range(3 * epoch, 3 * epoch + 3)]
        assert [len(each) for each in batches] == [4, 4, 2]
        assert sorted(id for each in batches for id in each.ids) == list(Made(10).ids)


def test_every_epoch_has_an_order_and_changes_of_its_own() -> None:
    made = loader(batch=10)
    assert made.batch_at(0).ids != made.batch_at(1).ids
    image = [made.batch_at(step).images[made.batch_at(step).ids.index("i003")] for step in range(2)]
    assert not torch.equal(image[0], image[1])


def test_seeds_differ_and_repeat() -> None:
    assert same(loader(seed=3).batch_at(5), loader(seed=3).batch_at(5))
    assert not same(loader(seed=3).batch_at(5), loader(seed=4).batch_at(5))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_from_any_start_with_any_workers(workers: int) -> None:
    expected = [loader().batch_at(step) for step in range(7)]
    for start in (0, 4):
        found = list(islice(loader(workers=workers).batches(start), 7 - start))
        assert all(map(same, found, expected[start:]))


def test_the_changes_of_a_sample_do_not_depend_on_its_batch() -> None:
    alone, together = loader(batch=1), loader(batch=10)
    whole = together.batch_at(0)
    for step in range(10):
        one = alone.batch_at(step)
        assert torch.equal(one.images[0], whole.images[whole.ids.index(one.ids[0])])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_mistake_in_the_data_arrives_as_it_is(workers: int) -> None:
    with pytest.raises(DataError) as caught:
        list(islice(loader(Made(10, broken=7), workers).batches(), 3))
    assert caught.value.message == "`i007` is damaged" and caught.value.hint == "replace it"


@pytest.mark.parametrize("workers", [0, 1])
def test_a_skipped_sample_makes_its_batch_smaller_and_leaves_the_others_as_they_are(workers: int) -> None:
    skipping = Loader(
        Made(10, broken=7),
        TARGETS,
        batch=4,
        seed=0,
        augment=(Flip(0.5), Jitter(0.3)),
        workers=workers,
        skip=True,
    )
    for batch, whole in zip(islice(skipping.batches(), 6), map(loader().batch_at, range(6)), strict=True):
        assert batch.ids == tuple(id for id in whole.ids if id != "i007")
        assert batch.skipped == ({"i007": "`i007` is damaged"} if "i007" in whole.ids else {})
        kept = [whole.ids.index(id) for id in batch.ids]
        assert torch.equal(batch.images, whole.images[kept])
        assert torch.equal(batch.labels["depth"], whole.labels["depth"][kept])


def test_a_batch_of_skipped_samples_alone_is_empty() -> None:
    batch = Loader(Made(10, broken=7), TARGETS, batch=1, seed=0, skip=True)
    empty = [each for each in map(batch.batch_at, range(10)) if not len(each)]
    assert [dict(each.skipped) for each in empty] == [{"i007": "`i007` is damaged"}]
    (last,) = [each for each in in_order(Made(5, broken=4), TARGETS, 4, skip=True) if len(each) < 4]
    assert not len(last) and last.skipped


def test_a_share_of_labels_is_kept_among_the_images_that_have_them() -> None:
    data = Made(20, has=lambda label, index: label != "depth" or index < 8)
    half = Loader(data, [replace(TARGETS[1], share=0.5)], batch=20, seed=0)
    first, second = half.batch_at(0), half.batch_at(1)
    kept = {id for id, present in zip(first.ids, first.present["depth"], strict=True) if present}
    assert len(kept) == 4 and kept <= set(Made(8).ids)
    assert kept == {id for id, present in zip(second.ids, second.present["depth"], strict=True) if present}


def test_a_task_without_any_label_is_told_before_training() -> None:
    with pytest.raises(DataError, match="task `depth` cannot learn: no training image has label `depth`"):
        loader(Made(5, has=lambda label, index: label == "parts"))


def test_evaluation_goes_in_order_without_changes_and_with_every_label() -> None:
    half = tuple(replace(target, share=0.1) for target in TARGETS)
    batches = list(in_order(Made(10), half, 4))
    assert [id for each in batches for id in each.ids] == list(Made(10).ids)
    assert torch.equal(batches[0].images[1], Made(10).load(1).image)
    assert all(each.present["depth"].all() for each in batches)


def test_transforms_run_in_the_order_written() -> None:
    seen: list[str] = []

    def mark(word: str) -> object:
        def change(sample: Sample, rng: Random) -> Sample:
            seen.append(word)
            return sample

        return change

    Loader(Made(1), TARGETS, batch=1, seed=0, augment=[mark("a"), mark("b")]).batch_at(0)  # type: ignore[list-item]
    assert seen == ["a", "b"]


def test_every_sample_of_every_epoch_draws_numbers_of_its_own() -> None:
    drawn: list[float] = []

    def draw(sample: Sample, rng: Random) -> Sample:
        drawn.append(rng.random())
        return sample

    made = Loader(Made(10), TARGETS, batch=10, seed=0, augment=[draw])
    made.batch_at(0), made.batch_at(1)
    assert len(set(drawn)) == 20


def test_leaving_early_leaves_nothing_running() -> None:
    batches = loader(workers=0).batches()
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(batches)
