"""From whatever stops a step to one clear error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import torch

from mtlc.data.errors import DataError, MissingData
from mtlc.lower import Model
from mtlc.nn.weights import WeightsError
from mtlc.training.errors import ENVIRONMENT, FAILED, RunError
from mtlc.training.finite import NotFinite


@contextmanager
def clear_data_errors() -> Iterator[None]:
    """A mistake in the data, or data that is not there, as a `RunError`."""
    try:
        yield
    except DataError as error:
        code = ENVIRONMENT if isinstance(error, MissingData) else FAILED
        raise RunError(error.message, error.hint, code) from None


@contextmanager
def clear_model_errors(model: Model, at: Callable[[], str]) -> Iterator[None]:
    """What goes wrong inside the model, with when (`at`) and the line of the spec, as a `RunError`.

    An exception outside of it passes: it is ours.
    """
    try:
        yield
    except NotFinite as error:
        hint = "lower `lr`, set `train.clip`, or look at the samples named; the last checkpoint is kept"
        raise RunError(f"{at()}: {error.what}", hint) from None
    except torch.OutOfMemoryError as error:
        hint = "lower `train.batch`, or raise `train.accumulate`"
        raise RunError(f"{at()}: the device has too little memory{_place(model, error)}", hint) from None
    except (RuntimeError, ValueError) as error:
        place = _place(model, error)
        if not place:
            raise
        reason = str(error).strip().split("\n")[0]
        raise RunError(f"{at()} failed{place}: {reason}", "check the part that this line names") from error


def load_pretrained(model: Model, but: Collection[str] = ()) -> None:
    """The weights that the spec asks for, `but` for some steps. Raises `RunError` where there are none."""
    try:
        model.load_pretrained(but)
    except WeightsError as error:
        raise RunError(str(error), None, ENVIRONMENT) from None


def _place(model: Model, error: BaseException) -> str:
    where = model.explain_failure(error)
    return f" {where}" if where else ""
