"""How long `mtlc check specs/nyud_base.mtl` takes as a whole process, beside `python -c "import torch"`.

Run with `python benchmarks/check_time.py [N]`: N pairs (default 10), interleaved, so that
both meet the same machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = 0.35
CHECK = [sys.executable, "-m", "mtlc", "check", "specs/nyud_base.mtl"]
TORCH = [sys.executable, "-c", "import torch"]


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds on the wall, and of the processor."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


def main(pairs: int) -> None:
    for command in (CHECK, TORCH):  # once, so that both read warm files
        measured(command)
    found = [(measured(CHECK), measured(TORCH)) for _ in range(pairs)]
    for place, clock in enumerate(("wall", "processor")):
        check, torch = (statistics.median(pair[which][place] for pair in found) for which in (0, 1))
        print(f"{clock:9}  check {check:.3f} s  import torch {torch:.3f} s  ratio {check / torch:.3f}")
    print(f"medians of {pairs} pairs; the ratio on the wall should be at most {TARGET}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
