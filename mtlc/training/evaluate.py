"""A model on a split: metrics and losses of every task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch, Target
from mtlc.data.loader import in_order
from mtlc.data.open import open_data, splits
from mtlc.data.sample import Dataset
from mtlc.lower import Model
from mtlc.parts.part import AUTO
from mtlc.plan import Plan
from mtlc.training.device import choose, images_on, placed
from mtlc.training.errors import FAILED, RunError
from mtlc.training.failures import clear_data_errors, clear_model_errors
from mtlc.training.interrupt import Stop
from mtlc.training.metrics import Metric, metric_for
from mtlc.training.metrics.metric import ByClass, Confused
from mtlc.training.objective import Objective
from mtlc.training.record import plain
from mtlc.training.scores import Confusion, Scores


def evaluate(model: Model, split: str = "test", *, device: str = "auto") -> Scores:
    """A built model with the weights it has, on `train`, `val` or `test`. Raises `RunError`."""
    where = choose(device)
    with clear_data_errors(), clear_model_errors(model, lambda: f"the evaluation on `{split}`"):
        there = splits(model.plan.data)
        if split not in there:
            message = f"the data has no split `{split}`; it has {', '.join(there) or 'none'}"
            raise RunError(message, "choose one of them by `--split`", FAILED)
        placed(model.train, where)
        labels = {task.label for task in model.plan.tasks.values()}
        dataset = open_data(model.plan.data, split, labels)
        scores = score(model.infer, model.plan, dataset, split, where)
    assert scores is not None
    return scores


def score(
    predict: nn.Module,
    plan: Plan,
    dataset: Dataset,
    split: str,
    device: torch.device,
    stop: Stop | None = None,
) -> Scores | None:
    """The scores of an `infer` graph, in 32 bits whatever the training's precision; None if asked to stop.

    Images are judged batch by batch, at the size of the data. What cannot be read raises `DataError`, or is
    left out where `train.on_bad_sample` says so.
    """
    targets = [Target.of(task) for task in plan.tasks.values()]
    batch = plan.train.batch if plan.eval.batch is AUTO else plan.eval.batch
    tally = _Tally(plan)
    predict.eval()
    skip, skipped = plan.train.on_bad_sample == "skip", dict[str, str]()
    for each in in_order(dataset, targets, int(batch), skip=skip):  # type: ignore[arg-type]
        if stop is not None and stop.asked:
            return None
        skipped |= each.skipped
        if not len(each):
            continue
        here = each.to(device)
        with torch.inference_mode():
            tally.add(predict(images_on(here.images, device)), here)
    return replace(tally.scores(split, len(dataset)), skipped=skipped)


class _Tally:
    """Metrics and sums of losses over the batches of a split."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.objective = plan, Objective(plan)
        self.metrics: dict[str, Metric] = {
            n: metric_for(t.part.word, len(t.classes)) for n, t in plan.tasks.items()
        }
        self.sums = dict.fromkeys(plan.tasks, 0.0)
        self.rows = dict.fromkeys(plan.tasks, 0)

    def add(self, predictions: Mapping[str, Tensor], batch: Batch) -> None:
        batch = self.objective.settled(batch)
        totals = self.objective.totals([batch])
        for task in totals:
            there = batch.present[task]
            prediction, label = predictions[task][there], batch.labels[task][there]
            self.metrics[task].update(prediction.float(), label)
            loss = self.objective.loss(task, prediction, label, totals)
            self.sums[task] += loss.item() * len(label)
            self.rows[task] += len(label)

    def scores(self, split: str, images: int) -> Scores:
        judged = [task for task, rows in self.rows.items() if rows]
        losses = {task: self.sums[task] / self.rows[task] for task in judged}
        weights = self.objective.weights
        return Scores(
            split=split,
            images=images,
            metrics={task: self.metrics[task].result() for task in judged},
            counted={task: self.metrics[task].counted for task in judged},
            losses=losses,
            loss=sum(weights[task] * loss for task, loss in losses.items()) if losses else math.nan,
            confusion={task: found for task in judged if (found := self._confusion(task))},
            by_class={task: rows for task in judged if (rows := self._by_class(task))},
        )

    def _confusion(self, task: str) -> Confusion | None:
        metric = self.metrics[task]
        if not isinstance(metric, Confused):
            return None
        names = self.plan.tasks[task].classes or (f"no {task}", task)
        return Confusion(list(names), metric.confusion.tolist())

    def _by_class(self, task: str) -> list[dict[str, str | float | None]]:
        metric = self.metrics[task]
        if not isinstance(metric, ByClass):
            return []
        named = zip(self.plan.tasks[task].classes, metric.by_class(), strict=True)
        return [{"name": name, **plain(figures)} for name, figures in named]
