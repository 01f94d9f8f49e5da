"""Checkpoints: weights as safetensors, the rest of a run's state as plain tensors and numbers.

    checkpoints/
      index.json           which step is the last and which the best
      step-000200/
        model.safetensors  the weights, with the spec's text beside them
        state.pt           optimiser, balancing, random numbers, position

A step's folder is written beside and put in place whole, then the index is: at no moment does the index name
something half written. Folders that the index does not name are removed.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from mtlc.training.atomic import write_file, write_folder
from mtlc.training.differing import difference
from mtlc.training.errors import RunError

WEIGHTS, STATE, INDEX = "model.safetensors", "state.pt", "index.json"
AGAIN = "the file is damaged: use another checkpoint, or start the run anew in another folder"
GONE = "put it back, or start the run anew in another folder"
REWRITE = 'write {"last": "step-…"} into it, with the name of one of the folders beside it'


@dataclass(frozen=True)
class Index:
    """The names of the folders of the last checkpoint and, where there is a validation split, of the best."""

    last: str
    best: str | None = None


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def index(self) -> Index | None:
        """What is there; None before the first checkpoint. Raises `RunError` where it cannot be read."""
        path = self.folder / INDEX
        if not path.exists():
            return None
        try:
            index = Index(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise RunError(f"cannot read `{path}`: it is damaged", REWRITE) from None
        if not all(isinstance(name, str) for name in (index.last, index.best or "")):
            raise RunError(f"`{path}` names no folder", REWRITE)
        return index

    def write(self, step: int, weights: bytes, state: bytes, *, best: bool) -> Path:
        """Add a checkpoint as the last (and best) one, then drop what is neither. Raises `RunError`."""
        name = f"step-{step:06d}"
        before = self.index()
        write_folder(self.folder / name, {WEIGHTS: weights, STATE: state})
        index = Index(name, name if best else before.best if before else None)
        write_file(self.folder / INDEX, json.dumps(vars(index)).encode())
        self._drop(keep={index.last, index.best, INDEX})
        return self.folder / name

    def mark_best(self) -> None:
        """The last checkpoint is the best one too."""
        if index := self.index():
            write_file(self.folder / INDEX, json.dumps(vars(Index(index.last, index.last))).encode())
            self._drop(keep={index.last, INDEX})

    def _drop(self, keep: set[str | None]) -> None:
        for path in self.folder.iterdir():
            if path.name not in keep and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def pack_weights(module: nn.Module, spec: str) -> bytes:
    """A module's parameters and buffers, and the text of the spec that they belong to."""
    tensors = {name: each.detach().cpu().clone().contiguous() for name, each in module.state_dict().items()}
    return to_safetensors(tensors, {"spec": spec})  # of one key: several come in no fixed order


def pack_state(state: Mapping[str, Any]) -> bytes:
    """Plain numbers, texts, tensors and containers of these."""
    file = io.BytesIO()
    torch.save(dict(state), file)
    return file.getvalue()


def read_state(path: Path) -> dict[str, Any]:
    """The state that a folder holds. Runs no code from the file. Raises `RunError`."""
    try:
        state = torch.load(path / STATE, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RunError(f"`{path / STATE}` is not there", GONE) from None
    except Exception:  # torch raises many kinds for a file that is cut short or no checkpoint
        raise RunError(f"cannot read `{path / STATE}`: it is not a whole checkpoint", AGAIN) from None
    if not isinstance(state, dict):
        raise RunError(f"cannot read `{path / STATE}`: it holds no run's state", AGAIN)
    return state


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file. Raises `RunError`."""
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)


def read_spec(path: Path) -> str:
    """The text of the spec that a file's weights belong to; empty if it does not say. Raises `RunError`."""
    with _opened(path) as file:
        return str((file.metadata() or {}).get("spec", ""))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except FileNotFoundError:
        raise RunError(f"`{path}` is not there", "check the path") from None
    except (SafetensorError, OSError) as error:
        raise RunError(f"cannot read `{path}`: it is not a whole checkpoint ({error})", AGAIN) from None


def load_weights(module: nn.Module, path: Path, spec: str) -> None:
    """Put the weights of a file into a module built from a spec. Raises `RunError` where they do not fit."""
    tensors = read_weights(path)
    expected = {name: tensor.shape for name, tensor in module.state_dict().items()}
    if {name: tensor.shape for name, tensor in tensors.items()} != expected:
        what = difference(read_spec(path), spec) or _misfit(tensors, expected)
        raise RunError(
            f"the checkpoint `{path}` belongs to another spec: {what}",
            "use the spec that stands in its run folder",
        )
    module.load_state_dict(tensors)


def _misfit(tensors: Mapping[str, Tensor], expected: Mapping[str, torch.Size]) -> str:
    for name, shape in expected.items():
        if name not in tensors:
            return f"it has no `{name}`"
        if tensors[name].shape != shape:
            return f"`{name}` has shape {tuple(tensors[name].shape)}, the model's has {tuple(shape)}"
    extra = next(name for name in tensors if name not in expected)
    return f"it has `{extra}`, which the model has not"
