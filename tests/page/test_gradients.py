"""The report's section on gradients: only where some were compared, with what the record says."""

from __future__ import annotations

import json

from parsed import Parsed

from mtlc.api import load, planned
from mtlc.page import page, read


def seen(step, cosine):
    return {
        "weights": [
            {"tasks": ["semseg", "depth"], "weights": None if step == 2 else {"semseg": 0.7, "depth": 0.4}}
        ],
        "norms": {"semseg": 2.0, "depth": 0.5},
        "cosines": [["semseg", "depth", cosine]],
        "modules": {"encoder": {"semseg": 2.0, "depth": 0.5}},
    }


def made(run):
    found = Parsed(page(read(run), planned(load(run / "spec.mtl"))))
    assert not found.faults
    return found


def with_gradients(run, *every):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["kind"] == "train"]
    for line, gradients in zip(steps, every, strict=False):
        line["gradients"] = gradients
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_run_without_a_gradient_method_has_no_such_section(run):
    assert "gradients" not in made(run).ids


def test_pairs_lengths_modules_and_weights_are_told(run):
    with_gradients(run, seen(1, 0.5), seen(2, -0.25), seen(3, -0.5), {"weights": seen(4, 0)["weights"]})
    found = made(run)
    assert "gradients" in found.ids
    assert "#gradients" in found.references
    assert "semseg and depth -0.0833 67 % -0.5000 3" in found.text
    assert "encoder 2.0000 0.5000" in found.text
    heard = " ".join(named["aria-label"] for tag, named in found.tags if tag == "svg")
    assert "weight, in what all tasks share over training steps: semseg from 0.7" in heard
    assert "pairs that are opposed, %" in heard
