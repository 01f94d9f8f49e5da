"""PCGrad: each task's gradient loses what of it opposes another's."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod


class PcGrad(GradientMethod):
    """The sum of the gradients, each projected, one other after another, on the normal plane of those it opposes.

    Yu et al., NeurIPS 2020 (arXiv 2001.06782), alg. 1. The projections are off the others' own gradients, in an
    order drawn anew for each task and step, never off itself. Done on coefficients: only G is read. The draws go by
    task name, so that neither the order nor the presence of tasks changes what the others draw.
    """

    def __init__(self, tasks: tuple[str, ...], seed: int) -> None:
        super().__init__(tasks)
        self._generator = np.random.default_rng(seed)

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        draws = dict(zip(sorted(self.tasks), self._generator.random((len(self.tasks),) * 2), strict=True))
        column = {task: place for place, task in enumerate(sorted(self.tasks))}
        weights = np.zeros(len(tasks))
        for i, task in enumerate(tasks):
            others = sorted(
                (j for j in range(len(tasks)) if j != i), key=lambda j: draws[task][column[tasks[j]]]
            )
            weights += _without_conflict(gram, i, others)
        return weights

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self._generator.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._generator.bit_generator.state = state["generator"]


def _without_conflict(gram: Array, i: int, others: list[int]) -> Array:
    """The coefficients of gradient i after its projections off the others, in this order."""
    mine = np.zeros(len(gram))
    mine[i] = 1.0
    for j in others:
        along = float(mine @ gram[:, j])
        if along < 0 < gram[j, j]:
            mine[j] -= along / gram[j, j]
    return mine
