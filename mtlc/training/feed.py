"""The batches that a plan is trained on."""

from __future__ import annotations

from mtlc.data.batch import Target
from mtlc.data.draws import Pool, refuse_unseen, shares
from mtlc.data.joined import Joined
from mtlc.data.loader import Loader
from mtlc.data.open import open_data
from mtlc.data.sample import Dataset
from mtlc.data.transforms import Transform, transform
from mtlc.parts.data import Data
from mtlc.plan import Plan


def loader(plan: Plan) -> Loader:
    """Over the training split, with every task's labels and the spec's augmentation. Raises `DataError`."""
    targets = [Target.of(task) for task in plan.tasks.values()]
    data = open_data(plan.data, "train", {target.label for target in targets})
    return Loader(
        data,
        targets,
        batch=plan.train.batch,
        seed=plan.train.seed,
        augment=_augment(plan.data),
        pools=_pools(plan, data),
        workers=plan.train.workers,
        skip=plan.train.on_bad_sample == "skip",
    )


def _pools(plan: Plan, data: Dataset) -> list[Pool]:
    """Of several data sets, those that have training images; none for one data set."""
    if not isinstance(data, Joined):
        return []
    mix, sets = plan.train.mix, plan.data.sets()
    if isinstance(mix, tuple):
        mix = tuple(weight for weight, name in zip(mix, sets, strict=True) if name in data.ranges)
    draws = shares([len(places) for places in data.ranges.values()], mix)
    pools = [
        Pool(name, places, count, _augment(sets[name]))
        for (name, places), count in zip(data.ranges.items(), draws, strict=True)
    ]
    refuse_unseen(pools)
    return pools


def _augment(data: Data) -> tuple[Transform, ...]:
    return tuple(transform(each) for each in data.augment)
