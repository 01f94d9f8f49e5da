"""What is legal in a spec and probably not meant: warnings about a spec without mistakes."""

from __future__ import annotations

import math

from mtlc.diagnostics import Diagnostics
from mtlc.parts.several import Several
from mtlc.spec import Spec


def warn(spec: Spec, diagnostics: Diagnostics) -> None:
    _unread_layers(spec, diagnostics)
    _balance_without_update(spec, diagnostics)
    _steps_beside_phases(spec, diagnostics)
    _data_for_nothing(spec, diagnostics)


def _unread_layers(spec: Spec, diagnostics: Diagnostics) -> None:
    """A layer that no task and no other layer reads is never computed."""
    read = {task.reads for task in spec.tasks.values()} | {layer.reads for layer in spec.layers.values()}
    for layer in spec.layers.values():
        if layer.name not in read:
            hint = f"set `from = {layer.name}` on the task that should, or take it out"
            diagnostics.warning("MTL215", f"nothing reads layer `{layer.name}`", layer.span, hint=hint)


def _balance_without_update(spec: Spec, diagnostics: Diagnostics) -> None:
    """Weights that change at the end of an epoch never change in a run that is shorter."""
    every = getattr(spec.balance, "every", None)
    if every is None:
        return
    images = spec.data.training_images()
    if every == "epoch" and images is None:
        return
    window = every if isinstance(every, int) else math.ceil((images or 1) / spec.train.batch)
    steps = sum(phase.steps for phase in spec.phases.values()) or spec.train.steps
    if steps <= window:
        word = spec.balance.word
        said = f"an epoch has {window} steps" if every == "epoch" else f"`every` is {window}"
        message = f"`{word}` never changes its weights: the run has {steps} steps, and {said}"
        few = max(1, steps // 10)
        place = spec.spans.get("balance", spec.source.span(0, 0))
        outside = place.source is not spec.source and place.source.path is None  # of `--set`
        shown = f'--set "balance={word}(every = {few})"' if outside else f"balance {word} {{ every = {few} }}"
        hint = f"set `every` to fewer steps: `{shown}`"
        diagnostics.warning("MTL502", message, place, hint=hint)


def _steps_beside_phases(spec: Spec, diagnostics: Diagnostics) -> None:
    """Phases say how long they are; another number beside them says nothing."""
    origin = spec.origins.get("train.steps")
    if spec.phases and origin is not None:
        steps = sum(phase.steps for phase in spec.phases.values())
        message = f"`train.steps` does not count beside phases, which have {steps} steps together"
        hint = "take it out, or set the steps of a phase"
        diagnostics.warning("MTL504", message, origin.span, hint=hint)


def _data_for_nothing(spec: Spec, diagnostics: Diagnostics) -> None:
    """A data set beside others from which no task learns."""
    learns = spec.data.learns if isinstance(spec.data, Several) else {}
    for name, row in learns.items():
        if not row:
            message = f"no task learns from data set `{name}`"
            hint = "take it out, or let a task learn one of its labels by `label`"
            diagnostics.warning("MTL406", message, spec.spans[f"data.{name}"], hint=hint)
