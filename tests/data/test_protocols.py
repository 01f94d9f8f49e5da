"""Label protocols: which of its labels each training image keeps."""

from __future__ import annotations

import pytest

from mtlc.api import load
from mtlc.data.errors import DataError
from mtlc.data.protocols import kept
from mtlc.parts.part import Place
from mtlc.parts.protocols import Half, One, Random, Table
from mtlc.source import Source

IDS = tuple(f"{number:04}" for number in range(795))
TASKS = ("depth", "normals", "semseg")
ALL = dict.fromkeys(TASKS, IDS)


def count(found, id):
    return sum(id in ids for ids in found.values())


def test_one_leaves_each_image_one_label_and_each_task_as_many():
    found = kept(One(), IDS, ALL)
    assert {count(found, id) for id in IDS} == {1}
    assert {len(ids) for ids in found.values()} == {265}  # as in the published table for 795 images


def test_random_leaves_one_to_all_but_one_each_number_as_likely():
    found = kept(Random(), IDS, ALL)
    numbers = [count(found, id) for id in IDS]
    assert set(numbers) == {1, 2}
    assert 350 < numbers.count(1) < 445
    assert all(330 < len(ids) < 465 for ids in found.values())


@pytest.mark.parametrize(("tasks", "numbers"), [(4, {2}), (3, {1, 2}), (7, {3, 4}), (1, {1}), (2, {1})])
def test_half_leaves_half(tasks, numbers):
    names = [f"t{number}" for number in range(tasks)]
    found = kept(Half(), IDS, dict.fromkeys(names, IDS))
    assert {count(found, id) for id in IDS} == numbers


@pytest.mark.parametrize("protocol", [One, Random, Half])
def test_only_labels_that_are_there_are_left_and_a_seed_says_which(protocol):
    having = {"tags": IDS, "parts": IDS[:300], "edges": IDS[100:200]}
    found = kept(protocol(), IDS, having)
    assert all(found[task] <= set(having[task]) for task in having)
    assert all(count(found, id) >= 1 for id in IDS)
    assert found == kept(protocol(), IDS[::-1], dict(reversed(having.items())))
    assert found != kept(protocol(seed=1), IDS, having)


def test_one_deals_evenly_among_the_tasks_that_images_have():
    found = kept(One(), IDS, {"tags": IDS, "parts": IDS[:300]})
    assert len(found["parts"]) > 250, "images that have both go to the task that has fewer"


def test_a_table_names_the_tasks_of_each_image(tmp_path):
    file = tmp_path / "table.yaml"
    file.write_text('"0001": [depth, semseg]\n"0002": normals\n"0003": []\n"9999": depth\n')
    found = kept(Table(Place(str(file))), IDS, ALL)
    assert found == {"depth": {"0001"}, "semseg": {"0001"}, "normals": {"0002"}}


def test_a_table_of_other_images_is_a_mistake(tmp_path):
    file = tmp_path / "table.yaml"
    file.write_text("x: depth\n")
    with pytest.raises(DataError, match="names none of the training images"):
        kept(Table(Place(str(file))), IDS, ALL)


def test_a_spec_names_a_protocol_and_its_table_relative_to_itself(tmp_path):
    (tmp_path / "t.yaml").write_text("a: depth\n")
    text = "data rooms {{ labels = {} }}\nshared encoder : tiny\ntask depth\n"
    spec = load(Source("s.mtl", text.format('table("t.yaml")'), tmp_path / "s.mtl"))
    assert spec.data.labels_ == Table(Place(str(tmp_path / "t.yaml")))
    assert load(Source("s.mtl", text.format("random(seed = 3)"))).data.labels_ == Random(3)
    assert load(Source("s.mtl", text.format("one"))).data.labels_ == One()
