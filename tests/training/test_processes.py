"""Several processes train as one does on the joined batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from several_processes import NECK, SUPERVISED, THREE, Case, ended, in_processes, take_all

from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import named

ITERATIVE = {"cagrad", "nash", "fairgrad"}  # weights that are found to a precision
METHODS = {
    word: Case(word, tolerance=1e-8 if word in ITERATIVE else 1e-12) for word in named(GradientBalancer)
}

SHORT = 5  # steps: an epoch and more
AGREED = THREE.replace("balance", "agree { all via consistency }\nbalance")
PARTS = {"train__accumulate": 2}
OTHERS = {
    "equal in parts": Case("equal", PARTS, SUPERVISED, steps=SHORT),
    "equal clipped": Case("equal", {"train__clip": 0.5}, steps=SHORT),
    "by rows in parts": Case("upgrad", PARTS, steps=SHORT),
    "by rows clipped": Case("config", {"train__clip": 0.5}, steps=SHORT),
    "one choice for all sets": Case("upgrad { scope = joint, losses = gls }", steps=SHORT),
    "weights kept for three steps": Case("pcgrad { every = 3 }", steps=SHORT),
    "by the last shared module": Case("mgda { on = last_shared }", text=NECK, steps=SHORT),
    "by the last shared module in parts": Case("mgda { on = last_shared }", PARTS, NECK, steps=SHORT),
    "agreement": Case("upgrad", text=AGREED, steps=4),
    "gls in parts": Case("gls", PARTS, steps=SHORT),
    "gradnorm": Case("gradnorm", text=NECK, steps=SHORT),
    **{word: Case(word, steps=SHORT) for word in ("gls", "stch", "uncertainty", "famo", "random")},
    **{word: Case(f"{word} {{ every = 2 }}", steps=SHORT) for word in ("dwa", "lps")},
}
CASES = {"equal": Case("equal"), **METHODS, **OTHERS}

Ran = list[Mapping[str, Mapping[str, Any]]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What two processes have come to in all cases."""
    out: Path = tmp_path_factory.mktemp("processes")
    in_processes(take_all, CASES, out)
    return [torch.load(out / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("name", CASES)
def test_two_processes_come_to_the_weights_of_one(both, name):
    case = CASES[name]
    alone, (found, other) = ended(case), (each[name] for each in both)
    for key, value in alone.weights.items():
        assert (found["weights"][key] - value).abs().max() <= case.tolerance, key
        assert torch.equal(found["weights"][key], other["weights"][key]), key
    assert found["losses"] == [pytest.approx(each, abs=1e-9) for each in alone.losses]
    assert found["kept"] == other["kept"] == pytest.approx(alone.kept, abs=1e-9)


def test_the_cases_have_rows_and_labels_in_one_process_only(both):
    """Or they would prove less than they seem to."""
    rows, edges = (
        [[each["equal"][kind][step] for each in both] for step in range(CASES["equal"].steps)]
        for kind in ("rows", "edges")
    )
    assert [2, 3] in rows and [0, 1] in rows
    assert [0, 1] in edges or [1, 0] in edges
    assert [0, 0] in edges
