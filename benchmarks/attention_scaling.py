"""How time grows with the number of cells, KEM against attention: python benchmarks/attention_scaling.py

Forward and backward of one part over three streams (KEM) or one target and two sources (attention) of equal
shape, with the catalogue's defaults at width 64 on the CPU, from 1k to 16k cells of all streams together. The
exponent is the slope of log(time) over log(cells); the best of several repeats counts. A share instead of a
count adds the logarithm of what it selects: torch's top-k on the CPU is a partial sort.
"""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from mtlc.nn.attention import Attention
from mtlc.nn.kem import Kem

DIM, STREAMS, REPEATS = 64, 3, 5
CELLS = (1024, 2048, 4096, 8192, 16384)
KEM_LIMIT = 1.1


def seconds(part: nn.Module, cells: int) -> float:
    """The fastest of some forward and backward passes over about `cells` cells."""
    streams = [torch.randn(1, DIM, 16, round(cells / STREAMS / 16)).requires_grad_() for _ in range(STREAMS)]
    best = math.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        out = part(*streams)
        total(out).backward()
        best = min(best, time.perf_counter() - start)
    return best


def total(out: Tensor | tuple[Tensor, ...]) -> Tensor:
    return out.sum() if isinstance(out, Tensor) else torch.cat(out).sum()


def exponent(times: list[float]) -> float:
    """The least-squares slope in log-log coordinates."""
    x, y = (torch.tensor(v, dtype=torch.float64).log() for v in (list(map(float, CELLS)), times))
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())


def main() -> None:
    torch.manual_seed(0)
    kem = {"slots": 32, "select": 64, "heads": 4, "etf": 64, "residual": 1.0, "mask": "before", "norm": True}
    parts = {
        "kem": Kem(dim=DIM, streams=STREAMS, **kem),
        "kem, select 1 %": Kem(dim=DIM, streams=STREAMS, **(kem | {"select": 0.01})),
        "attention": Attention(dim=DIM, sources=STREAMS - 1, heads=4),
    }
    print("cells".ljust(18), *(f"{n:>10}" for n in CELLS), "  exponent")
    found = {}
    for name, part in parts.items():
        times = [seconds(part, cells) for cells in CELLS]
        found[name] = exponent(times)
        print(name.ljust(18), *(f"{1e3 * t:8.1f}ms" for t in times), f"  {found[name]:.2f}")
    if found["kem"] > KEM_LIMIT:
        raise SystemExit(f"KEM grows faster than cells to the power of {KEM_LIMIT}")


if __name__ == "__main__":
    main()
