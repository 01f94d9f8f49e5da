"""`mtlc explain SPEC PATH`: the value there, and the place and the door that each piece of it came through."""

from __future__ import annotations

import json

import pytest

from mtlc.cli import main

BASE = """data rooms { size = 64x64 }
shared encoder : tiny
task all { decoder = conv_up(dim = $dim, depth = 2) }
task normals { weight = 10 }
task edges { loss = balanced_bce(0.9) }
"""
SPEC = """use "base.mtl"
let dim = 48
task edges { decoder = linear(24) }
links { all via kem(slots = 8) }
balance { losses = lps(spread = 2) }
train { phase warm { steps = 10 } }
"""


@pytest.fixture
def explain(tmp_path, monkeypatch, capsys):
    (tmp_path / "base.mtl").write_text(BASE)
    (tmp_path / "spec.mtl").write_text(SPEC)
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["explain", "spec.mtl", *args])
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("task.normals.decoder", "conv_up(dim = 48, depth = 2) base.mtl:3:22 (task all)"),
        ("task.normals.decoder.dim", "48 spec.mtl:2:11 (let dim, used at base.mtl:3:36)"),
        ("task.normals.decoder.depth", "2 base.mtl:3:50 (task all)"),
        ("task.normals.decoder.norm", "batch default of `conv_up`"),
        ("task.normals.weight", "10.0 base.mtl:4:25 (key of a used file)"),
        ("task.normals.from", "encoder inferred: the last layer"),
        ("task.normals.label", "normals inferred from the data set"),
        ("task.normals.labels", "1.0 default of `normals`"),
        ("task.edges.decoder.dim", "24 spec.mtl:3:31 (key)"),
        ("task.edges.loss.positive", "0.9 base.mtl:5:34 (key of a used file)"),
        ("task.all.decoder", "conv_up(dim = $dim, depth = 2) base.mtl:3:22 (key of a used file)"),
        ("let.dim", "48 spec.mtl:2:11 (let)"),
        ("data.size", "64x64 base.mtl:1:21 (key of a used file)"),
        ("data.images", "1000 default of `rooms`"),
        ("shared.encoder.from", "image inferred: the first layer reads the image"),
        ("shared.encoder.width", "24 default of `tiny`"),
        ("links.1.slots", "8 spec.mtl:4:29 (key)"),
        ("balance.spread", "2.0 spec.mtl:5:33 (key)"),
        ("balance.every", "epoch default of `lps`"),
        ("train.optimizer.lr", "0.001 default of `adamw`"),
        ("train.warm.steps", "10 spec.mtl:6:30 (key)"),
        ("eval", "eval default: the spec has no such block"),
    ],
)
def test_a_value_is_shown_with_its_place_and_its_door(explain, path, said):
    _, out, _ = explain(path)
    first = " ".join(out.splitlines()[0].split())
    assert first == f"{path} = {said}"


def test_what_stands_under_a_path_is_shown_with_it(explain):
    paths = [line.split(" ")[0] for line in explain("task.normals.decoder")[1].splitlines()]
    below = ("dim", "depth", "levels", "norm")
    assert paths == ["task.normals.decoder", *(f"task.normals.decoder.{key}" for key in below)]


def test_a_block_and_a_whole_spec_can_be_explained(explain):
    assert "task.edges.loss.positive" in explain("task.edges")[1]
    assert "task.normals" not in explain("task.edges")[1]
    assert {"let.dim", "data.size", "train.warm.steps"} <= {
        line.split()[0] for line in explain()[1].splitlines()
    }


@pytest.mark.parametrize(
    ("override", "path", "said"),
    [
        ("train.steps=3", "train.steps", "3 --set train.steps=3"),
        ("let.dim=16", "task.normals.decoder.dim", "16 --set let.dim=16 (let dim, used at base.mtl:3:36)"),
        ("balance=dwa(1.5)", "balance.temperature", "1.5 --set balance=dwa(1.5) (block)"),
        ("task.all.weight=3", "task.normals.weight", "3.0 --set task.all.weight=3 (task all)"),
    ],
)
def test_an_override_is_named_as_the_door(explain, override, path, said):
    out = explain(path, "--set", override)[1]
    assert " ".join(out.splitlines()[0].split()) == f"{path} = {said}"


def test_a_program_gets_places_as_data(explain):
    (first, *_) = json.loads(explain("task.normals.weight", "--format", "json")[1])["values"]
    assert first == {
        "path": "task.normals.weight",
        "value": "10.0",
        "door": "key of a used file",
        "place": {"file": "base.mtl", "line": 4, "column": 25},
    }


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("task.normls.decoder", "did you mean `task.normals.decoder`?"),
        ("task.normals.decodr.dim", "did you mean `task.normals.decoder.dim`?"),
        ("tasks.normals", "did you mean `task.normals`?"),
        ("train.optimizer.momentum", "choose from `train.optimizer.lr`"),
        ("train.steps.more", "a plain value has nothing in it"),
        ("zebra", "choose from `let`, `data`"),
    ],
)
def test_an_unknown_path_is_wrong_usage_with_a_suggestion(explain, path, hint):
    code, out, err = explain(path)
    assert (code, out) == (2, "")
    assert hint in err


def test_a_spec_with_mistakes_shows_them_instead(explain, tmp_path):
    (tmp_path / "spec.mtl").write_text("task dpth")
    code, out, err = explain("task")
    assert (code, out) == (1, "")
    assert "MTL204" in err
