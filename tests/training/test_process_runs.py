"""Runs of several processes: they end as one, well or not, and one of them writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from several_processes import SPARING, THREE, beside_each_other, drawing, runs_and_a_death
from test_step import without_batch_norm
from toy import toy

from mtlc.training import processes
from mtlc.training.checkpoint import STATE, WEIGHTS, read_weights
from mtlc.training.errors import USAGE, RunError
from mtlc.training.loop import train
from mtlc.training.run_folder import RunFolder
from mtlc.training.scores import Unfit
from mtlc.training.together import refuse_too_many


class Ran(NamedTuple):
    """Where the runs are, and what each process has of them."""

    out: Path
    results: list[dict[str, Any]]
    errors: list[dict[str, tuple[str, str]]]
    weights: list[dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    out: Path = tmp_path_factory.mktemp("runs")
    assert beside_each_other(runs_and_a_death, out) == [1, -9]
    with torch.serialization.safe_globals([Unfit]):
        yield Ran(out, *zip(*(torch.load(out / f"{rank}.pt") for rank in range(2)), strict=True))


def test_processes_are_interrupted_together_and_a_resumed_run_is_bit_equal(ran):
    for each in ran.results:
        assert each["cut"][:2] == (5, True)
        assert each["whole"][:2] == each["again"][:2] == (8, False)
    whole, cut = (RunFolder(ran.out / name) for name in ("whole", "cut"))
    assert whole.metrics.read_bytes() == cut.metrics.read_bytes()
    assert (whole.last() / WEIGHTS).read_bytes() == (cut.last() / WEIGHTS).read_bytes()


def test_each_process_goes_on_with_random_numbers_of_its_own(ran):
    state = torch.load(RunFolder(ran.out / "cut").last() / STATE, weights_only=True)
    assert len(state["others"]) == 1
    assert not torch.equal(state["random"], state["others"][0]["random"])


def test_all_end_with_the_kept_weights(ran):
    kept = read_weights(RunFolder(ran.out / "cut").kept())
    for each in ran.weights:
        assert all(torch.equal(each[name], value) for name, value in kept.items())


def test_one_process_writes(ran):
    lines = [json.loads(line) for line in (ran.out / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "train"] == list(range(1, 9))
    starts = [json.loads(line) for line in (ran.out / "whole" / "log.jsonl").read_text().splitlines()]
    assert [line["device"] for line in starts if line["event"] == "start"] == [
        "2 processes, each on cpu (1 thread)"
    ]
    assert sum("statistics of batch norms" in line.get("text", "") for line in starts) == 1


def test_no_note_on_batch_norms_where_there_are_none(ran):
    assert "batch norms" not in (ran.out / "damaged" / "log.jsonl").read_text()


@pytest.mark.parametrize("name", SPARING)
def test_what_is_left_out_is_left_out_by_all(ran, name, tmp_path):
    data, keys = SPARING[name]
    alone = train(without_batch_norm(toy(data, THREE, **keys)), tmp_path, device="cpu")
    found = ran.results[0][name]
    assert ran.results[1][name] == found
    assert found == (alone.step, False, alone.skipped, alone.unfit, alone.overflows)
    assert any(found[2:])
    if name != "overflowing":  # in 16 bits a sum depends on its order
        one, two = (read_weights(RunFolder(out).last() / WEIGHTS) for out in (tmp_path, ran.out / name))
        assert all(torch.allclose(one[key], two[key], rtol=1e-3, atol=1e-4) for key in one)


def test_an_error_in_one_process_is_raised_in_all(ran):
    first, second = ran.errors
    assert first == second
    kind, said = first["loss"]
    assert kind == "RunError" and "`train-4`" in said and "is not finite" in said
    kind, said = first["data"]
    assert kind == "RunError" and said.endswith("the image of `train-7` is damaged")
    assert first["bug"] == first["first"] == ("KeyError", "'a bug'")


def test_a_process_that_dies_does_not_leave_the_others_waiting(ran):
    assert (ran.out / "said").read_text() == "another process of this run is gone"


def test_one_process_goes_on_with_a_run_of_two(ran, tmp_path):
    out = shutil.copytree(ran.out / "cut", tmp_path / "cut")
    assert train(drawing(), out, device="cpu", resume=True, steps=9).step == 9


def test_more_processes_than_images_in_a_batch_are_refused(monkeypatch):
    monkeypatch.setattr(processes, "size", lambda: 3)
    refuse_too_many(toy(train__batch=3).plan)
    with pytest.raises(RunError, match="3 processes share a batch of 2 images") as found:
        refuse_too_many(toy(train__batch=2).plan)
    assert found.value.exit_code == USAGE and "`train.batch` to 3 or more" in found.value.hint
