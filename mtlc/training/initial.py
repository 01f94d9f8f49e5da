"""First weights from another run: what matches by name and shape is taken, and it is said what that was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor

from mtlc.lower import Model
from mtlc.training.checkpoint import WEIGHTS, read_weights
from mtlc.training.errors import USAGE, RunError
from mtlc.training.run_folder import RunFolder

MOST = 8  # tensors that are named one by one
COUNT = ".num_batches_tracked"  # of a batch norm; says nothing without its running mean


@dataclass(frozen=True)
class Initial:
    """What a file's tensors are to a model. `taken` are those that it takes, by name.

    By step: `matched` ones get all their tensors, `partly` some of them, `new` none; `left` are the file's
    steps of which nothing is taken. `differing` are tensors of one name and two shapes: the file's, the
    model's.
    """

    path: Path
    taken: Mapping[str, Tensor]
    matched: tuple[str, ...]
    partly: tuple[str, ...]
    new: tuple[str, ...]
    left: tuple[str, ...]
    differing: Mapping[str, tuple[str, str]]

    def load(self, model: Model) -> None:
        """Put the tensors into the model; its others stay."""
        model.train.load_state_dict(dict(self.taken), strict=False)

    def words(self) -> Iterator[str]:
        """A line for each thing that there is to say."""
        yield f"first weights from `{self.path}`"
        said = {"matched": self.matched, "matched in part": self.partly, "new": self.new, "left": self.left}
        yield from (f"  {what}: {', '.join(steps)}" for what, steps in said.items() if steps)
        for name, (there, here) in islice(self.differing.items(), MOST):
            yield f"  not taken: `{name}` is {there} there and {here} here"
        if (more := len(self.differing) - MOST) > 0:
            yield f"  and {more} more"

    def as_dict(self) -> dict[str, Any]:
        """All but the tensors, for JSON."""
        steps = {"matched": self.matched, "partly": self.partly, "new": self.new, "left": self.left}
        shapes = {name: {"there": there, "here": here} for name, (there, here) in self.differing.items()}
        return {"from": str(self.path.resolve()), **steps, "differing": shapes}


def initial(model: Model, source: Path) -> Initial:
    """What a model can take from a run folder (its kept weights) or a checkpoint file.

    Only safetensors are opened, which hold no code. Raises `RunError` where there is none or nothing matches.
    """
    path = _file(source)
    try:
        there = read_weights(path)
    except RunError as error:
        hint = f"name a run folder or a {WEIGHTS}; no other kind of file is opened"
        raise RunError(error.message, hint, USAGE) from None
    found = _compared(model, path, there)
    if not any(each.dim() for each in found.taken.values()):
        hint = f"weights match by step and shape: the model has {_steps(model.state_dict())}"
        message = f"nothing in `{path}` matches this spec: it holds {_steps(there) or 'nothing'}"
        raise RunError(message, hint, USAGE)
    return found


def _file(source: Path) -> Path:
    if not source.is_dir():
        return source
    return source / WEIGHTS if (source / WEIGHTS).exists() else RunFolder(source).kept()


def _compared(model: Model, path: Path, there: Mapping[str, Tensor]) -> Initial:
    here = model.state_dict()
    fits = {name for name in here if name in there and there[name].shape == here[name].shape}
    fits = {n for n in fits if not n.endswith(COUNT) or n.removesuffix(COUNT) + ".running_mean" in fits}
    names = {attribute: step for step, attribute in model.attributes.items()}
    have = {attribute: _of(attribute, here) for attribute in names}
    whole = [names[each] for each, tensors in have.items() if tensors and tensors <= fits]
    some = [names[each] for each, tensors in have.items() if tensors & fits and not tensors <= fits]
    new = [names[each] for each, tensors in have.items() if tensors and not tensors & fits]
    left = dict.fromkeys(each.split(".")[0] for each in there if each not in fits)
    shapes = {n: (_shape(there[n]), _shape(here[n])) for n in here if n in there and n not in fits}
    return Initial(
        path=path,
        taken={name: there[name] for name in here if name in fits},
        matched=tuple(whole),
        partly=tuple(some),
        new=tuple(new),
        left=tuple(each for each in left if not _of(each, there) & fits),
        differing={name: both for name, both in shapes.items() if not name.endswith(COUNT)},
    )


def _of(step: str, tensors: Iterable[str]) -> set[str]:
    return {name for name in tensors if name.split(".")[0] == step}


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _steps(tensors: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(name.split(".")[0] for name in tensors))
