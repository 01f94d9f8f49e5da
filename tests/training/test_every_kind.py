"""What holds for a task of every kind, from its labels to its pictures."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_step import stepper
from toy import KINDS, ToyPart

from mtlc import api
from mtlc.data.batch import Target, collate
from mtlc.data.loader import in_order
from mtlc.data.open import open_data
from mtlc.parts.part import named
from mtlc.parts.tasks import Task
from mtlc.source import Source
from mtlc.training.evaluate import evaluate
from mtlc.training.evaluations import judged
from mtlc.training.predict import predict_to
from mtlc.training.samples import write_samples

SPEC = """
data folder {
  root     = "."
  manifest = "every_kind.yaml"
  size     = 16x24
}
shared encoder : tiny { width = 8 }
task it : KIND { weight = 1 }
train { batch = 4, optimizer = adamw(lr = 0.01) }
eval { best = it }
"""
every_kind = pytest.mark.parametrize("kind", KINDS)


def model_of(kind, data=None):
    text = SPEC.replace("KIND", kind)
    if named(Task)[kind].dense:
        text = text.replace("weight = 1", "decoder = linear(dim = 8)")
    spec = api.load(Source("every.mtl", text, Path(__file__).parent / "every.mtl"))
    return api.build(replace(spec, data=data or ToyPart()))


def whole(model, split="train", size=8):
    targets = [Target.of(task) for task in model.plan.tasks.values()]
    return next(in_order(open_data(model.plan.data, split), targets, size))


def loss_of(model, batch):
    take = stepper(model)
    totals = take.objective.totals([batch])
    with torch.no_grad():
        return take.objective(model.train.eval()(batch.images), batch, totals).main


def test_every_kind_of_the_catalogue_is_here():
    assert set(KINDS) == {word for word, part in named(Task).items() if part.__module__.startswith("mtlc.")}


@every_kind
def test_steps_bring_the_loss_down(kind):
    model = model_of(kind)
    take = stepper(model)
    batch = whole(model)
    first = take(batch).losses["it"]
    for _ in range(15):
        last = take(batch).losses["it"]
    assert 0 < last < first


@every_kind
def test_images_without_the_label_do_not_change_the_loss(kind):
    model = model_of(kind, ToyPart(bare=(kind,)))
    model.train.eval()
    batch = whole(model)
    there = batch.present["it"]
    assert there.tolist() == [True, False] * 4
    alone = replace(
        batch,
        images=batch.images[there],
        labels={"it": batch.labels["it"][there]},
        present={"it": there[there]},
        ids=tuple(batch.ids[::2]),
    )
    assert loss_of(model, batch)["it"].item() == pytest.approx(loss_of(model, alone)["it"].item(), rel=1e-5)
    other = copy.deepcopy(batch)
    other.images[~there] = torch.rand(other.images[~there].shape)
    assert loss_of(model, other)["it"].item() == pytest.approx(loss_of(model, batch)["it"].item(), rel=1e-5)


@every_kind
def test_images_without_the_label_are_not_judged(kind):
    model = model_of(kind, ToyPart(test=4, bare=(kind,)))
    scores = evaluate(model, device="cpu")
    batch = whole(model, "test")
    assert scores.counted["it"]["images"] == 2
    assert set(scores.metrics["it"]) == {metric.name for metric in named(Task)[kind].metrics}
    assert scores.losses["it"] == pytest.approx(loss_of(model, batch)["it"].item(), rel=1e-4)


@every_kind
def test_its_first_figure_can_choose_the_best_step(kind):
    model = model_of(kind, ToyPart(test=4))
    scores = evaluate(model, device="cpu")
    assert judged(model.plan, scores) == scores.metrics["it"][named(Task)[kind].metrics[0].name]


@every_kind
def test_predictions_are_written_and_drawn(kind, tmp_path):
    model = model_of(kind)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (21, 33, 3), np.uint8)).save(tmp_path / "a.png")
    (sheet,), failures = predict_to(model, [tmp_path / "a.png"], tmp_path / "out", device="cpu")
    assert not failures and sheet.exists()
    array = np.load(tmp_path / "out" / "a" / "it.npy")
    if named(Task)[kind].dense:
        assert array.shape[:2] == (21, 33) and (tmp_path / "out" / "a" / "it.png").exists()
    else:
        told = json.loads((tmp_path / "out" / "a" / "it.json").read_text())
        assert list(told) == list(model.plan.tasks["it"].classes)
        assert list(told.values()) == pytest.approx(array.tolist(), rel=1e-4)


@every_kind
def test_samples_are_drawn_with_and_without_their_labels(kind, tmp_path):
    data = ToyPart(bare=(kind,))
    model = model_of(kind, data)
    written = write_samples(model, open_data(data, "train"), tmp_path, torch.device("cpu"))
    assert len(written) == 8 and all(path.exists() for path in written)


def test_an_images_classes_sum_to_one_and_its_numbers_are_the_models_own(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (24, 16), (9, 99, 200)).save(path)
    model = model_of("classify")
    (found,) = api.predict(model, [path], device="cpu")
    assert found.arrays()["it"].sum() == pytest.approx(1) and found.arrays()["it"].dtype == np.float32
    model = model_of("regress")
    (found,) = api.predict(model, [path], device="cpu")
    assert found.arrays()["it"].tolist() == found.raw["it"].tolist()


def test_a_map_of_human_parts_without_any_part_is_not_learnt_from():
    model = model_of("human_parts")
    dark = open_data(ToyPart(), "train").load(0)
    dark.labels["human_parts"][:] = 0
    dark.labels["human_parts"][0, 0] = 255
    batch = collate([dark], [Target.of(task) for task in model.plan.tasks.values()])
    assert stepper(model)(batch).empty
