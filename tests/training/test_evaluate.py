"""A model on a split."""

from __future__ import annotations

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.data.batch import Target
from mtlc.data.loader import in_order
from mtlc.data.open import open_data
from mtlc.training.errors import RunError
from mtlc.training.evaluate import evaluate
from mtlc.training.metrics import metric_for
from mtlc.training.objective import Objective


def test_metrics_are_those_of_all_images_at_once_whatever_the_batch():
    model = toy(ToyPart(test=5), train__batch=2)
    model.infer.eval()
    targets = [Target.of(task) for task in model.plan.tasks.values()]
    whole = next(in_order(open_data(model.plan.data, "test"), targets, 5))
    with torch.inference_mode():
        predictions = model.infer(whole.images)
    scores = evaluate(model, device="cpu")
    for name, task in model.plan.tasks.items():
        metric = metric_for(task.part.word, len(task.classes))
        metric.update(predictions[name], whole.labels[name])
        assert scores.metrics[name] == pytest.approx(metric.result(), rel=1e-4)
        assert scores.counted[name] == metric.counted
        loss = Objective(model.plan)
        whole_loss = loss.loss(name, predictions[name], whole.labels[name], loss.totals([whole]))
        assert scores.losses[name] == pytest.approx(whole_loss.item(), rel=1e-4)
    assert scores.images == 5


def test_a_missing_label_contributes_nothing():
    model = toy(ToyPart(test=4, bare=("depth",)), task__depth__weight=3)
    full = toy(ToyPart(test=4), task__depth__weight=3)
    some, every = evaluate(model, device="cpu"), evaluate(full, device="cpu")
    assert some.counted["depth"]["images"] == 2 and some.counted["semseg"]["images"] == 4
    assert some.metrics["semseg"] == every.metrics["semseg"]
    assert some.losses["depth"] != every.losses["depth"]
    assert some.loss == pytest.approx(some.losses["semseg"] + 3 * some.losses["depth"])


def test_a_task_without_any_label_in_the_split_has_no_entry():
    scores = evaluate(toy(ToyPart(test=3, none=("semseg",))), device="cpu")
    assert set(scores.metrics) == set(scores.losses) == {"depth"}
    assert scores.loss == pytest.approx(scores.losses["depth"])


def test_a_split_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(RunError, match="the data has no split `val`; it has train, test"):
        evaluate(toy(ToyPart(test=1)), "val", device="cpu")


def test_evaluation_leaves_the_weights_and_running_means_alone():
    model = toy(ToyPart(test=3))
    before = {name: each.clone() for name, each in model.state_dict().items()}
    evaluate(model, device="cpu")
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


def test_classes_are_counted_where_they_were_labelled_and_what_was_said_of_them():
    model = toy(ToyPart(test=5), SPEC.replace("task depth", "task edges"))
    scores = evaluate(model, device="cpu")
    assert scores.confusion["semseg"].names == list(model.plan.tasks["semseg"].classes)
    assert scores.confusion["edges"].names == ["no edges", "edges"]
    for task in ("semseg", "edges"):
        counts = scores.confusion[task].counts
        assert sum(map(sum, counts)) == scores.counted[task]["pixels"] == 5 * 16 * 24
    rows = {row["name"]: row for row in scores.by_class["semseg"]}
    for row, counts in zip(rows.values(), scores.confusion["semseg"].counts, strict=True):
        assert row["labelled pixels"] == sum(counts)


def test_two_evaluations_of_the_same_model_are_equal_also_where_a_class_has_no_figure():
    model = toy(ToyPart(test=2))
    one, other = evaluate(model, device="cpu"), evaluate(model, device="cpu")
    assert any(row["iou"] is None for row in one.by_class["semseg"])
    assert one == other


def test_a_line_of_the_record_holds_no_matrix():
    scores = evaluate(toy(ToyPart(test=2)), device="cpu")
    assert not {"confusion", "by_class"} & scores.summary().keys()
    assert {"confusion", "by_class"} < scores.as_dict().keys()
