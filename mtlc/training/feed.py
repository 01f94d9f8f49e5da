"""The batches that a plan is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtlc.data.batch import Target
from mtlc.data.draws import Pool, refuse_unseen, shares
from mtlc.data.joined import Joined
from mtlc.data.loader import Loader
from mtlc.data.open import open_data
from mtlc.data.protocols import kept
from mtlc.data.sample import Dataset
from mtlc.data.transforms import Transform, transform
from mtlc.parts.data import Data
from mtlc.parts.protocols import Protocol
from mtlc.plan import Plan
from mtlc.training import processes


def loader(plan: Plan) -> Loader:
    """Over the training split, with every task's labels and the spec's augmentation: of each batch what this process
    has of it. Raises `DataError`."""
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
        left=_left(plan, data, targets),
        share=(processes.rank(), processes.size()),
    )


def _left(plan: Plan, data: Dataset, targets: Sequence[Target]) -> dict[str, frozenset[str]] | None:
    """By task the ids to which the data sets' protocols leave its label; None without any protocol."""
    sets = plan.data.sets()
    if not any(each.labels_ for each in sets.values()):
        return None
    having = {target.task: data.labelled(target.label) for target in targets}
    left = dict.fromkeys(having, frozenset[str]())
    for name in data.ranges if isinstance(data, Joined) else ("",):
        ids, protocol = [id for id in data.ids if id.startswith(f"{name}/") or not name], sets[name].labels_
        left = {task: left[task] | found for task, found in _left_of(protocol, ids, having, name).items()}
    return left


def _left_of(
    protocol: Protocol | None, ids: Sequence[str], having: Mapping[str, frozenset[str]], name: str
) -> dict[str, frozenset[str]]:
    """The same for one data set, whose ids begin with its name if it has one; a protocol knows them without."""
    here = {task: having[task] & frozenset(ids) for task in having}
    if protocol is None:
        return here
    start = f"{name}/" if name else ""
    bare = {task: [id.removeprefix(start) for id in found] for task, found in here.items()}
    found = kept(protocol, [id.removeprefix(start) for id in ids], bare)
    return {task: frozenset(start + id for id in each) for task, each in found.items()}


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
