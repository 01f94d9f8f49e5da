"""What the catalogue says of a metric: its unit, and whether more of it is better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtlc.parts.task import Metric
from mtlc.training.words import KINDS


def catalogue(names: Iterable[str]) -> Mapping[str, Metric]:
    """The metrics of the kind of task that has all of these; the same name may mean another thing in another."""
    wanted = set(names)
    kinds = ({m.name: m for m in kind.metrics} for kind in KINDS.values())
    return next((metrics for metrics in kinds if wanted <= metrics.keys()), {})


def unit(metric: Metric | None) -> str:
    """`m`, `deg`, or nothing for a share and for what is not in the catalogue."""
    return metric.unit if metric else ""


def better(metric: Metric | None) -> str:
    """`higher` or `lower`; empty for what is not in the catalogue."""
    return ("higher" if metric.higher else "lower") if metric else ""
