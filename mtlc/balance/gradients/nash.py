"""Nash-MTL: the direction on which the tasks would agree as bargainers."""

from __future__ import annotations

from math import sqrt

from mtlc.balance.gradients.fair import fair
from mtlc.balance.gradients.method import Array, GradientMethod


class Nash(GradientMethod):
    """Weights α > 0 with Gα = 1/α. A positive factor on a task's gradient changes nothing; ‖d‖² is K.

    Navon et al., ICML 2022 (arXiv 2202.01017), eq. 4. Solved by Newton's method. `max_norm` shortens a longer d, as the
    authors' code does; without it ‖d‖ is √K at every step.
    """

    def __init__(self, tasks: tuple[str, ...], max_norm: float | None) -> None:
        super().__init__(tasks)
        self.max_norm = max_norm

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        weights = fair(gram, 1.0, tasks)
        shorter = 1.0 if self.max_norm is None else self.max_norm / sqrt(len(weights))
        return weights * min(1.0, shorter)
