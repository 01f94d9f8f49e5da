"""A run that begins with another run's weights: what matches is taken, and all is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.training import failures
from mtlc.training.checkpoint import WEIGHTS, pack_weights
from mtlc.training.errors import USAGE, RunError
from mtlc.training.initial import Initial, initial
from mtlc.training.loop import rehearse, train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder

THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n").replace("steps = 6", "steps = 1")
NEW = {"edges_decoder", "edges_head"}


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


class First(Silent):
    """Keeps the weights with which a run begins."""

    def __init__(self, model):
        self.model = model

    def start(self, start):
        self.weights = {name: each.clone() for name, each in self.model.state_dict().items()}


def test_a_run_begins_with_what_was_taken(base, tmp_path):
    model = toy(text=THREE)
    first = First(model)
    train(model, tmp_path, device="cpu", init=base, report=first)
    taken = initial(toy(text=THREE), base).taken
    assert taken and all(torch.equal(each, first.weights[name]) for name, each in taken.items())


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A run of two tasks, with the best weights some steps before the last ones."""
    out = tmp_path_factory.mktemp("base")
    train(toy(ToyPart(val=2), eval__every=2), out, device="cpu")
    return out


def kept(base):
    model = toy()
    model.load_state_dict(initial(model, base).taken)
    return model.state_dict()


def test_a_third_task_is_added_to_two_trained_ones(base, tmp_path):
    model, fresh, heard = toy(text=THREE), toy(text=THREE).state_dict(), Notes()
    found = initial(model, base)
    assert (set(found.new), found.partly, found.left) == (NEW, (), ())
    found.load(model)
    for name, each in model.state_dict().items():
        assert torch.equal(each, fresh[name] if name.split(".")[0] in NEW else kept(base)[name])
    train(model, tmp_path, device="cpu", init=base, report=heard)
    path = RunFolder(base).kept()
    assert heard.notes[:3] == [
        f"first weights from `{path}`",
        "  matched: encoder, semseg_decoder, depth_decoder, semseg_head, depth_head",
        "  new: edges_decoder, edges_head",
    ]
    written = json.loads((tmp_path / "init.json").read_text())
    assert written["from"] == str(path) and set(written["new"]) == NEW


def test_the_kept_weights_of_a_run_are_taken(base):
    assert initial(toy(), base).path == RunFolder(base).kept()
    assert initial(toy(), RunFolder(base).kept()).path == RunFolder(base).kept()
    assert initial(toy(), RunFolder(base).last()).path == RunFolder(base).last() / WEIGHTS


def test_a_task_that_is_gone_is_left(base):
    found = initial(toy(text=SPEC.replace("task depth\n", "")), base)
    assert (found.left, found.new) == (("depth_decoder", "depth_head"), ())


def test_tensors_of_another_shape_are_listed_with_both(base):
    found = initial(toy(text=SPEC.replace("task semseg", "task semseg { decoder = linear(dim = 6) }")), base)
    assert found.differing["semseg_head.predict.weight"] == ("15x8x1x1", "15x6x1x1")
    assert set(found.partly) == {"semseg_head"}
    name, (there, here) = next(iter(found.differing.items()))
    assert f"  not taken: `{name}` is {there} there and {here} here" in list(found.words())


def test_a_batch_norms_count_alone_is_no_match(base):
    wide = SPEC.replace("width = 8", "width = 12").replace("dim = 8", "dim = 12")
    found_any = [n for n in toy().state_dict() if n.endswith("num_batches_tracked")]
    assert found_any
    taken = initial(toy(text=wide), base).taken
    assert not set(found_any) & set(taken)


def test_nothing_that_matches_is_wrong_usage_before_anything_is_written(base, tmp_path):
    other = SPEC.replace("encoder :", "trunk :").replace("task semseg\ntask depth", "task edges")
    with pytest.raises(
        RunError, match="matches this spec: it holds depth_decoder, depth_head, encoder"
    ) as caught:
        train(toy(text=other), tmp_path / "run", device="cpu", init=base)
    assert caught.value.exit_code == USAGE
    assert "the model has trunk, edges_decoder, edges_head" in caught.value.hint
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [None, b"nonsense", "pickle"])
def test_only_safetensors_are_opened(tmp_path, content):
    path, proof = tmp_path / "weights.pt", tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(proof),)

    if content == "pickle":
        torch.save({"encoder": Evil()}, path)
    elif content:
        path.write_bytes(content)
    with pytest.raises(RunError, match=r"weights\.pt`") as caught:
        initial(toy(), path)
    assert caught.value.exit_code == USAGE
    assert not proof.exists()


def test_resume_and_init_together_are_wrong_usage(base, tmp_path):
    with pytest.raises(RunError, match="has weights already") as caught:
        train(toy(), tmp_path, device="cpu", resume=True, init=base)
    assert caught.value.exit_code == USAGE


def test_a_rehearsal_takes_first_weights_too(base):
    heard = Notes()
    rehearse(toy(text=THREE), device="cpu", init=base, report=heard)
    assert heard.notes[0].startswith("first weights from")


def test_pretrained_weights_are_not_asked_for_where_a_run_gives_them(base, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(type(toy()), "load_pretrained", lambda self, but=(): asked.append(set(but)))
    model = toy(text=THREE)
    failures.load_pretrained(model)
    train(model, tmp_path, device="cpu", init=base)
    assert asked[0] == set() and "encoder" in asked[1] and "edges_head" not in asked[1]


def test_a_checkpoint_of_another_program_that_names_the_same_things_will_do(tmp_path):
    path = tmp_path / "any.safetensors"
    path.write_bytes(pack_weights(toy().train, ""))
    assert not initial(toy(), path).new


def test_only_the_first_tensors_that_were_not_taken_are_named():
    shapes = {f"encoder.{number}": ("1", "2") for number in range(11)}
    first = Initial(Path("run"), {}, (), (), (), (), shapes)
    said = [line for line in first.words() if line.startswith("  ")]
    assert len(said) == 9 and said[-1] == "  and 3 more"
