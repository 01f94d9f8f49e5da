"""From whatever stops a step to one clear error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import torch

from mtlc.balance.gradients.chooser import NoDirection
from mtlc.data.errors import DataError, MissingData
from mtlc.lower import Model
from mtlc.nn.weights import WeightsError
from mtlc.parts.foreign import PartError, called, first_line, foreign
from mtlc.training import processes
from mtlc.training.compiling import by_compiler, first_said
from mtlc.training.errors import ENVIRONMENT, FAILED, RunError
from mtlc.training.finite import NotFinite


@contextmanager
def clear_data_errors() -> Iterator[None]:
    """A mistake in the data, data that is not there, or a reading process that died, as a `RunError`."""
    try:
        yield
    except RuntimeError as error:
        if not _of_a_worker(error):
            raise
        hint = "lower `train.workers` (0 reads in the training process); `mtlc run --resume` goes on"
        raise RunError(f"a process that reads data died: {first_line(error)}", hint) from None
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
        hint = "lower `lr`, set `train.clip`, look at the samples named, or write `on_not_finite = skip`"
        raise RunError(f"{at()}: {error.what}", hint) from None
    except NoDirection as error:
        hint = "write `on_failure = equal` or `skip`, or another method; the last checkpoint is kept"
        raise RunError(f"{at()}: the gradient method found no weights: {error}", hint) from None
    except torch.OutOfMemoryError as error:
        hint = "lower `train.batch`, or raise `train.accumulate`"
        raise RunError(f"{at()}: the device has too little memory{_place(model, error)}", hint) from None
    except RunError:
        raise
    except Exception as error:
        if by_compiler(error):
            hint = "leave `train.compile` out: the model then runs as it is, or says where it fails"
            raise RunError(f"{at()}: torch.compile failed: {first_said(error)}", hint) from error
        place, own = _place(model, error), _own(model, error)
        if _of_a_worker(error) or not place or not (own or isinstance(error, RuntimeError | ValueError)):
            raise
        if own:
            raise RunError(f"{at()} failed{place}: {own}", "mend the part that this line names") from error
        reason = first_line(error)
        if "more than 1 value per channel" in reason:
            raise RunError(f"{at()} failed{place}: {_ALONE}", _company(model)) from error
        raise RunError(f"{at()} failed{place}: {reason}", "check the part that this line names") from error


def _of_a_worker(error: Exception) -> bool:
    """Whether torch tells, wherever it interrupted us, that a process of its data loader is gone."""
    return isinstance(error, RuntimeError) and str(error).startswith("DataLoader worker (pid")


_ALONE = "batch norm cannot norm one image by itself where its map is 1x1"


def _company(model: Model) -> str:
    """The ways out for an image that is alone in its part of a batch."""
    train, size = model.plan.train, model.plan.data.size
    left = (model.plan.data.training_images() or 0) % train.batch
    why = f"the last batch of an epoch has {left} of {train.batch} images: " if 0 < left < train.batch else ""
    ways = ["another `train.batch`", f"a larger `data.size` than {size.height}x{size.width}"]
    ways += ["a smaller `train.accumulate`"] if train.accumulate > 1 else []
    ways += ["fewer processes"] if processes.several() else []
    return f"{why}take {', '.join(ways[:-1])} or {ways[-1]}"


def _own(model: Model, error: Exception) -> str | None:
    """What somebody's own part did, with its file and line; None for mtlc's own parts."""
    if isinstance(error, PartError):
        return error.message
    step = model.failed_step(error)
    cls = foreign(step.part) if step else None
    return f"{called(cls, '', error)}: {type(error).__name__}: {first_line(error)}" if cls else None


def load_pretrained(model: Model, but: Collection[str] = ()) -> None:
    """The weights that the spec asks for, `but` for some steps. Raises `RunError` where there are none."""
    try:
        model.load_pretrained(but)
    except WeightsError as error:
        raise RunError(str(error), None, ENVIRONMENT) from None


def _place(model: Model, error: BaseException) -> str:
    where = model.explain_failure(error)
    return f" {where}" if where else ""
