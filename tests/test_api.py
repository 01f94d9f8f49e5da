"""The Python API takes what one would try first, and says clearly what it cannot take."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import mtlc

TINY = Path(__file__).parent.parent / "specs" / "tiny.mtl"


def test_completion_offers_the_public_functions():
    assert set(mtlc.__all__) <= set(dir(mtlc))


@pytest.mark.parametrize("spec", [str(TINY), TINY], ids=["text", "path"])
def test_a_path_and_a_single_task_are_compiled(spec):
    assert list(mtlc.compile(spec, tasks="depth").graph.output_node().args[0]) == ["depth"]


def test_no_task_at_all_and_an_unknown_one_are_refused():
    with pytest.raises(ValueError, match="`tasks` is empty"):
        mtlc.compile(TINY, tasks=[])
    with pytest.raises(KeyError, match="there is no task `depht`; the tasks are"):
        mtlc.compile(TINY, tasks="depht")


def test_the_options_of_training_stand_in_the_signature():
    from mtlc.training.loop import train

    assert inspect.signature(mtlc.train).parameters.keys() == inspect.signature(train).parameters.keys()
