"""The batches that a plan is trained on."""

from __future__ import annotations

from mtlc.data.batch import Target
from mtlc.data.loader import Loader
from mtlc.data.open import open_data
from mtlc.data.transforms import transform
from mtlc.plan import Plan


def loader(plan: Plan) -> Loader:
    """Over the training split, with every task's labels and the spec's augmentation. Raises `DataError`."""
    targets = [Target.of(task) for task in plan.tasks.values()]
    return Loader(
        open_data(plan.data, "train", {target.label for target in targets}),
        targets,
        batch=plan.train.batch,
        seed=plan.train.seed,
        augment=[transform(each) for each in plan.data.augment],
        workers=plan.train.workers,
        skip=plan.train.on_bad_sample == "skip",
    )
