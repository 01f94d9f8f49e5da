"""What `mtlc data check` found, in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mtlc.data.inspect import Inspection
from mtlc.data.inspect.findings import LEVELS, Finding
from mtlc.data.inspect.tally import Tally

MOST, FILES = 12, 40  # classes told of a task, and files; all with -v


def lines(found: Inspection, verbose: bool = False) -> Iterator[str]:
    """Findings by file, then the tasks by split, then how many findings there are."""
    yield from _by_file(found.findings, None if verbose else FILES)
    for split, tallies in found.tallies.items():
        yield f"{split}: {found.images[split]} images"
        width = max(map(len, tallies), default=0)
        for task, tally in tallies.items():
            yield f"  {task.ljust(width)}  {_amount(tally)}"
            if contents := _contents(tally, None if verbose else MOST):
                yield f"  {' ' * width}  {contents}"
    yield summary(found.findings)


def summary(findings: Sequence[Finding]) -> str:
    """`6 errors, 1 warning and 2 notes, in 8 files`"""
    if not findings:
        return "nothing is wrong with the data"
    counts = Counter(each.level for each in findings)
    told = [f"{counts[level]} {level}{'s' * (counts[level] > 1)}" for level in LEVELS if counts[level]]
    files = len({each.file for each in findings})
    joined = " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]
    return f"{joined}, in {files} file{'s' * (files > 1)}"


def as_json(found: Inspection, pictures: Sequence[Path]) -> dict[str, Any]:
    """All of it, in plain containers."""
    return {
        "findings": [asdict(each) for each in found.findings],
        "splits": {
            split: {
                "images": found.images[split],
                "tasks": {t: each.as_dict() for t, each in tallies.items()},
            }
            for split, tallies in found.tallies.items()
        },
        "pictures": [str(each) for each in pictures],
    }


def _by_file(findings: Sequence[Finding], most: int | None) -> Iterator[str]:
    """The file once, and below it what is wrong; the file with the worst first."""
    files: dict[str, list[Finding]] = {}
    for each in findings:
        files.setdefault(each.file, []).append(each)
    for file, found in list(files.items())[:most]:
        splits = dict.fromkeys(each.split for each in found if each.split)
        yield f"{file} ({', '.join(splits)})" if splits else file
        for each in found:
            yield f"  {each.level}: {each.message}"
            if each.hint:
                yield f"    hint: {each.hint}"
    if most is not None and len(files) > most:
        yield f"and {len(files) - most} more files; -v and --format json have them all"
    if files:
        yield ""


def _amount(tally: Tally) -> str:
    share = f"{_share(tally.labelled, tally.images)} labelled ({tally.labelled} of {tally.images})"
    dense = tally.of > tally.labelled and tally.target.kind not in ("tags", "classify", "regress")
    return f"{tally.target.kind}, {share}" + (f", {_share(tally.known, tally.of)} of their pixels" * dense)


def _contents(tally: Tally, most: int | None) -> str:
    values = [
        f"{name} {v['low']:.3g} to {v['high']:.3g}, median {v['median']:.3g}"
        for name, v in tally.quantiles().items()
    ]
    total = tally.known if tally.target.kind not in ("tags", "classify") else tally.labelled
    counted = sorted(zip(tally.amounts, tally.names, strict=True), reverse=True)
    shares = [f"{name} {_share(amount, total)}" for amount, name in counted if amount and total]
    more = [f"and {len(shares) - most} more"] if most is not None and len(shares) > most else []
    return ", ".join([*values, *shares[:most], *more])


def _share(part: int, whole: int) -> str:
    if not whole:
        return "0 %"
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 or not part else f"{share:.2g} %"
