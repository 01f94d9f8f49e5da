"""Parts, saliency and edges on real photos: `specs/ccp.mtl` over several seeds, the mean of each metric.

    CCP_ROOT=… python benchmarks/ccp.py [--seeds 0 1 2] [--out runs/ccp]

Resumable: a seed whose run folder holds its test scores is read, one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

SPEC = Path(__file__).parent.parent / "specs" / "ccp.mtl"
SHOWN = (("parts", "miou"), ("saliency", "iou"), ("edges", "f1"), ("tags", "map"))


def scores(seed: int, out: Path) -> dict[str, dict[str, float]]:
    """The test metrics of one seed's run, which is started, resumed or read."""
    folder = out / f"seed-{seed}"
    if not (folder / "test.json").exists():
        where = ["--resume"] if (folder / "spec.mtl").exists() else ["--out"]
        command = [
            sys.executable,
            "-m",
            "mtlc",
            "run",
            str(SPEC),
            "--set",
            f"train.seed={seed}",
            *where,
            str(folder),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found: dict[str, dict[str, float]] = json.loads((folder / "test.json").read_text())["metrics"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("runs/ccp"))
    given = parser.parse_args()
    runs = [scores(seed, given.out) for seed in given.seeds]
    for task, metric in SHOWN:
        values = [run[task][metric] for run in runs]
        spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
        print(f"{task} {metric}: {mean(values):.4f}{spread}  ({', '.join(f'{v:.4f}' for v in values)})")


if __name__ == "__main__":
    main()
