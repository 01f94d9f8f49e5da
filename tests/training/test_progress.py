"""How a run is told: plain lines, JSON lines, a live line; the clock is a fake."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from mtlc.training.lines import JsonLines, Lines
from mtlc.training.live import Live, line
from mtlc.training.pace import Pace, duration
from mtlc.training.report import Done, Start
from mtlc.training.scores import Best, Result, Scores
from mtlc.training.words import metrics, number

START = Start(Path("runs/x"), ("semseg", "depth"), 0, 200, 1000, 8, 1_230_000, "cpu (2 threads)")
SCORES = Scores(
    split="val",
    images=10,
    metrics={"semseg": {"miou": 0.5432, "accuracy": 0.8}, "depth": {"rmse": 0.4321, "abs_rel": math.nan}},
    counted={"semseg": {"images": 10, "pixels": 5000}, "depth": {"images": 7, "pixels": 300}},
    losses={"semseg": 1.0, "depth": 0.25},
    loss=1.25,
)
RESULT = Result(Path("runs/x"), 200, 200, Best(150, 1.25), SCORES, SCORES)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def done(step, **losses):
    return Done(step, 200, 8, losses or {"semseg": 2.0, "depth": 0.5}, {"semseg": 1.0, "depth": 0.5})


def told(steps, seconds, report, clock):
    report.start(START)
    for step in range(1, steps + 1):
        clock.now += seconds
        report.step(done(step))


def test_a_plain_line_comes_every_fifty_steps_and_at_the_last():
    clock, err = Clock(), io.StringIO()
    told(120, 0.01, Lines(io.StringIO(), err, clock), clock)
    assert [line.split("  ")[0] for line in err.getvalue().splitlines()[1:]] == [
        "step 50/200",
        "step 100/200",
    ]
    told(200, 0.01, Lines(io.StringIO(), err := io.StringIO(), clock), clock)
    assert err.getvalue().splitlines()[-1].startswith("step 200/200")


def test_a_plain_line_comes_every_five_seconds_of_slow_steps():
    clock, err = Clock(), io.StringIO()
    told(12, 1.0, Lines(io.StringIO(), err, clock), clock)
    lines = err.getvalue().splitlines()
    assert lines[0] == "200 steps of 8 images (1000 in all) on cpu (2 threads), 1.23 M parameters"
    assert lines[1:] == [
        "step 5/200  8.0 images/s  3:15 left  semseg 2.0000 (x1)  depth 0.5000 (x0.5)",
        "step 10/200  8.0 images/s  3:10 left  semseg 2.0000 (x1)  depth 0.5000 (x0.5)",
    ]


def test_a_line_holds_the_means_of_its_interval_over_the_steps_that_had_the_label():
    clock, err = Clock(), io.StringIO()
    report = Lines(io.StringIO(), err, clock)
    report.start(START)
    for step, losses in enumerate([{"semseg": 1.0}, {"semseg": 3.0, "depth": 0.5}, {}], 1):
        clock.now += 2
        report.step(Done(step, 200, 8, losses, {"semseg": 1.0, "depth": 1.0}))
    assert err.getvalue().splitlines()[1].endswith("left  semseg 2.0000 (x1)  depth 0.5000 (x1)")


def test_a_unit_is_that_of_the_figures_kind():
    assert metrics({"rmse": 0.5, "abs_err": 0.25, "abs_rel": 0.125}).startswith(
        "rmse 0.5000 m  abs_err 0.2500 m"
    )
    assert metrics({"mae": 0.25, "rmse": 0.5, "r2": 0.75}) == "mae 0.2500  rmse 0.5000  r2 0.7500"


def test_an_evaluation_is_one_line_with_units_and_a_mark_when_best():
    err = io.StringIO()
    report = Lines(io.StringIO(), err)
    report.scores(150, SCORES, True)
    report.scores(200, SCORES, False)
    best, other = err.getvalue().splitlines()
    assert best == (
        "val at step 150:  semseg miou 0.5432  accuracy 0.8000  depth rmse 0.4321 m  abs_rel nan"
        "  loss 1.2500  * best"
    )
    assert other.endswith("loss 1.2500")


def test_scores_go_to_stdout_and_the_rest_to_stderr():
    out, err = io.StringIO(), io.StringIO()
    Lines(out, err).end(RESULT)
    assert out.getvalue().splitlines() == [
        "test (best weights, of step 150):",
        "  semseg  miou 0.5432  accuracy 0.8000  loss 1.0000  (10 of 10 images)",
        "  depth   rmse 0.4321 m  abs_rel nan  loss 0.2500  (7 of 10 images)",
    ]
    assert err.getvalue() == "done: 200 steps, everything is in runs/x\n"


def test_time_spent_on_an_evaluation_is_no_time_of_a_step():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(3):
        clock.now += 1
        pace.step(8)
    clock.now += 1000
    pace.pause()
    clock.now += 1
    pace.step(8)
    assert pace.images_per_second == 8
    assert pace.left(10) == 10


def test_json_lines_are_objects_with_null_where_there_is_no_number():
    clock, out = Clock(), io.StringIO()
    report = JsonLines(out, clock)
    told(50, 0.1, report, clock)
    report.note("something")
    report.scores(50, SCORES, True)
    report.end(RESULT)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["start", "step", "note", "scores", "end"]
    assert events[1]["losses"] == {"semseg": 2.0, "depth": 0.5}
    assert events[1]["images_per_second"] == pytest.approx(80)
    assert events[3]["metrics"]["depth"] == {"rmse": 0.4321, "abs_rel": None}
    assert events[4]["best"] == {"step": 150, "value": 1.25}


def test_the_live_line_shows_step_speed_time_left_and_each_tasks_loss_and_weight():
    clock = Clock()
    pace = Pace(clock)
    clock.now += 2
    pace.step(8)
    text = line(done(50), pace, {"semseg": 2.0, "depth": 0.5}).plain
    assert (
        text
        == "50/200 " + "━" * 5 + "─" * 15 + " 4.0 images/s  5:00 left  semseg 2.0000 x1  depth 0.5000 x0.5"
    )


def test_a_terminal_is_left_without_the_live_line_and_with_the_scores():
    out, err = io.StringIO(), io.StringIO()
    report = Live(
        Console(file=out, force_terminal=True, width=200), Console(file=err, force_terminal=True, width=200)
    )
    report.start(START)
    report.step(done(1))
    report.scores(1, SCORES, True)
    report.note("something")
    report.end(RESULT)
    report.close()
    assert "test (best weights" in out.getvalue()
    shown = err.getvalue()
    assert "val at step 1:" in shown and "note: something" in shown and "done: 200 steps" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), "the cursor is shown again"


def test_notes_with_brackets_are_shown_as_they_stand():
    err = io.StringIO()
    report = Live(Console(file=io.StringIO()), Console(file=err))
    report.note("a [bold]path[/bold]")
    report.close()
    assert err.getvalue() == "note: a [bold]path[/bold]\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0:00"), (59.6, "1:00"), (725, "12:05"), (11220, "3:07:00")]
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.3456, "12.35"), (0.56789, "0.5679"), (0.00012346, "0.0001235"), (math.nan, "nan"), (0, "0")],
)
def test_numbers_have_the_digits_that_matter(value, text):
    assert number(value) == text
