"""Specs and their graphs, for tests of the pictures."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph
from mtlc.passes import run_passes
from mtlc.spec import Spec

Drawn = tuple[TaskGraph, Spec]
Draw = Callable[..., Drawn]
LINKED = """
data rooms
shared encoder : tiny
shared neck : fpn
task semseg
task depth
task normals
links {{ {} }}
"""


@pytest.fixture
def drawn(spec: Callable[..., Spec]) -> Draw:
    """The graph of a text, after all passes or the one named, and its spec."""

    def read(text: str, *, after: str | None = None) -> Drawn:
        made, diagnostics = spec(text), Diagnostics()
        return run_passes(expand(made, diagnostics), diagnostics, after=after), made

    return read


@pytest.fixture
def linked(drawn: Draw) -> Draw:
    """Three tasks on a shared neck with these links."""
    return lambda links, **more: drawn(dedent(LINKED).format(links), **more)
