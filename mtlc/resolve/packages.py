"""A second attempt at a spec with unknown words, after installed packages have brought their parts."""

from __future__ import annotations

from collections.abc import Callable

from mtlc.diagnostics import Diagnostics
from mtlc.packages import load_packages
from mtlc.parts.part import REGISTRY
from mtlc.spec import Spec

UNKNOWN = ("MTL106", "MTL204")  # a word that may be a package's part


def with_packages(attempt: Callable[[Diagnostics], Spec], diagnostics: Diagnostics, plugins: bool) -> Spec:
    """What an attempt to read a spec gives; packages are looked for only where that leaves a word unknown.

    So a spec that names mtlc's own parts alone never waits for a package, nor for the search for one.
    """
    first = diagnostics.copy()
    spec = attempt(first)
    missing = next((each for each in first if each.code in UNKNOWN), None)
    if missing is None or not plugins:
        diagnostics.become(first)
        return spec
    before, troubles = _count(), load_packages()
    if _count() > before:
        first = diagnostics.copy()
        spec = attempt(first)
    for trouble in troubles:
        say = first.error if trouble.clash else first.warning
        say("MTL214", trouble.message, missing.primary.span, hint=trouble.hint)
    diagnostics.become(first)
    return spec


def _count() -> int:
    return sum(map(len, REGISTRY.values()))
