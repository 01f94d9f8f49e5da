"""Batches in an order that depends on the seed alone: not on workers, nor on where a run was resumed."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import torch
from torch.utils.data import DataLoader

from mtlc.data.batch import Batch, Target, collate, kept_ids
from mtlc.data.damage import sound
from mtlc.data.draws import Draw, Pool, epoch_of
from mtlc.data.errors import DataError
from mtlc.data.sample import Dataset, Sample
from mtlc.data.transforms import Transform


class Loader:
    """Training batches without end. Raises `DataError` where no image has a task's label.

    An epoch is ceil(images / batch) steps over its own permutation of the images; its last batch may be
    smaller. A sample's random changes come from (seed, epoch, id), so that `batch_at(step)` is the same
    however it is reached. With `pools` an epoch has as many images, but each of these data sets gives its
    own number of them and has changes of its own; for the epoch stands then how often the image came before.

    A sample that cannot be read raises `DataError`. With `skip` it is left out instead: nothing takes its
    place, so that its batch is smaller, possibly empty, and all other samples are what they would be without
    it. `Batch.skipped` says which and why.

    `left` has by task the ids to which label protocols leave its label; the others lack it. `labelled` counts by
    task the images whose label is used.

    `share` is (i, n): of each batch only the i-th of n parts is read, of nearly equal size, some of them empty where
    a batch has fewer samples. The batches, and the samples' changes, are the same whatever n.
    """

    def __init__(
        self,
        dataset: Dataset,
        targets: Sequence[Target],
        *,
        batch: int,
        seed: int,
        augment: Sequence[Transform] = (),
        pools: Sequence[Pool] = (),
        workers: int = 0,
        skip: bool = False,
        left: Mapping[str, frozenset[str]] | None = None,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        _refuse_unlabelled(dataset, targets)
        self.images, self.batch, self.seed, self.workers = len(dataset), batch, seed, workers
        self.share = share
        self.pools = tuple(pools) or (Pool("", range(self.images), self.images, tuple(augment)),)
        self._epoch = lru_cache(maxsize=2)(partial(epoch_of, self.pools, seed))
        keep = _keep(dataset, targets, seed, left or {})
        self.labelled = {t.task: len(keep.get(t.task, dataset.labelled(t.label))) for t in targets}
        self._prepare = _Prepare(dataset, tuple(targets), seed, self.pools, keep, skip)

    def whole(self) -> Loader:
        """The same, reading all of each batch."""
        every = copy(self)
        every.share = (0, 1)
        return every

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return -(-self.images // self.batch)

    def batch_at(self, step: int) -> Batch:
        """The batch of a step (from 0). Raises `DataError`."""
        return _raised(self._prepare(self._picks(step)))

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """The batches from a step on, prepared ahead of their use. Raises `DataError`."""
        return self._from_workers(start) if self.workers else self._from_thread(start)

    def _picks(self, step: int) -> list[Draw]:
        epoch, row = divmod(step, self.steps_per_epoch)
        whole = self._epoch(epoch)[row * self.batch : (row + 1) * self.batch]
        place, shares = self.share
        return whole[len(whole) * place // shares : len(whole) * (place + 1) // shares]

    def _from_thread(self, start: int) -> Iterator[Batch]:
        with ThreadPoolExecutor(1, "mtlc-data") as pool:
            ahead = pool.submit(self.batch_at, start)
            while True:
                ready, start = ahead, start + 1
                batch = ready.result()
                ahead = pool.submit(self.batch_at, start)
                yield batch

    def _from_workers(self, start: int) -> Iterator[Batch]:
        steps = _Steps(self, start)
        loader: DataLoader[Batch | DataError] = DataLoader(
            self._prepare,  # type: ignore[arg-type]
            batch_size=None,
            sampler=steps,
            num_workers=self.workers,
            worker_init_fn=_quiet,
        )
        for batch in loader:
            yield _raised(batch)


def in_order(
    dataset: Dataset, targets: Sequence[Target], batch: int, *, skip: bool = False
) -> Iterator[Batch]:
    """Every image once, in order, unchanged, with every label it has: for evaluation. Raises `DataError`,
    unless what cannot be read is to be skipped."""
    for start in range(0, len(dataset), batch):
        rows = range(start, min(start + batch, len(dataset)))
        loads = [(dataset.ids[row], partial(_sound, dataset, row, targets)) for row in rows]
        samples, skipped = _loaded(loads, skip)
        yield replace(collate(samples, targets), skipped=skipped)


def _sound(dataset: Dataset, row: int, targets: Sequence[Target]) -> Sample:
    return sound(dataset.load(row), targets)


Loads = Iterable[tuple[str, Callable[[], Sample]]]
"""Ids, each with how its sample is loaded."""


def _loaded(loads: Loads, skip: bool) -> tuple[list[Sample], dict[str, str]]:
    """The samples that can be read, and by id why others cannot. Raises `DataError` unless it may skip."""
    samples, skipped = list[Sample](), dict[str, str]()
    for id, load in loads:
        try:
            samples.append(load())
        except DataError as error:
            if not skip:
                raise
            skipped[id] = error.message
    return samples, skipped


@dataclass(frozen=True)
class _Prepare:
    """Makes one batch from its picks, in whichever process it is called."""

    dataset: Dataset
    targets: tuple[Target, ...]
    seed: int
    pools: tuple[Pool, ...]
    keep: Mapping[str, frozenset[str]]
    skip: bool

    def __call__(self, picks: list[Draw]) -> Batch | DataError:
        # An error is handed over as a value: torch would wrap one raised in a worker in a traceback.
        try:
            loads = [(self.dataset.ids[index], partial(self._load, visit, index)) for visit, index in picks]
            samples, skipped = _loaded(loads, self.skip)
            return replace(collate(samples, self.targets, self.keep), skipped=skipped)
        except DataError as error:
            return error

    __getitem__ = __call__

    def _load(self, visit: int, index: int) -> Sample:
        rng = random.Random(f"{self.seed}/{visit}/{self.dataset.ids[index]}")
        augment = next(pool.augment for pool in self.pools if index in pool.images)

        def change(sample: Sample) -> Sample:
            for transform in augment:
                sample = transform(sample, rng)
            return sample

        return sound(self.dataset.load(index, change), self.targets)


@dataclass(frozen=True)
class _Steps:
    """The picks of one step after another, without end."""

    loader: Loader
    start: int

    def __iter__(self) -> Iterator[list[Draw]]:
        step = self.start
        while True:
            yield self.loader._picks(step)
            step += 1


def _keep(
    dataset: Dataset, targets: Sequence[Target], seed: int, left: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """By task the ids whose label is used, where that is not all: a share of those that a protocol leaves."""
    part = [target for target in targets if target.share < 1 or target.task in left]
    ids = {each.task: left.get(each.task, dataset.labelled(each.label)) for each in part}
    for task, found in ids.items():
        if not found:
            message = f"task `{task}` cannot learn: the `labels` of its data leave it no training image"
            raise DataError(message, "choose another seed or protocol, or name the task in the table")
    return {each.task: kept_ids(ids[each.task], each.share, seed, each.task) for each in part}


def _refuse_unlabelled(dataset: Dataset, targets: Sequence[Target]) -> None:
    for target in targets:
        if not dataset.labelled(target.label):
            message = f"task `{target.task}` cannot learn: no training image has label `{target.label}`"
            raise DataError(message, "check where the manifest says that the label's files are")


def _raised(batch: Batch | DataError) -> Batch:
    if isinstance(batch, DataError):
        raise batch
    return batch


def _quiet(worker: int) -> None:
    """Ctrl-C goes to the training process, which ends its workers; one thread each leaves it the cores."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
