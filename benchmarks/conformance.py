"""The conformance suite of tests/balance as tables: for mtlc's gradient-level methods, and for TorchJD's.

Run with `python benchmarks/conformance.py`: it measures both and writes the tables into docs/balancing.md. TorchJD is
no dependency of mtlc: `pip install "torchjd[full]"` in an environment of its own that has mtlc's, too. Where it is not
installed its table stays as it is.
"""

from __future__ import annotations

import importlib.metadata
import math
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "balancing.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "balance")]

from conformance import PROPERTIES, Array, Direction, Measured, Refused, Subject, error, measure  # noqa: E402
from our_methods import SUBJECTS  # noqa: E402

PATIENCE = 5  # seconds for one direction
YES_OR_NO = ("any order", "linear", "scale-free")


def torchjd() -> list[Subject]:
    """TorchJD's aggregators of the same formulas, in float64; settings are its defaults but for what is named."""
    import torch
    import torchjd.aggregation as theirs

    made: list[tuple[str, dict[str, Any], str, Callable[[int], Any]]] = [
        ("upgrad", {}, "UPGrad()", lambda tasks: theirs.UPGrad()),
        ("dualproj", {}, "DualProj()", lambda tasks: theirs.DualProj()),
        ("pcgrad", {}, "PCGrad()", lambda tasks: theirs.PCGrad()),
        ("mgda", {}, "MGDA()", lambda tasks: theirs.MGDA()),
        ("mgda", {}, "MGDA(epsilon=1e-6, max_iters=1000)", lambda tasks: theirs.MGDA(1e-6, 1000)),
        ("cagrad", {"c": 0.5, "rescale": None}, "CAGrad(c=0.5)", lambda tasks: theirs.CAGrad(c=0.5)),
        ("cagrad", {"c": 1.0, "rescale": None}, "CAGrad(c=1.0)", lambda tasks: theirs.CAGrad(c=1.0)),
        ("imtl_g", {}, "IMTLG()", lambda tasks: theirs.IMTLG()),
        ("aligned", {}, "AlignedMTL()", lambda tasks: theirs.AlignedMTL()),
        ("nash", {"max_norm": 1.0}, "NashMTL(n_tasks=K)", lambda tasks: theirs.NashMTL(n_tasks=tasks)),
        ("fairgrad", {"alpha": 1.0}, "FairGrad(alpha=1.0)", lambda tasks: theirs.FairGrad(alpha=1.0)),
        ("config", {}, "ConFIG()", lambda tasks: theirs.ConFIG()),
    ]

    def maker(aggregator: Callable[[int], Any]) -> Callable[[tuple[str, ...]], Direction]:
        def make(tasks: tuple[str, ...]) -> Direction:
            def direction(matrix: Array, present: tuple[str, ...]) -> Array:
                torch.manual_seed(0)
                try:
                    with patience():
                        found: Array = aggregator(len(matrix))(torch.from_numpy(matrix.copy())).numpy()
                    return found
                except Exception as failure:
                    raise Refused(type(failure).__name__) from failure

            return direction

        return make

    return [Named(method, maker(each), settings, title=title) for method, settings, title, each in made]


class Named(Subject):
    """A subject that goes by the name it has in its own library."""

    def __init__(self, method: str, make: Any, settings: dict[str, Any], *, title: str) -> None:
        super().__init__(method, make, settings)
        object.__setattr__(self, "title", title)

    @property
    def name(self) -> str:
        return str(vars(self)["title"])


class patience:
    """Raises TimeoutError in what takes longer."""

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._over)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _over(self, *_: object) -> None:
        raise TimeoutError


def table(subjects: Iterable[Subject]) -> str:
    lines = [["method", "error", "uneven", *PROPERTIES]]
    lines.append(["---"] * len(lines[0]))
    for subject in subjects:
        lines.append([f"`{subject.name}`", *cells(measure(subject))])
        print(" | ".join(lines[-1]), flush=True)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(measured: Measured) -> list[str]:
    """Held properties plain, the others in italics."""
    errors = ["∞" if math.isinf(each) else error(each) for each in (measured.formula, measured.uneven)]
    said = []
    for name, (held, shown) in measured.findings.items():
        if name in YES_OR_NO:
            said.append("yes" if held else "*no*")
        else:
            said.append(shown if held else f"*{shown}*")
    return [*errors, *said]


def replaced(text: str, name: str, new: str) -> str:
    """The page with what stands between a table's two marks."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    found, count = re.subn(
        f"{marks[0]}.*?{marks[1]}", lambda _: f"{marks[0]}\n{new}\n{marks[1]}", text, flags=re.S
    )
    if count != 1:
        raise SystemExit(f"{PAGE} has no marks {marks[0]} … {marks[1]}")
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    text = replaced(PAGE.read_text(encoding="utf-8"), "mtlc", table(SUBJECTS))
    try:
        version = importlib.metadata.version("torchjd")
    except importlib.metadata.PackageNotFoundError:
        print("torchjd is not installed: its table stays")
    else:
        torch = importlib.metadata.version("torch")
        said = f"TorchJD {version}, torch {torch}, float64, defaults but for what is named:"
        text = replaced(text, "torchjd", f"{said}\n\n{table(torchjd())}")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
