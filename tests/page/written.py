"""A run folder written by hand, from which each test takes or breaks what it is about."""

from __future__ import annotations

import json
from pathlib import Path

SPEC = """
data rooms {
  size = 32x32
  images = 8
}
shared encoder : tiny { width = 8 }
task semseg { decoder = linear(dim = 8) }
task depth { decoder = linear(dim = 8) }
links { semseg <-> depth via attention }
"""
START = {
    "event": "start", "time": "2026-03-01T12:00:00+00:00", "tasks": ["semseg", "depth"], "step": 0, "steps": 6,
    "images": 8, "batch": 2, "parameters": 1234567, "device": "cpu (2 threads)", "versions": {"torch": "2.13"},
}  # fmt: skip
END = {"event": "end", "time": "2026-03-01T12:34:56+00:00", "step": 6, "interrupted": False, "best": None}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


def scores(split: str, miou: float, **more: object) -> dict[str, object]:
    """The scores of three images, as a run writes them."""
    counted = {"semseg": {"pixels": 3072, "images": 3}, "depth": {"pixels": 2900, "images": 2}}
    metrics = {
        "semseg": {"miou": miou, "accuracy": None},
        "depth": {"rmse": 0.5, "abs_err": 0.4, "abs_rel": 0.1},
    }
    losses = {"semseg": 1.5, "depth": 0.4}
    return {
        "split": split, "images": 3, "metrics": metrics, "counted": counted, "losses": losses, "loss": 1.9, **more
    }  # fmt: skip


DETAIL = {
    "confusion": {"semseg": {"names": ["floor", "<wall>"], "counts": [[900, 100], [0, 0]]}},
    "by_class": {
        "semseg": [
            {"name": "floor", "iou": 0.9, "labelled pixels": 1000},
            {"name": "<wall>", "iou": None, "labelled pixels": 0},
        ]
    },
}


def write_lines(path: Path, lines: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def write_run(folder: Path) -> Path:
    """A run that is done, with everything."""
    (folder / "samples").mkdir(parents=True)
    (folder / "spec.mtl").write_text(SPEC)
    steps = [
        {"kind": "train", "step": n, "lr": 0.001, "losses": {"semseg": 3.0 / n, "depth": None if n == 3 else 0.5},
         "weights": {"semseg": 1.0, "depth": 0.5 * n}, "auxiliary": 0.0}
        for n in range(1, 7)
    ]  # fmt: skip
    val = [
        {"kind": "val", "step": step, "best": step == 3, "scores": scores("val", miou)}
        for step, miou in ((3, 0.4), (6, 0.3))
    ]
    test = {"kind": "test", "step": 6, "scores": scores("test", 0.35)}
    write_lines(folder / "metrics.jsonl", [*steps[:3], val[0], *steps[3:], val[1], test])
    write_lines(
        folder / "log.jsonl",
        [START, {"event": "note", "time": START["time"], "text": "left out: a.jpg"}, END],
    )
    (folder / "val.json").write_text(json.dumps({"step": 3, **scores("val", 0.4, **DETAIL)}))
    (folder / "test.json").write_text(json.dumps(scores("test", 0.35, **DETAIL)))
    (folder / "samples" / "photo.png").write_bytes(PNG)
    return folder
