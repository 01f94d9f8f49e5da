"""`mtlc run` as launchers start it, in several processes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mtlc.training.errors import USAGE, RunError
from mtlc.training.launch import Place, place

SPEC = """
data rooms { size = 32x32, images = 8, val = 4, test = 4 }
shared encoder : tiny { width = 8 }
task all { decoder = linear(dim = 8) }
task semseg
task depth
balance upgrad
train { steps = 3, batch = 4 }
"""
TORCHRUN = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
# The command `accelerate` imports timm, which a torchvision for CUDA beside a torch for the CPU keeps it from.
ACCELERATE = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0"]


def launched(launcher: list[str], spec: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *launcher, "-m", "mtlc", "run", str(spec), "--device", "cpu", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=spec.parent)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.mtl"
    path.write_text(SPEC)
    return path


@pytest.mark.skipif(not importlib.util.find_spec("accelerate"), reason="accelerate is not installed")
def test_accelerate_launches_a_run_of_two_processes(spec, tmp_path):
    done = launched(ACCELERATE, spec, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("on 2 processes, each on cpu") == 1
    assert done.stdout.count("semseg") == 1
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "train"] == [1, 2, 3]
    assert [line["kind"] for line in lines][-1] == "test"
    assert len(list((tmp_path / "run" / "samples").iterdir())) == 4


def test_a_run_that_fails_under_a_launcher_says_why_once(spec, tmp_path):
    wild = "train.optimizer=sgd(lr=1e30)"
    done = launched(TORCHRUN, spec, "--out", str(tmp_path / "run"), "--set", wild)
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1
    assert "error: step 2: the loss of" in done.stderr and "is not finite" in done.stderr
    assert (tmp_path / "run" / "checkpoints" / "index.json").exists()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):
    """Sets what a launcher leaves in the environment, and nothing else of it."""
    for name in os.environ.keys() & {"RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}:
        monkeypatch.delenv(name)

    def set_to(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))

    return set_to


def test_a_process_knows_its_place(told):
    assert place() is None
    told(WORLD_SIZE=1)
    assert place() is None
    told(WORLD_SIZE=4, RANK=3, MASTER_ADDR="host", MASTER_PORT=1)
    assert place() == Place(3, 4, 3)
    told(LOCAL_RANK=1)
    assert place() == Place(3, 4, 1)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"WORLD_SIZE": 2}, "RANK is not set"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is `two`, which is no number"),
        ({"WORLD_SIZE": 2, "RANK": 2}, "RANK is 2, and WORLD_SIZE 2"),
        ({"WORLD_SIZE": 2, "RANK": 1}, "MASTER_ADDR is not set"),
        ({"ACCELERATE_MIXED_PRECISION": "no", "MASTER_PORT": 1}, "starts one there"),
    ],
)
def test_a_wrong_launch_is_told_with_the_way_out(told, values, message):
    told(**values)
    with pytest.raises(RunError, match=message) as found:
        place()
    assert found.value.exit_code == USAGE and "torchrun" in found.value.hint
