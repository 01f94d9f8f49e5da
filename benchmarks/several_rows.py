"""Steps with one gradient a task, by mtlc, TorchJD and a loop by hand: python benchmarks/several_rows.py

Four dense tasks on a timm encoder and a neck that all share; the same modules, first weights, batches, losses and
optimiser, images and weights channels last. Each contestant has a process of its own. They take their steps in turn,
a few at a time: what slows the machine slows all alike, and nobody works while another does. In one more process
each one's gradient of a batch is held to an exact one. TorchJD is no dependency of mtlc:
`pip install "torchjd[full]==0.18.0"`; where it is not installed the loop stands alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from contestants.setting import EVERY, METHODS, Size  # noqa: E402
from contestants.turns import PLAIN, Contestant, side_by_side, spawned  # noqa: E402

TORCHJD = {"sequential": "TorchJD, one by one", "batched": "TorchJD, vmap"}
OTHERS = {"loop": "loop"} | (TORCHJD if importlib.util.find_spec("torchjd") else {})
QUIET = {"KINETO_LOG_LEVEL": "99", "TORCH_CPP_LOG_LEVEL": "ERROR"}
TIME, MEMORY, KEPT, ERROR = 1.05, 1.0, 1.30, 1e-5  # mtlc is to be at most there

Found = dict[str, Contestant]
Errors = Mapping[tuple[str, str], float]


def time_of(found: Found) -> float:
    """mtlc's step beside the fastest other one."""
    return found["mtlc"].step / least(found, lambda each: each.step)


def memory_of(found: Found) -> float:
    """The same of the most that a step holds."""
    return found["mtlc"].held.tensors / least(found, lambda each: each.held.tensors or math.nan)


def kept_of(found: Found) -> float:
    """Steps that keep their weights beside those that have none."""
    return found["every"].mean / found["equal"].mean


def least(found: Found, figure: Callable[[Contestant], float]) -> float:
    return min(value for kind in OTHERS if not math.isnan(value := figure(found[kind])))


def times(method: str, found: Found) -> list[str]:
    steps = [milliseconds(found[kind].step) for kind in ("mtlc", *OTHERS)]
    plain = [milliseconds(found[kind].mean) for kind in PLAIN]
    return [f"`{method}`", *steps, f"{time_of(found):.3f}", *plain, f"{kept_of(found):.3f}"]


def memory(method: str, found: Found) -> list[str]:
    held = [found[kind].held for kind in ("mtlc", *OTHERS)]
    return [
        f"`{method}`",
        *(f"{each.tensors / 1e6:.0f} ({each.resident / 1e6:.0f})" for each in held),
        f"{memory_of(found):.3f}",
    ]


def errors(method: str, found: Errors) -> list[str]:
    return [f"`{method}`", *("failed" if math.isnan(each) else f"{each:.0e}" for each in found.values())]


def milliseconds(seconds: float) -> str:
    return "failed" if math.isnan(seconds) else f"{1000 * seconds:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(each)} |" for each in (head, ["---"] * len(head), *rows))


def exact(methods: Sequence[str], size: Size) -> tuple[float, list[Errors]]:
    """How far float32 is from float64, and for each method the errors by contestant and type."""
    from contestants.exact import serve

    kinds = ["mtlc", *(kind for kind in TORCHJD if kind in OTHERS)]
    process, pipe = spawned(serve, kinds, list(methods), size)
    apart, found = pipe.recv(), [pipe.recv() for _ in methods]
    process.join()
    return apart, found


def main() -> None:
    given = arguments()
    os.environ.update(QUIET)
    start, size, methods = (
        time.perf_counter(),
        Size(given.encoder, given.size, given.batch, given.device),
        given.methods,
    )
    found: dict[str, Found] = {}
    for method in methods:
        kinds = ("mtlc", *OTHERS, *PLAIN)
        found[method] = side_by_side(kinds, method, size, steps=given.steps, rounds=given.rounds)
        for kind, each in found[method].items():
            if each.failure:
                print(f"{kind}, {method}: {each.failure}", file=sys.stderr)
                if kind not in TORCHJD:
                    raise SystemExit(1)
        print(" | ".join(times(method, found[method])), file=sys.stderr, flush=True)
    names = ["mtlc", *OTHERS.values()]
    plain = [f"every = {EVERY}", "equal", f"ratio (at most {KEPT:.2f})"]
    print(f"Milliseconds of a step, medians of {given.steps * given.rounds}:\n")
    head = ["method", *names, f"to the fastest (at most {TIME})", *plain]
    print(table(head, [times(method, each) for method, each in found.items()]))
    print("\nMegabytes of tensors at the height of a step, and of the whole process:\n")
    head = ["method", *names, f"to the least (at most {MEMORY})"]
    print(table(head, [memory(method, each) for method, each in found.items()]), flush=True)
    apart, wrong = exact(methods, size)
    print(f"\nRelative errors of the gradient (mtlc's at most {ERROR:.0e}):\n")
    head = ["method", *(f"{OTHERS.get(kind, kind)}, {type}" for kind, type in wrong[0])]
    print(table(head, [errors(method, each) for method, each in zip(methods, wrong, strict=True)]))
    print(f"\nThe tasks' gradients themselves are {apart:.0e} off in float32, whoever computes them.")
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="mtlc, TorchJD and a loop by hand, side by side")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--steps", type=int, default=3, help="steps of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoder", default=Size.encoder, help="a timm model")
    parser.add_argument("--size", type=int, default=Size.image, help="height and width of images")
    parser.add_argument("--batch", type=int, default=Size.batch)
    parser.add_argument("--device", default=Size.device)
    return parser.parse_args()


if __name__ == "__main__":
    main()
