"""FairGrad: α-fair gains for all tasks."""

from __future__ import annotations

from mtlc.balance.gradients.fair import fair
from mtlc.balance.gradients.method import Array, GradientMethod


class FairGrad(GradientMethod):
    """Weights x > 0 with Gx = x^(-1/α): every task gains d·g_i = x_i^(-1/α) > 0.

    Ban and Ji, ICML 2024 (arXiv 2402.15638), eq. 7. α = 1 is Nash-MTL; the larger, the nearer to the best for the
    worst-off. The weights grow as the gradients shrink.
    """

    def __init__(self, tasks: tuple[str, ...], alpha: float) -> None:
        super().__init__(tasks)
        self.alpha = alpha

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        return fair(gram, self.alpha, tasks)
