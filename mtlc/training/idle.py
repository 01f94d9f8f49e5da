"""Phases in which nothing can move, as far as that is known before a model is built. Imports no torch."""

from __future__ import annotations

from mtlc.diagnostics import Diagnostics
from mtlc.plan import Plan
from mtlc.training.phases import legs


def look_at_phases(plan: Plan, diagnostics: Diagnostics) -> None:
    """Report every phase whose losses reach only what is frozen."""
    spec = plan.spec
    for leg in legs(plan) if spec.phases else ():
        if leg.learning:
            continue
        key = "freeze" if leg.tasks else "tasks"
        origin = spec.origins.get(f"train.{leg.name}.{key}")
        span = origin.span if origin else spec.spans[f"train.{leg.name}"]
        frozen = ", ".join(f"`{name}`" for name in spec.phases[leg.name].freeze)
        why = "all that its losses reach is frozen" if leg.tasks else "it has no task"
        hint = f"take one of {frozen} out" if leg.tasks else "name tasks, or leave `tasks` out for all"
        message = f"phase `{leg.name}` trains nothing: {why}"
        diagnostics.error("MTL506", message, span, hint=f"{hint}, or take the whole phase out")
