"""Training on several data sets: who gives what to an epoch, who teaches whom, and that a resumed run ends equal."""

from __future__ import annotations

import os
import signal
from collections import Counter
from itertools import islice

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.data.errors import DataError
from mtlc.lower import Model
from mtlc.parts.data import Flip
from mtlc.parts.part import Size
from mtlc.parts.several import Several
from mtlc.training.errors import RunError
from mtlc.training.evaluate import evaluate
from mtlc.training.feed import loader
from mtlc.training.loop import rehearse, train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder

TEXT = SPEC.replace("data rooms", "data a : rooms\ndata b : rooms")
LEARNS = {"a": {"semseg": "semseg", "depth": "depth"}, "b": {"depth": "depth"}}


def model(a: ToyPart | None = None, b: ToyPart | None = None, mix: str = "uniform", **overrides) -> Model:
    members = {"a": a or ToyPart(images=6, val=2), "b": b or ToyPart(images=4, val=3, test=2)}
    return toy(Several(members, LEARNS), TEXT, train__mix=mix, **overrides)


class Heard(Silent):
    """Keeps losses and notes, and asks the run to end after some steps, each once."""

    def __init__(self, *stops: int) -> None:
        self.stops, self.losses, self.notes = list(stops), [], []

    def step(self, done):
        self.losses.append(dict(done.losses))
        if self.stops and done.step == self.stops[0]:
            self.stops.pop(0)
            os.kill(os.getpid(), signal.SIGINT)

    def note(self, text):
        self.notes.append(text)


def drawn(made: Model, epochs: int) -> Counter[str]:
    feed = loader(made.plan)
    batches = map(feed.batch_at, range(epochs * feed.steps_per_epoch))
    return Counter(id for batch in batches for id in batch.ids)


@pytest.mark.parametrize(
    ("mix", "a", "b"), [("proportional", 18, 12), ("uniform", 15, 15), ("[4, 1]", 24, 6), ("[1, 4]", 6, 24)]
)
def test_each_data_set_gives_what_the_mix_says_and_favours_no_image(mix, a, b):
    seen = drawn(model(mix=mix), 3)
    assert sum(seen.values()) == 30
    for name, images, whole in (("a", 6, a), ("b", 4, b)):
        visits = [seen[f"{name}/train-{index}"] for index in range(images)]
        assert sum(visits) == whole and max(visits) - min(visits) <= 1


def test_a_data_set_without_training_images_takes_no_part_in_the_mix():
    members = {"a": ToyPart(images=6), "x": ToyPart(images=0, val=2), "b": ToyPart(images=4)}
    learns = LEARNS | {"x": {"depth": "depth"}}
    text = TEXT.replace("data b", "data x : rooms\ndata b")
    made = toy(Several(members, learns), text, train__mix="[1, 5, 4]")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "toy.Toy.splits", lambda part: [s for s, n in (("train", part.images), ("val", part.val)) if n]
        )
        assert [(pool.name, pool.draws) for pool in loader(made.plan).pools] == [("a", 2), ("b", 8)]


def test_an_image_that_comes_again_is_changed_anew_and_only_as_its_own_data_set_says():
    made = model(ToyPart(images=6), ToyPart(images=2, augment=(Flip(),)), mix="[1, 7]", train__batch=8)
    feed = loader(made.plan)
    seen: dict[str, list[torch.Tensor]] = {}
    for batch in map(feed.batch_at, range(4)):
        for id, image in zip(batch.ids, batch.images, strict=True):
            seen.setdefault(id, []).append(image)
    same = {id: all(torch.equal(images[0], each) for each in images) for id, images in seen.items()}
    assert len(seen["b/train-0"]) == 14 and not same["b/train-0"]
    assert all(same[id] for id in seen if id.startswith("a/"))


def test_the_number_of_workers_changes_no_batch():
    expected = [loader(model().plan).batch_at(step) for step in range(4)]
    found = list(islice(loader(model(train__workers=2).plan).batches(), 4))
    for one, other in zip(found, expected, strict=True):
        assert one.ids == other.ids and torch.equal(one.images, other.images)


def test_a_task_has_no_loss_from_a_data_set_that_does_not_label_it(tmp_path):
    heard = Heard()
    large = Size(64, 64)  # so that a batch norm sees more than one value of one image
    a, b = ToyPart(large, images=6), ToyPart(large, images=4)
    train(model(a, b, train__batch=1, train__steps=10), tmp_path, device="cpu", report=heard)
    assert Counter(tuple(losses) for losses in heard.losses) == {("semseg", "depth"): 5, ("depth",): 5}


def test_only_its_own_labels_teach_a_task():
    """What stands in a label that no task learns from a data set changes no loss."""
    first, second = (
        [loader(each.plan).batch_at(step).present["semseg"] for step in range(3)]
        for each in (model(), model(b=ToyPart(images=4, bare=("semseg",))))
    )
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    batch = loader(model(train__batch=10).plan).batch_at(0)
    assert [id[0] for id in batch.ids] == ["a" if there else "b" for there in batch.present["semseg"]]


def test_a_share_of_labels_is_of_those_of_all_data_sets_together():
    batches = loader(model(mix="proportional", train__batch=10, task__depth__labels=0.5).plan)
    batch = batches.batch_at(0)
    kept = {id for id, there in zip(batch.ids, batch.present["depth"], strict=True) if there}
    assert len(kept) == 5 and batch.present["semseg"].sum() == 6


def test_a_task_is_judged_on_all_images_that_label_it():
    made = model()
    scores = evaluate(made, "val", device="cpu")
    assert scores.images == 5
    assert {task: counted["images"] for task, counted in scores.counted.items()} == {"semseg": 2, "depth": 5}
    test = evaluate(made, "test", device="cpu")
    assert test.images == 2 and set(test.metrics) == {"depth"}


@pytest.mark.parametrize("stops", [(1, 5), (3, 8)])
def test_stopped_and_resumed_a_run_ends_bit_for_bit_equal(tmp_path, stops):
    a, b = ToyPart(images=6, val=2, augment=(Flip(),)), ToyPart(images=4, val=1, test=2)
    made = lambda: model(a, b, mix="[1, 2]", train__steps=10, train__save=4)  # noqa: E731
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(made(), whole, device="cpu")
    heard = Heard(*stops)
    for turn in range(3):
        result = train(made(), parts, device="cpu", resume=turn > 0, report=heard)
    assert not result.interrupted and not heard.stops
    for name in ("metrics.jsonl", "test.json", "spec.mtl"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    weights = [RunFolder(each).last() / "model.safetensors" for each in (whole, parts)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.parametrize(
    ("mix", "said"),
    [
        ("proportional", "an epoch is 10 images: a 6, b 4 (each once)"),
        ("uniform", "an epoch is 10 images: a 5 (of 6), b 5 (of 4)"),
    ],
)
def test_a_run_says_what_an_epoch_is(mix, said):
    heard = Heard()
    rehearse(model(mix=mix), device="cpu", report=heard)
    assert heard.notes == [said]


def test_a_run_on_one_data_set_does_not_say_so():
    heard = Heard()
    rehearse(toy(), device="cpu", report=heard)
    assert heard.notes == []


def test_a_damaged_sample_is_left_out_and_named_with_its_data_set(tmp_path):
    skip = {"train__on_bad_sample": "skip", "train__steps": 6, "train__batch": 5}
    made = model(ToyPart(images=6), ToyPart(images=4, broken=2), **skip)
    result = train(made, tmp_path, device="cpu")
    assert set(result.skipped) == {"train/b/train-2"} and result.left_out >= 1


def test_a_run_ends_where_no_sample_of_any_data_set_can_be_read(tmp_path):
    every = tuple(range(6))
    made = model(
        *(ToyPart(images=count, damaged=every) for count in (6, 4)),
        train__on_bad_sample="skip",
        train__steps=30,
    )
    with pytest.raises(RunError, match="none of the 10 training samples can be read"):
        train(made, tmp_path, device="cpu")


def test_a_weight_that_shows_no_image_is_refused_before_training():
    with pytest.raises(DataError, match="data set `b` gives none of the 10 images"):
        loader(model(mix="[100, 1]").plan)


def test_a_task_that_no_training_image_labels_is_refused():
    made = toy(Several({"a": ToyPart(), "b": ToyPart()}, {"a": {"semseg": "semseg"}, "b": {}}))
    with pytest.raises(DataError, match="task `depth` cannot learn"):
        loader(made.plan)
