"""What a spec means: names, defaults, merging, overrides, labels, relations (docs/language.md §5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtlc.api import SpecError, load
from mtlc.parts.balance import Lps, Uncertainty
from mtlc.parts.decoders import ConvUp, Linear
from mtlc.parts.part import Place, Size
from mtlc.resolved import text

BASE = """
data rooms
shared encoder : tiny
"""


def codes(diagnostics) -> list[str]:
    return [each.code for each in diagnostics]


def test_a_kind_defaults_to_the_name(spec):
    tasks = spec(BASE + "task depth\ntask parts : semseg").tasks
    assert [task.part.word for task in tasks.values()] == ["depth", "semseg"]


def test_classes_come_from_the_data_set(spec):
    task = spec(BASE + "task semseg").tasks["semseg"]
    assert task.channels == len(task.classes) > 5


def test_a_layer_reads_the_previous_one_and_the_first_the_image(spec):
    layers = spec(BASE + "shared neck : fpn\nshared again : fpn { from = encoder }\ntask depth").layers
    assert [layer.reads for layer in layers.values()] == [None, "encoder", "encoder"]


def test_a_task_reads_the_last_layer_unless_it_says_otherwise(spec):
    tasks = spec(BASE + "shared neck : fpn\ntask depth\ntask edges { from = encoder }").tasks
    assert (tasks["depth"].reads, tasks["edges"].reads) == ("neck", "encoder")


def test_a_value_comes_from_the_task_then_from_all_then_from_the_kind(spec):
    tasks = spec(
        BASE + "task all { weight = 3, decoder = linear }\ntask depth { weight = 5 }\ntask edges"
    ).tasks
    assert (tasks["depth"].part.weight, tasks["edges"].part.weight) == (5.0, 3.0)
    assert isinstance(tasks["depth"].part.decoder, Linear)
    assert tasks["depth"].part.labels == 1.0


def test_a_key_of_all_that_a_kind_lacks_is_skipped_for_it(spec):
    spec(BASE + "task all { range = [1, 5] }\ntask depth\ntask edges")


def test_a_key_of_all_that_no_task_has_is_a_mistake(found):
    assert codes(found(BASE + "task all { rnge = [1, 5] }\ntask depth")) == ["MTL101"]


def test_a_mistake_in_a_default_is_reported_once_and_names_a_task_that_takes_it(found):
    (only,) = found(BASE + "task all { weight = -1 }\ntask depth\ntask edges")
    assert only.code == "MTL104"
    assert "task `depth` takes it" in only.others[0].text


def test_arguments_without_a_name_fill_the_keys_in_order(spec):
    task = spec(BASE + "task depth { decoder = conv_up(32, 3) }").tasks["depth"]
    assert task.part.decoder == ConvUp(dim=32, depth=3)


def test_an_integer_is_accepted_where_a_number_is_meant_and_nothing_else_is_converted(spec, found):
    assert spec(BASE + "task depth { weight = 2 }").tasks["depth"].part.weight == 2.0
    assert codes(found(BASE + "task depth\ntrain { batch = 2.0 }")) == ["MTL102"]
    assert codes(found(BASE + 'task depth { weight = "2" }')) == ["MTL102"]


def test_let_names_a_value(spec):
    task = spec(BASE + "let dim = 24\ntask depth { decoder = conv_up(dim = $dim) }").tasks["depth"]
    assert task.part.decoder.dim == 24


def test_an_unused_let_is_a_warning(found):
    (only,) = found(BASE + "let dim = 24\ntask depth")
    assert (only.code, only.severity) == ("MTL110", "warning")


def test_all_unknown_uses_of_one_param_are_one_mistake(found):
    assert codes(found(BASE + "task depth { weight = $w }\ntask edges { weight = $w }")) == ["MTL109"]


def test_overrides_come_last(spec):
    read = spec(
        BASE + "task depth { weight = 5 }", "task.depth.weight=7", "train.steps=3", "balance=uncertainty"
    )
    assert (read.tasks["depth"].part.weight, read.train.steps) == (7.0, 3)
    assert isinstance(read.balance, Uncertainty)


def test_an_override_of_all_outdoes_a_tasks_own_key(spec):
    read = spec(BASE + "task depth { weight = 5 }\ntask edges { weight = 9 }", "task.all.weight=1")
    assert [task.part.weight for task in read.tasks.values()] == [1.0, 1.0]


def test_an_override_of_another_kind_drops_the_keys(spec):
    assert spec(BASE + "task depth\nbalance dwa { temperature = 3 }", "balance=lps(2.0)").balance == Lps(
        spread=2.0
    )


@pytest.mark.parametrize("path", ["train.stepz=3", "task.dept.weight=1", "foo=1", "foo.bar=1", "task=1"])
def test_an_override_of_nothing_is_a_mistake_in_the_argument(found, path):
    (only,) = found(BASE + "task depth", path)
    assert only.code in ("MTL112", "MTL101")
    assert only.primary.span.source.text == path


def test_the_label_is_the_one_of_the_tasks_name_else_the_only_one_of_its_kind(spec):
    assert spec(BASE + "task far : depth").tasks["far"].label == "depth"


def test_a_label_that_the_data_set_lacks_is_a_mistake(found):
    assert codes(found(BASE + "task tags")) == ["MTL401"]
    (only,) = found(BASE + "task depth { label = dpth }")
    assert (only.code, only.hint) == ("MTL401", "did you mean `depth`?")


def test_classes_must_agree_with_the_data_set(found):
    assert codes(found(BASE + "task semseg { classes = 5 }")) == ["MTL403"]


def test_a_using_file_wins_key_by_key(spec, tmp_path: Path):
    (tmp_path / "used.mtl").write_text(
        BASE + "let w = 3\ntask depth { weight = $w, range = [1, 5] }\ntask edges\n"
    )
    read = spec('use "used.mtl"\nlet w = 4\ntask depth { range = [2, 6] }', path=tmp_path / "main.mtl")
    assert read.tasks["depth"].part.range == (2.0, 6.0)
    assert read.tasks["depth"].part.weight == 4.0


def test_none_removes_a_used_task_and_another_kind_drops_its_keys(spec, tmp_path: Path):
    (tmp_path / "used.mtl").write_text(BASE + "task depth { range = [1, 5] }\ntask edges\n")
    read = spec('use "used.mtl"\ntask edges : none\ntask depth : saliency', path=tmp_path / "main.mtl")
    assert [(task.name, task.part.word) for task in read.tasks.values()] == [("depth", "saliency")]


def test_a_using_file_replaces_relations_and_the_data_set(spec, tmp_path: Path):
    used = BASE + "task depth\ntask edges\nlinks { depth -> edges via attention }\n"
    (tmp_path / "used.mtl").write_text(used)
    read = spec(
        'use "used.mtl"\nlinks { all via kem }\ndata rooms { size = 32x48 }', path=tmp_path / "main.mtl"
    )
    assert [line.part.word for line in read.links] == ["kem"]
    assert read.data.size == Size(32, 48)


def test_a_file_used_twice_counts_once_and_a_circle_is_a_mistake(spec, found, tmp_path: Path):
    (tmp_path / "used.mtl").write_text(BASE + "task depth\n")
    spec('use "used.mtl"\nuse "used.mtl"', path=tmp_path / "main.mtl")
    (tmp_path / "main.mtl").write_text('use "loop.mtl"')
    (tmp_path / "loop.mtl").write_text('use "main.mtl"\n' + BASE + "task depth\n")
    assert codes(found('use "loop.mtl"', path=tmp_path / "main.mtl")) == ["MTL212"]


def test_a_missing_used_file_is_one_mistake_at_its_name(found, tmp_path: Path):
    first = found('use "gone.mtl"\n' + BASE + "task depth", path=tmp_path / "main.mtl")
    assert codes(first) == ["MTL211"]


def test_files_that_use_files_without_end_are_refused_in_one_message(found, tmp_path: Path):
    for number in range(100):
        (tmp_path / f"{number}.mtl").write_text(f'use "{number + 1}.mtl"\n')
    (only,) = found('use "0.mtl"', path=tmp_path / "main.mtl")
    assert (only.code, only.message) == ("MTL211", "used files are nested deeper than 50")


@pytest.mark.parametrize("path", ["a" * 4000 + ".mtl", "a" * 4000 + ".py", "a\0.mtl", "b\0.py"])
def test_a_path_that_no_system_has_is_one_mistake(found, path):
    (only,) = found(f'use "{path}"')
    assert only.code in ("MTL211", "MTL214")


def test_a_path_written_in_a_spec_is_beside_it_and_one_from_the_environment_is_not(
    spec, tmp_path, monkeypatch
):
    monkeypatch.delenv("NYUD_ROOT", raising=False)
    read = 'data nyud {{ root = env("NYUD_ROOT"{}) }}\nshared e : tiny\ntask depth'
    place = spec(read.format(', "here"'), path=tmp_path / "main.mtl").data.root
    assert place == Place(str(tmp_path / "here"), "NYUD_ROOT")
    assert spec(read.format("")).data.root == Place(None, "NYUD_ROOT")
    monkeypatch.setenv("NYUD_ROOT", "there")
    assert spec(read.format("")).data.root == Place(str(Path.cwd() / "there"), "NYUD_ROOT")


# relations

TWO = BASE + "task depth\ntask edges\n"


def test_then_is_the_same_line_again(spec):
    lines = spec(TWO + "links { all -> all via coherence then attention }").links
    assert [line.part.word for line in lines] == ["coherence", "attention"]


def test_a_source_that_is_the_target_is_left_out(spec):
    (line,) = spec(TWO + "links { all -> all via attention }").links
    assert line.sources_of("depth") == ("edges",)


def test_a_double_arrow_is_both_directions_and_nothing_within_a_side(spec):
    (line,) = spec(TWO + "task normals\nlinks { depth <-> edges, normals via attention }").links
    assert line.receivers == ("depth", "edges", "normals")
    assert line.sources_of("depth") == ("edges", "normals")
    assert line.sources_of("edges") == ("depth",)


def test_a_double_arrow_with_a_joint_part_is_the_set(spec):
    (line,) = spec(TWO + "links { depth <-> edges via kem }").links
    assert (line.sources, line.targets) == (("depth", "edges"), None)


def test_all_leaves_out_tasks_without_a_decoder_and_naming_one_is_a_mistake(spec, found, tmp_path):
    manifest = tmp_path / "m.yaml"
    (tmp_path / "a.csv").write_text("id,tags\n")
    del manifest
    (line,) = spec(TWO + "links { all via kem }").links
    assert line.sources == ("depth", "edges")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("all -> all via kem", "all via kem"),
        ("depth via attention", "depth -> depth via attention"),
        ("depth -> edges via trace_back", "edges via trace_back"),
    ],
)
def test_a_wrong_form_shows_the_right_one(found, line, right):
    (only,) = found(TWO + f"links {{ {line} }}")
    assert (only.code, only.hint) == ("MTL208", f"write `{right}`")


def test_a_target_without_a_source_is_a_mistake(found):
    assert codes(found(TWO + "links { depth -> depth via attention }")) == ["MTL209"]


def test_all_uses_of_one_unknown_task_are_one_mistake(found):
    (only,) = found(TWO + "links {\n dept -> edges via attention\n dept via trace_back\n}")
    assert (only.code, len(only.others), only.hint) == ("MTL203", 1, "did you mean `depth`?")


# the resolved text


@pytest.mark.parametrize(
    "name", ["tiny", "rooms", "rooms_sgw", "rooms_mtcp", "ccp", "nyud_base", "nyud_mtcp"]
)
def test_the_resolved_text_means_the_same(name, tmp_path):
    first = load(Path(__file__).parent.parent / "specs" / f"{name}.mtl")
    (tmp_path / "resolved.mtl").write_text(text(first))
    again = load(tmp_path / "resolved.mtl")
    assert again == first
    assert text(again) == text(first)


def test_the_resolved_text_hides_no_value_of_an_optimiser_a_schedule_or_an_augmentation():
    said = text(load(Path(__file__).parent / "specs" / "good" / "training.mtl"))
    assert "optimizer = adam(lr = 0.001, weight_decay = 0.0, betas = [0.9, 0.999])" in said, "of a phase"
    assert "optimizer = sgd(lr = 0.1, momentum = 0.8, weight_decay = 0.0, nesterov = true)" in said
    tiny = Path(__file__).parent.parent / "specs" / "tiny.mtl"
    augmented = text(load(tiny, ["data.augment=[flip, jitter(0.2)]"]))
    assert "augment = [flip(share = 0.5), jitter(strength = 0.2)]" in augmented


def test_eight_planted_mistakes_give_eight_diagnostics():
    with pytest.raises(SpecError) as caught:
        load(Path(__file__).parent / "specs" / "bad" / "eight.mtl")
    assert len(caught.value.diagnostics) == 8
