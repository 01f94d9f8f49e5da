"""A step with one gradient a task, by mtlc and by a loop by hand, in one process: python benchmarks/rows_in_turn.py

What `several_rows.py` times in processes of their own, where the same step can be a tenth slower in one process than in
another for as long as both live. Here both take their steps in one, in turn, either first as often. The figure is the
median over pairs of the ratio of their seconds. TorchJD, never the fastest there, is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from contestants.setting import METHODS, Size  # noqa: E402
from contestants.turns import spawned  # noqa: E402

KINDS = ("mtlc", "loop")
WARM = 3  # pairs, in which memory is taken and nothing is timed
LIMIT = 1.05

Pair = dict[str, float]


def serve(pipe: Connection, method: str, size: Size, pairs: int) -> None:
    """Send the seconds of each pair of steps."""
    import torch
    from contestants.steps import batches, make

    made = {kind: make(kind, method, size, torch.float32) for kind in KINDS}
    drawn = {kind: batches(model, size, torch.float32) for kind, (_, model) in made.items()}

    def seconds(kind: str, place: int) -> float:
        start = time.perf_counter()
        made[kind][0](drawn[kind][place % len(drawn[kind])])
        return time.perf_counter() - start

    found: list[Pair] = []
    for place in range(WARM + pairs):
        order = KINDS if place % 2 else KINDS[::-1]
        found.append({kind: seconds(kind, place) for kind in order})
    pipe.send(found[WARM:])


def measure(method: str, size: Size, pairs: int) -> list[Pair]:
    process, pipe = spawned(serve, method, size, pairs)
    found: list[Pair] = pipe.recv()
    process.join()
    return found


def row(method: str, found: list[Pair]) -> str:
    mtlc, loop = (1000 * median(pair[kind] for pair in found) for kind in KINDS)
    ratio = median(pair["mtlc"] / pair["loop"] for pair in found)
    return f"| `{method}` | {mtlc:.0f} | {loop:.0f} | {ratio:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--pairs", type=int, default=24)
    given = parser.parse_args()
    print(f"| method | mtlc, ms | loop, ms | ratio (at most {LIMIT}) |\n|---|---|---|---|")
    for method in given.methods:
        print(row(method, measure(method, Size(), given.pairs)), flush=True)


if __name__ == "__main__":
    main()
