"""The state that a resumed run goes on with."""

from __future__ import annotations

from typing import Any

from mtlc.plan import Plan
from mtlc.training.checkpoint import read_state
from mtlc.training.errors import USAGE, RunError
from mtlc.training.phases import leg_at, legs
from mtlc.training.position import position_in
from mtlc.training.run_folder import RunFolder


def resumed(folder: RunFolder, plan: Plan) -> dict[str, Any]:
    """The state of the last checkpoint, of a run of the same spec. Raises `RunError`."""
    state = read_state(folder.last())
    folder.refuse_other(plan)
    at = position_in(state)
    if at.step > plan.steps:
        message = f"the run in `{folder.path}` is already at step {at.step}, beyond {plan.steps}"
        raise RunError(message, "raise `train.steps`", USAGE)
    leg = leg_at(legs(plan), at.step)
    if (leg.name, leg.begin) != (at.phase, at.begun):
        message = (
            f"the run in `{folder.path}` is at step {at.step} in phase `{at.phase}`, which began after step "
            f"{at.begun}; with these phases it would be in `{leg.name}`, which begins after step {leg.begin}"
        )
        raise RunError(message, "only the steps of phases that have not ended may be changed", USAGE)
    return state
