"""Checkpoints: whole or not at all, no more than two, and never of another spec."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from mtlc.training import atomic
from mtlc.training.checkpoint import (
    INDEX,
    STATE,
    WEIGHTS,
    Checkpoints,
    Index,
    load_weights,
    pack_state,
    pack_weights,
    read_spec,
    read_state,
    read_weights,
)
from mtlc.training.differing import difference
from mtlc.training.errors import FAILED, RunError


@pytest.fixture
def checkpoints(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return Checkpoints(tmp_path / "checkpoints")


def module():
    return nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_only_the_last_and_the_best_are_kept(checkpoints):
    for step in range(5):
        checkpoints.write(step, b"weights", b"state", best=step == 2)
    assert checkpoints.index() == Index("step-000004", "step-000002")
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == [INDEX, "step-000002", "step-000004"]


def test_weights_come_back_bit_for_bit_with_the_text_of_their_spec(checkpoints):
    model = module()
    path = checkpoints.write(1, pack_weights(model, "mtl 1\n"), b"", best=False)
    got = read_weights(path / WEIGHTS)
    assert all(torch.equal(got[name], each) for name, each in model.state_dict().items())
    assert read_spec(path / WEIGHTS) == "mtl 1\n"


def test_state_comes_back_without_running_code(checkpoints):
    state = {"step": 3, "best": None, "random": torch.get_rng_state(), "nested": {"a": [1.5, (2, 3)]}}
    path = checkpoints.write(3, b"", pack_state(state), best=False)
    got = read_state(path)
    assert got["nested"] == state["nested"]
    assert torch.equal(got["random"], state["random"])


def test_a_state_with_code_in_it_is_refused(checkpoints):
    path = checkpoints.write(3, b"", pack_state({"evil": os.system}), best=False)
    with pytest.raises(RunError, match="it is not a whole checkpoint"):
        read_state(path)


@pytest.mark.parametrize("name", [WEIGHTS, STATE])
@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * 500]
)
def test_a_damaged_file_is_one_error_that_names_it(checkpoints, name, damage):
    path = checkpoints.write(1, pack_weights(module(), ""), pack_state({"step": 1}), best=False)
    (path / name).write_bytes(damage((path / name).read_bytes()))
    with pytest.raises(RunError, match=f"{name}.*is not a whole checkpoint") as caught:
        read_weights(path / WEIGHTS) if name == WEIGHTS else read_state(path)
    assert caught.value.exit_code == FAILED
    assert caught.value.hint


def test_a_damaged_index_is_an_error(checkpoints):
    (checkpoints.folder / INDEX).write_text('{"last": ')
    with pytest.raises(RunError, match=INDEX):
        checkpoints.index()


@pytest.mark.parametrize("at", range(1, 4))
def test_a_full_disk_leaves_the_checkpoint_before_intact(checkpoints, monkeypatch, at):
    checkpoints.write(1, b"weights", b"state", best=True)
    before = contents(checkpoints.folder)
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(RunError, match="no space left on device") as caught:
        checkpoints.write(2, b"other weights", b"other state", best=True)
    assert caught.value.exit_code == FAILED
    assert contents(checkpoints.folder) == before
    assert checkpoints.index() == Index("step-000001", "step-000001")


def test_a_checkpoint_that_never_got_into_the_index_does_not_count_and_is_replaced(checkpoints):
    checkpoints.write(1, b"weights", b"state", best=False)
    for name in ("step-000002", ".step-000003.part"):
        (checkpoints.folder / name).mkdir()
        (checkpoints.folder / name / WEIGHTS).write_bytes(b"half")
    assert checkpoints.index().last == "step-000001"
    path = checkpoints.write(2, b"weights", b"state", best=False)
    assert contents(path) == {WEIGHTS: b"weights", STATE: b"state"}
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == [INDEX, "step-000002"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_one_error(checkpoints):
    checkpoints.folder.chmod(0o500)
    with pytest.raises(RunError, match="permission denied"):
        checkpoints.write(1, b"", b"", best=False)


def test_weights_of_another_spec_are_refused_with_what_differs(checkpoints):
    path = checkpoints.write(1, pack_weights(module(), "mtl 1\nwidth = 8\n"), b"", best=False)
    other = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    with pytest.raises(RunError, match="another spec: `width` was `8` and is now `16`"):
        load_weights(other, path / WEIGHTS, "mtl 1\nwidth = 16\n")


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (
            nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)),
            "`0.weight` has shape (2, 3, 1, 1), the model's",
        ),
        (nn.Sequential(nn.Conv2d(3, 2, 1)), "it has `1.bias`, which the model has not"),
        (nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1)), "it has no `2.weight`"),
    ],
)
def test_weights_that_say_nothing_of_their_spec_are_refused_by_their_names_and_shapes(
    checkpoints, model, what
):
    path = checkpoints.write(1, pack_weights(module(), ""), b"", best=False)
    with pytest.raises(RunError) as caught:
        load_weights(model, path / WEIGHTS, "")
    assert what in caught.value.message


SPEC = """mtl 1
data rooms {
  size = 64x64
}
shared encoder : tiny {
  width = 8
}
task depth : depth
links {
  all -> all via attention
}
balance equal
train {
  seed = 0
  phase warm {
    steps = 3
  }
}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a", "a", None),
        ("64x64", "32x32", "`data.size` was `64x64` and is now `32x32`"),
        ("rooms", "folder", "`data` was `rooms` and is now `folder`"),
        (
            "width = 8",
            "depths = [1]",
            "`shared.encoder.width = 8` is gone, `shared.encoder.depths = [1]` is new",
        ),
        ("tiny", "resnet", "`shared.encoder` was `tiny` and is now `resnet`"),
        ("task depth : depth", "task far : depth", "`task.depth = depth` is gone, `task.far = depth` is new"),
        ("  all -> all via attention\n", "", "`links.1 = all -> all via attention` is gone"),
        ("steps = 3", "steps = 4", "`train.warm.steps` was `3` and is now `4`"),
        (
            "equal",
            "dwa {\n  every = 3\n}",
            "`balance` was `equal` and is now `dwa`, `balance.every = 3` is new",
        ),
        ("mtl 1\n", 'mtl 1\nuse "/there/film.py"\n', "`use film.py` is new"),
    ],
)
def test_the_difference_of_two_specs_names_keys(old, new, said):
    assert difference(SPEC, SPEC.replace(old, new)) == said


def test_where_a_used_file_lies_and_free_keys_are_no_difference():
    assert difference('use "/there/film.py"\n', 'use "film.py"\n') is None
    assert difference(SPEC, SPEC.replace("seed = 0", "seed = 1"), ["seed"]) is None


@pytest.mark.parametrize("text", ['{"last": 5}', '{"last": null}', "[]", '{"la', '{"first": "step-000001"}'])
def test_an_index_that_names_no_folder_is_one_error_that_says_how_to_mend_it(checkpoints, text):
    (checkpoints.folder / INDEX).write_text(text)
    with pytest.raises(RunError, match=r"index\.json") as caught:
        checkpoints.index()
    assert '{"last":' in (caught.value.hint or "")


def test_a_state_that_is_not_there_is_not_called_damaged(tmp_path):
    with pytest.raises(RunError, match="is not there") as caught:
        read_state(tmp_path)
    assert "damaged" not in (caught.value.hint or "")
