"""MGDA: the shortest direction in the hull of the gradients, which helps all tasks or says that none can be."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod, rows
from mtlc.balance.gradients.min_norm import min_norm


class Mgda(GradientMethod):
    """Weights on the simplex for which the weighted sum of the gradients is shortest.

    Désidéri, C. R. Acad. Sci. Paris 2012; Sener and Koltun, NeurIPS 2018 (arXiv 1810.04650), eq. 3. Solved exactly.
    With `normalise = l2` gradients of unit length choose the weights, which then weigh the gradients as they are, as in
    the authors' code.
    """

    def __init__(self, tasks: tuple[str, ...], normalise: Literal["l2"] | None) -> None:
        super().__init__(tasks)
        self.normalise = normalise

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        return min_norm(np.asarray(rows(gram).cosines) if self.normalise else gram)
