"""The report page of a run, in every state that a run can be in."""

from __future__ import annotations

import json

import pytest
from parsed import Parsed
from written import END, START, write_lines

from mtlc.api import load, planned
from mtlc.page import page, read
from mtlc.training.errors import USAGE, RunError


def made(run) -> Parsed:
    found = Parsed(page(read(run), planned(load(run / "spec.mtl"))))
    assert not found.faults
    return found


def test_the_page_is_well_formed_and_fetches_nothing(run):
    found = made(run)
    assert [each for each in found.references if not each.startswith(("#", "data:image/png;base64,"))] == []
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in found.tags}
    assert {each[1:] for each in found.references if each.startswith("#")} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))


def test_it_says_what_ran_and_for_how_long(run):
    text = made(run).text
    for said in ("my run & more", "6 of 6", "cpu (2 threads)", "1 234 567", "34:56", "of step 3"):
        assert said in text, said
    assert "semseg <-> depth via attention" in text and "left out: a.jpg" in text


def test_every_figure_has_what_is_behind_it(run):
    text = made(run).text
    assert "miou 0.3500 higher 3 072 pixels 3 of 3" in text
    assert "rmse 0.5000 m lower 2 900 pixels 2 of 3" in text
    assert "accuracy – higher" in text, "what nothing defines is a dash"


def test_the_test_is_of_the_kept_weights(run):
    assert "3 images of the test split; weights of step 3." in made(run).text


def test_the_confusion_matrix_has_shares_of_each_label(run):
    text = made(run).text
    assert "floor 90 10 1 000" in text
    assert "<wall> – – 0" in text, "a class without a label has no share"


def test_charts_and_pictures_can_be_heard(run):
    found = made(run)
    pictures = [named for tag, named in found.tags if tag == "svg"]
    assert len(pictures) == 10  # two losses, rate, weights, five metrics, architecture
    assert all(named.get("role") == "img" and named.get("aria-label") for named in pictures)
    assert all(named["alt"] for tag, named in found.tags if tag == "img")
    assert "semseg loss over training steps: training from 3" in " ".join(n["aria-label"] for n in pictures)


def test_tables_have_headers_for_their_columns_and_rows(run):
    found = made(run)
    assert all(named.get("scope") in ("col", "row") for tag, named in found.tags if tag == "th")
    assert found.tags.count(("thead", {})) == sum(tag == "table" for tag, _ in found.tags) > 5


def test_a_task_has_the_colour_that_it_has_in_the_picture(run):
    found = made(run)
    curves = [named["stroke"] for tag, named in found.tags if tag == "polyline"]
    boxes = [named.get("stroke") for tag, named in found.tags if tag == "path"]
    assert {"#0072b2", "#d55e00"} <= set(curves) & set(boxes)


def test_an_interrupted_run_says_how_to_go_on_and_shows_the_validation(run):
    (run / "test.json").unlink()
    lines = (run / "metrics.jsonl").read_text().splitlines()[:-1]
    (run / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    write_lines(run / "log.jsonl", [START | {"steps": 9}, END | {"interrupted": True}])
    text = made(run).text
    assert "Interrupted after step 6 of 9." in text and "mtlc run --resume" in text
    assert "There is no test yet" in text and "3 images of the validation split; weights of step 3." in text
    assert "floor 90 10" in text


def test_a_running_or_killed_run_is_told_from_one_that_ended(run):
    write_lines(run / "log.jsonl", [START])
    (run / "metrics.jsonl").write_text((run / "metrics.jsonl").read_text() + '{"kind": "train", "st')
    text = made(run).text
    assert "Not ended: step 6 of 6" in text and "so far" in text
    assert "could not be read" not in text, "the last line is still being written"


def test_a_run_that_has_just_begun_says_what_is_missing(run):
    for name in ("test.json", "val.json", "samples/photo.png"):
        (run / name).unlink()
    (run / "metrics.jsonl").write_text("")
    write_lines(run / "log.jsonl", [START])
    text = made(run).text
    for said in ("No training step", "has not been evaluated", "no test yet", "There are none yet"):
        assert said in text, said


def test_a_run_without_validation_says_so(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    write_lines(run / "metrics.jsonl", [line for line in lines if line["kind"] != "val"])
    (run / "val.json").unlink()
    text = made(run).text
    assert "The data has no validation split" in text and "nothing was validated" in text
    assert "weights of step 6" in text


def test_a_finished_run_without_splits_says_that_the_data_has_none(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    write_lines(run / "metrics.jsonl", [line for line in lines if line["kind"] == "train"])
    for name in ("val.json", "test.json", "samples/photo.png"):
        (run / name).unlink()
    text = made(run).text
    for said in ("neither a test nor a validation split", "no validation split", "to take images from"):
        assert said in text, said
    assert " yet" not in text


def test_a_single_validation_is_a_table_and_no_charts(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    write_lines(run / "metrics.jsonl", [x for x in lines if x["kind"] != "val" or x["step"] == 3])
    found = made(run)
    assert sum(tag == "svg" for tag, _ in found.tags) == 5  # two losses, rate, weights, architecture
    assert "The validation at step 3 task metric value unit better all loss 1.9000 lower" in found.text


def test_each_metric_is_explained_once(run):
    text = made(run).text
    assert "miou : mean over the classes of intersection over union; accuracy" in text
    assert "abs_rel : mean distance from the label as a share of the label." in text


PHASES = """train {
  phase warm { steps = 3, tasks = [depth], freeze = [encoder], optimizer = sgd(lr = 0.01) }
  phase all_of_it { steps = 3 }
}
"""


def in_phases(run):
    (run / "spec.mtl").write_text((run / "spec.mtl").read_text() + PHASES)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        if line["kind"] == "train":
            line["phase"] = "warm" if line["step"] <= 3 else "all_of_it"
    write_lines(run / "metrics.jsonl", lines)
    note = {"event": "note", "time": START["time"], "text": "phase `warm`, steps 1 to 3: trains depth"}
    write_lines(run / "log.jsonl", [START, note, note | {"text": "the batch of `a` is small"}, END])
    return made(run)


def test_phases_are_listed_with_their_optimisers_and_begin_in_the_charts(run):
    found = in_phases(run)
    assert (
        "warm, steps 1 to 3: sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.0, nesterov = false); trains depth"
        in found.text
    )
    assert "fixed: encoder" in found.text and "all_of_it, steps 4 to 6: adamw(lr = 0.001" in found.text
    begun = [named for tag, named in found.tags if named.get("class") == "begin"]
    assert len(begun) == 9, "a line in each chart: two losses, rate, weights, five metrics"


def test_phases_are_no_notes_and_no_backtick_is_shown(run):
    found = in_phases(run)
    assert "trains depth; fixed" in found.text and "steps 1 to 3: trains depth" not in found.text
    assert ("code", {}) in found.tags and "`" not in found.text.split("Spec, as resolved")[0]


def test_what_a_run_noted_is_no_warning_and_what_it_lost_is(run):
    warned = [named for tag, named in made(run).tags if tag == "li" and named.get("class") == "warning"]
    assert not warned
    write_lines(run / "log.jsonl", [START, END | {"empty": 3}])
    assert [n for t, n in made(run).tags if t == "li" and n.get("class") == "warning"]


def test_a_failed_run_says_why(run):
    write_lines(
        run / "log.jsonl",
        [START, {"event": "failed", "time": END["time"], "step": 4, "message": "too <hot>"}],
    )
    assert "Failed after step 6 of 6: too <hot>" in made(run).text


def test_sessions_are_listed_where_there_were_several(run):
    write_lines(run / "log.jsonl", [START, END | {"interrupted": True, "step": 2}, START | {"step": 2}, END])
    text = made(run).text
    assert "interrupted at step 2" in text and "done at step 6" in text


def test_an_old_run_without_a_log_is_shown_too(run):
    (run / "log.jsonl").unlink()
    text = made(run).text
    assert "were not recorded" in text and "miou" in text


def test_without_the_meaning_of_its_spec_the_numbers_are_still_there(run):
    found = Parsed(page(read(run), None, "there is no manifest"))
    assert not found.faults and "there is no manifest" in found.text
    assert "miou 0.3500" in found.text and "It needs the spec to be resolved" in found.text


def test_damaged_lines_are_counted(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("\n".join(["{not json", *lines]) + "\n")
    assert "1 piece of the run's records could not be read and is not on this page" in made(run).text


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("metrics.jsonl", '{"kind": "train"}'),
        ("metrics.jsonl", '{"kind": "val", "step": 6, "best": true, "scores": {}}'),
        ("metrics.jsonl", '{"kind": "test", "step": 6, "scores": 3}'),
        ("metrics.jsonl", '{"kind": 4}'),
        ("metrics.jsonl", "[" * 100_000),
        ("log.jsonl", '{"time": 1}'),
        ("log.jsonl", '{"event": "start"}'),
        ("log.jsonl", '{"event": "failed", "time": "2026-03-01T12:34:56+00:00"}'),
    ],
)
def test_a_line_that_lacks_what_its_sort_says_is_damaged_too(run, file, line):
    with (run / file).open("a") as lines:
        lines.write(line + "\n")
    found = made(run)
    assert not found.faults and "1 piece of the run's records" in found.text and "miou 0.3500" in found.text


@pytest.mark.parametrize("file", ["val.json", "test.json"])
@pytest.mark.parametrize("text", ["{}", '{"metrics', "[]"])
def test_a_damaged_file_of_scores_is_counted_and_the_record_has_them_too(run, file, text):
    (run / file).write_text(text)
    found = made(run)
    assert "1 piece of the run's records" in found.text and "miou 0.3500" in found.text


def test_what_is_said_of_many_classes_is_folded(run):
    rows = [{"name": f"c{n}", "iou": 0.5, "labelled pixels": n} for n in range(30)]
    judged = json.loads((run / "test.json").read_text())
    judged["by_class"]["semseg"] = rows
    (run / "test.json").write_text(json.dumps(judged))
    assert "<summary>All 30, one by one</summary>" in page(read(run), None)


def test_dots_are_explained_where_there_are_some(run):
    assert "dots are the loss on the validation split" in made(run).text
    lines = [line for line in (run / "metrics.jsonl").read_text().splitlines() if '"val"' not in line]
    (run / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert "dots are" not in made(run).text


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_a_folder_that_is_no_run_is_one_error(tmp_path, folder):
    with pytest.raises(RunError) as caught:
        read(tmp_path / folder)
    assert caught.value.exit_code == USAGE and caught.value.hint
