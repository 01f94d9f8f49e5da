"""Text to plan at 2, 20 and 200 tasks with links among neighbours: `python benchmarks/compile_scaling.py`.

One process a size, the median of seven; torch must not be imported.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import log
from statistics import median
from time import perf_counter

SIZES = (2, 20, 200)
REPEATS = 7


def text(tasks: int) -> str:
    """Every task attends to the one beside it, every second one is traced back."""
    names = [f"t{i}" for i in range(tasks)]
    pairs = [f"  {a} <-> {b} via attention(heads = 4)" for a, b in zip(names[::2], names[1::2], strict=False)]
    traced = [f"  {name} via trace_back" for name in names[::2]]
    blocks = [f"task {name} : {'depth' if i % 2 else 'semseg'}" for i, name in enumerate(names)]
    return "\n".join(
        ["data rooms", "shared encoder : tiny", "shared neck : fpn", *blocks, "links {", *pairs, *traced, "}"]
    )


def seconds(source_text: str) -> float:
    from mtlc.api import load, planned
    from mtlc.source import Source

    start = perf_counter()
    planned(load(Source("many.mtl", source_text)))
    return perf_counter() - start


def measure(tasks: int) -> float:
    seconds(text(2))  # imports and the grammar's tables are no part of it
    found = median(seconds(text(tasks)) for _ in range(REPEATS))
    assert "torch" not in sys.modules and "networkx" not in sys.modules
    return found


def main() -> None:
    if len(sys.argv) > 1:
        print(measure(int(sys.argv[1])))
        return
    times = []
    for tasks in SIZES:
        done = subprocess.run(
            [sys.executable, __file__, str(tasks)], capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout))
        print(f"{tasks:4} tasks  {1000 * times[-1]:8.1f} ms")
    for (a, b), (x, y) in zip(pairwise(SIZES), pairwise(times), strict=True):
        print(f"exponent {a} to {b} tasks: {log(y / x) / log(b / a):.2f}")


if __name__ == "__main__":
    main()
