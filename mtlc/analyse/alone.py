"""What each task would cost by itself: the same spec without the others, not the joint model without their heads."""

from __future__ import annotations

from collections.abc import Mapping

from mtlc.analyse.cost import Total, cost
from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.passes import run_passes
from mtlc.plan import plan
from mtlc.spec import Spec, only


def alone(spec: Spec) -> Mapping[str, Total]:
    """For each task the cost of inference of a model of its own. Links that need other tasks are not in it."""
    return {task: _cost(only(spec, [task])) for task in spec.tasks}


def _cost(spec: Spec) -> Total:
    diagnostics = Diagnostics()
    graph = run_passes(expand(spec, diagnostics), diagnostics)
    assert not diagnostics.failed, "a part of a sound spec is sound"
    return cost(plan(spec, graph)).total
