"""Training sees what a label protocol leaves; a task that is left nothing, or hardly anything, is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toy import SPEC, ToyPart, toy

from mtlc.data.errors import DataError
from mtlc.parts.part import Place
from mtlc.parts.protocols import One, Table
from mtlc.training import words
from mtlc.training.feed import loader


def seen(protocol, spec=SPEC, images=8):
    plan = toy(replace(ToyPart(images=images), labels_=protocol), spec).plan
    made = loader(plan)
    found = {}
    for step in range(made.steps_per_epoch):
        batch = made.batch_at(step)
        for row, id in enumerate(batch.ids):
            found[id] = {task for task in plan.tasks if batch.present[task][row]}
    return found, made


def test_each_image_of_a_batch_has_what_the_protocol_leaves():
    found, made = seen(One())
    assert {len(tasks) for tasks in found.values()} == {1}
    assert made.labelled == {"semseg": 4, "depth": 4}
    assert found != seen(One(seed=5))[0]


def test_a_share_is_of_what_the_protocol_leaves():
    half = SPEC.replace("task depth", "task depth { labels = 50% }")
    found, made = seen(One(), half)
    assert made.labelled == {"semseg": 4, "depth": 2}
    assert sum(not tasks for tasks in found.values()) == 2


def test_a_task_that_is_left_nothing_ends_the_run_before_its_first_step(tmp_path):
    file = tmp_path / "table.yaml"
    file.write_text("train-1: semseg\n")
    with pytest.raises(DataError, match="task `depth` cannot learn"):
        seen(Table(Place(str(file))))


def test_hardly_any_label_is_told():
    assert words.rare("depth", 3, 400) == "only 3 of 400 training images have a label of `depth`: under 1 %"
