"""Graphs after the passes, from texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph
from mtlc.passes import run_passes


@pytest.fixture
def passed(spec) -> Callable[..., TaskGraph]:
    """The graph of a text after the passes, or after the one named."""

    def run(text: str, after: str | None = None) -> TaskGraph:
        diagnostics = Diagnostics()
        graph = run_passes(expand(spec(text), diagnostics), diagnostics, after=after)
        assert not len(diagnostics)
        return graph

    return run
