"""How far each contestant's gradient of one batch is from an exact one."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.training.device import images_on
from mtlc.training.objective import Objective

from .setting import METHODS, Size
from .steps import batches, make, shared

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "balance"))
from gradient_references import REFERENCES

Array = NDArray[Any]
TYPES = {"float64": torch.float64, "float32": torch.float32}


class Exact:
    """The tasks' gradients, each from an autograd call of its own, and in float64 any method's direction from them.

    A direction is a sum of the gradients J, K×P, and turns with them: with J = Rᵀ Qᵀ, QᵀQ = 1, it is Q times that of
    the K×K matrix Rᵀ, for which the references of tests/balance are quick.
    """

    def __init__(self, model: Model, batch: Batch) -> None:
        objective = Objective(model.plan)
        with default(batch.images.dtype):
            outputs = model.train.train()(images_on(batch.images, batch.images.device))
            losses = objective.weighted(objective(outputs, batch, objective.totals([batch])).main)
        rows = [torch.autograd.grad(loss, shared(model), retain_graph=True) for loss in losses.values()]
        self.matrix = np.stack([flat(row) for row in rows])
        self._turn, small = np.linalg.qr(self.matrix.T)
        self._small: Array = small.T

    def error(self, method: str, found: Array) -> float:
        """The distance to the nearest direction that is right (draws leave a choice), relative to its length."""
        within = self._turn.T @ found
        beside = np.linalg.norm(found - self._turn @ within)
        right = REFERENCES[method](**METHODS[method].keys)(self._small)
        return min(
            float(np.hypot(beside, np.linalg.norm(within - each)) / np.linalg.norm(each)) for each in right
        )


def flat(gradients: Iterable[Tensor]) -> Array:
    """Gradients as one float64 vector."""
    numbers: Array = torch.cat([each.detach().flatten().cpu().double() for each in gradients]).numpy()
    return numbers


def serve(pipe: Connection, kinds: Sequence[str], methods: Sequence[str], size: Size) -> None:
    """Send how far float32's gradients are from float64's, relative to their length; then for each method the errors by
    kind and type, each beside the exact direction from the gradients of that type. NaN: the contestant has failed."""
    warnings.simplefilter("ignore")
    drawn = {name: batches(first(size, dtype), size, dtype)[0] for name, dtype in TYPES.items()}
    exact = {name: Exact(first(size, dtype), drawn[name]) for name, dtype in TYPES.items()}
    apart = exact["float32"].matrix - exact["float64"].matrix
    pipe.send(float(np.linalg.norm(apart) / np.linalg.norm(exact["float64"].matrix)))
    for method in methods:
        pipe.send(
            {
                (kind, name): exact[name].error(method, found) if found is not None else float("nan")
                for kind in kinds
                for name in TYPES
                for found in [_gradient(kind, method, size, drawn[name])]
            }
        )


def first(size: Size, dtype: torch.dtype) -> Model:
    """The model as all contestants begin."""
    return make("mtlc", "upgrad", size, dtype)[1]


def _gradient(kind: str, method: str, size: Size, batch: Batch) -> Array | None:
    step, model = make(kind, method, size, batch.images.dtype)
    with default(batch.images.dtype):
        try:
            step(batch)
        except Exception as failure:  # whatever a solver raises
            print(f"{kind}, {method}: {failure}", file=sys.stderr)
            return None
    return flat(each.grad for each in shared(model) if each.grad is not None)


@contextmanager
def default(dtype: torch.dtype) -> Iterator[None]:
    """Numbers of this type where none is said."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(before)
