"""What only shows between several data sets: an image that one trains on and another tests with."""

from __future__ import annotations

from collections.abc import Mapping

from mtlc.data.inspect import Inspection
from mtlc.data.inspect.findings import Finding, by_weight

Seen = tuple[str, str, str]  # a data set, a split and a file


def between(looked: Mapping[str, Inspection]) -> None:
    """Add what is found to the later of two data sets."""
    seen: dict[bytes, list[Seen]] = {}
    for name, found in looked.items():
        for split, images in found.prints.items():
            for print, (id, file) in images.items():
                for other in seen.get(print, []):
                    if other[0] != name and other[1] != split:
                        found.findings.append(_same(id, file, split, other))
                seen.setdefault(print, []).append((name, split, file))
        found.findings.sort(key=by_weight)


def _same(id: str, file: str, split: str, other: Seen) -> Finding:
    name, where, twin = other
    message = f"it has the same pixels as `{twin}` of data set `{name}` (split `{where}`)"
    hint = "keep it in one split of all data sets: a test on it would test what was learnt"
    return Finding("error", "same-image", file, message, hint, split, (id,))
