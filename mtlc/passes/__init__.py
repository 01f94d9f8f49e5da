"""The passes from task graph to task graph, and the one place that says their order."""

from __future__ import annotations

from collections.abc import Callable

from mtlc.diagnostics import Diagnostics
from mtlc.graph import Pass, TaskGraph, verify
from mtlc.passes.adapt import adapt
from mtlc.passes.shapes import shapes
from mtlc.passes.unfold import unfold

PIPELINE: tuple[Pass, ...] = (shapes, adapt, unfold)

Trace = Callable[[str, TaskGraph, TaskGraph], None]  # the pass's name, the graph before and after


def run_passes(
    graph: TaskGraph, diagnostics: Diagnostics, *, after: str | None = None, trace: Trace | None = None
) -> TaskGraph:
    """Run the pipeline, up to and with the pass named `after`. Raises `IllegalGraph` where a pass goes wrong.

    A user's mistakes are collected in `diagnostics`; the pass that finds some is the last.
    """
    verify(graph)
    for run in PIPELINE:
        before, graph = graph, run(graph, diagnostics)
        verify(graph)
        if trace is not None:
            trace(run.__name__, before, graph)
        if run.__name__ == after or diagnostics.failed:
            break
    return graph


__all__ = ["PIPELINE", "Trace", "adapt", "run_passes", "shapes", "unfold"]
