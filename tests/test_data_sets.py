"""Several data sets in one spec: their names, their files, what each task learns of them, and how that is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mtlc import plan
from mtlc.api import check, load, planned
from mtlc.cli import group
from mtlc.origins import pieces
from mtlc.parts.data import Folder, Nyud, Rooms
from mtlc.parts.part import AUTO, Size
from mtlc.parts.several import Several
from mtlc.resolved import text
from mtlc.source import Source

PHOTOS = (Path(__file__).parent / "specs" / "good" / "used" / "photos.yaml").as_posix()
TWO_DEPTHS = (Path(__file__).parent / "specs" / "bad" / "used" / "two_depths.yaml").as_posix()
MODEL = """
shared encoder : tiny
task parts : semseg { label = parts }
task depth
task camera : regress
"""
BOTH = f"""
data photos : folder {{ root = "x", manifest = "{PHOTOS}", size = 64x64 }}
data scenes : rooms {{ size = 64x64, images = 30 }}
"""
TWO = "data first : rooms\ndata second : rooms { seed = 1 }\nshared encoder : tiny\ntask depth\n"


def test_several_data_sets_are_one_that_says_what_each_teaches(spec):
    data = spec(BOTH + MODEL).data
    assert isinstance(data, Several)
    assert {name: type(each) for name, each in data.members.items()} == {"photos": Folder, "scenes": Rooms}
    assert data.learns == {
        "photos": {"parts": "parts", "depth": "distance"},
        "scenes": {"depth": "depth", "camera": "camera"},
    }
    assert data.size == Size(64, 64)


def test_a_label_of_several_data_sets_is_called_like_its_task(spec):
    read = spec(BOTH + MODEL)
    assert {name: task.label for name, task in read.tasks.items()} == {
        "parts": "parts",
        "depth": "depth",
        "camera": "camera",
    }
    assert read.tasks["parts"].classes == ("background", "hair", "skin")
    assert read.tasks["camera"].channels == 2 and read.tasks["depth"].part.label is AUTO
    assert {name: label.kind for name, label in read.data.labels().items()} == {
        "parts": "semseg",
        "depth": "depth",
        "camera": "regress",
    }


def test_the_label_of_the_tasks_name_comes_before_the_only_one_of_its_kind(spec):
    read = spec(BOTH + "shared encoder : tiny\ntask distance : depth\ntask camera : regress")
    assert read.data.learns["photos"] == {"distance": "distance"}
    assert read.data.learns["scenes"] == {"distance": "depth", "camera": "camera"}
    two = BOTH.replace(PHOTOS, TWO_DEPTHS)
    read = spec(two + "shared encoder : tiny\ntask near : depth\ntask far : depth\ntask edges")
    assert read.data.learns["photos"] == {"near": "near", "far": "far"}
    assert read.data.learns["scenes"] == {"near": "depth", "far": "depth", "edges": "edges"}


def test_one_data_set_with_a_name_is_what_it_is_without(spec):
    named = spec("data only : rooms { images = 7 }\nshared encoder : tiny\ntask depth")
    assert named == spec("data rooms { images = 7 }\nshared encoder : tiny\ntask depth")
    assert plan.text(planned(named)).startswith("data\n  kind     rooms\n")


def test_a_using_file_changes_a_data_set_by_its_name(spec, tmp_path: Path):
    (tmp_path / "used.mtl").write_text(TWO)
    use = 'use "used.mtl"\n'
    read = spec(use + "data second { images = 5 }\ndata third : rooms", path=tmp_path / "main.mtl")
    assert list(read.data.sets()) == ["first", "second", "third"]
    assert read.data.sets()["second"] == Rooms(images=5, seed=1)
    other = spec(use + "data second : nyud { size = 64x64 }", path=tmp_path / "main.mtl")
    assert other.data.sets()["second"] == Nyud(size=Size(64, 64))


@pytest.mark.parametrize(
    ("used", "using"), [(TWO, "data rooms"), ("data rooms\nshared encoder : tiny", "data more : rooms")]
)
def test_both_forms_in_a_used_and_a_using_file_are_a_mistake(found, tmp_path: Path, used, using):
    (tmp_path / "used.mtl").write_text(used)
    (only,) = found(f'use "used.mtl"\n{using}\ntask edges', path=tmp_path / "main.mtl")
    assert only.code == "MTL222"


def test_a_data_set_may_be_called_like_a_task_or_a_key(spec):
    text = "data size : rooms\nshared encoder : tiny\ntask depth\ndata depth : rooms\ndata encoder : rooms"
    read = spec(text, "data.size.seed=3")
    assert read.data.sets()["size"] == Rooms(seed=3) and list(read.data.sets())[1:] == ["depth", "encoder"]


def test_set_names_one_data_set_or_puts_another_in_the_place_of_all(spec):
    assert spec(TWO, "data.second.images=3").data.sets()["second"].images == 3
    assert spec(TWO, "data.second=rooms(seed = 5)").data.sets()["second"] == Rooms(seed=5)
    assert spec(TWO, "data=rooms(images = 9)").data == Rooms(images=9)
    assert spec("data only : rooms\nshared encoder : tiny\ntask depth", "data.images=4").data.images == 4


@pytest.mark.parametrize("lost", ["data all : rooms", "data frames : rooms { images = 3 }"])
def test_a_data_set_that_was_refused_makes_no_label_and_no_weight_a_mistake(found, lost):
    rest = TWO.replace("rooms", "nyud").replace("{ seed = 1 }", "")
    rest += "task saliency\ntrain { mix = [1, 2, 3] }"
    assert [each.code for each in found(f"{lost}\n{rest}")] == ["MTL207"]


@pytest.mark.parametrize("mix", ["", "train { mix = uniform }", "train { mix = [2, 0.5] }"])
def test_the_resolved_text_of_several_data_sets_means_the_same(spec, tmp_path: Path, mix):
    first = spec(BOTH + MODEL + mix)
    assert load(Source("again.mtl", text(first), tmp_path / "again.mtl")) == first
    assert not check(Source("again.mtl", text(first), tmp_path / "again.mtl"))
    assert text(load(Source("again.mtl", text(first), tmp_path / "again.mtl"))) == text(first)


def test_the_plan_of_one_data_set_says_nothing_of_mixing(spec):
    assert "mix" not in plan.text(planned(spec("data rooms\nshared encoder : tiny\ntask depth")))
    assert "mix            uniform" in plan.text(planned(spec(TWO + "train { mix = uniform }")))


def test_explain_knows_each_data_set_and_where_a_label_comes_from(spec):
    known = pieces(spec(BOTH + MODEL, "data.scenes.images=40"))
    assert known["data.photos.root"].origin.startswith("test.mtl:2:")
    assert known["data.scenes.images"].origin == "--set data.scenes.images=40"
    assert known["task.depth.label"].value == "photos.distance, scenes.depth"
    alone = pieces(spec("data only : rooms\nshared encoder : tiny\ntask depth"))
    assert "data.only.size" in alone and "data.size" not in alone


def test_an_epoch_is_all_training_images_together(spec):
    assert spec(BOTH + MODEL).data.training_images() == 50
    short = BOTH + MODEL + "balance dwa\ntrain { steps = 6, batch = 8 }"
    assert [each.code for each in check(Source("short.mtl", short))] == ["MTL502"]
    assert not check(Source("long.mtl", short.replace("steps = 6", "steps = 8")))


def test_an_epoch_has_no_known_length_where_one_data_set_counts_its_images_on_disk(spec, tmp_path: Path):
    manifest = tmp_path / "photos.yaml"
    manifest.write_text(Path(PHOTOS).read_text().replace("01-20", '{glob: "*", without: [test]}'))
    assert spec(BOTH.replace(PHOTOS, manifest.as_posix()) + MODEL).data.training_images() is None


def test_the_picture_names_all_data_sets(tmp_path: Path):
    (tmp_path / "two.mtl").write_text(TWO)
    svg = tmp_path / "two.dot"
    done = CliRunner().invoke(group, ["render", str(tmp_path / "two.mtl"), "-o", str(svg)])
    assert done.exit_code == 0, done.output
    assert "first, second 64x64" in svg.read_text()
