"""What the module of somebody's own link gives, held against what its part promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mtlc.parts.foreign import PartError, called, foreign
from mtlc.parts.links import Link
from mtlc.parts.part import Level, Levels, Part


def hold(module: nn.Module, part: Part, reads: tuple[Levels, ...], writes: tuple[Levels, ...]) -> None:
    """Have a module of somebody's own link checked in every forward that runs as it is written."""
    if foreign(part) is not None and isinstance(part, Link):
        module.register_forward_hook(Promise(part, reads[0][0], tuple(each[0] for each in writes)))


@dataclass(frozen=True)
class Promise:
    """A forward hook. `read` is the first stream that the module reads, `writes` the streams that it gives."""

    part: Link
    read: Level
    writes: tuple[Level, ...]

    def __call__(self, module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        first = given[0] if given else None
        if torch.compiler.is_compiling() or type(first) is not Tensor:
            return
        fault = next(self._faults(first, output), None)
        cls = foreign(self.part)
        if fault and cls is not None:
            message = f"{called(cls)}: `{type(module).__name__}` gives {fault}"
            raise PartError(message, "a link gives streams; docs/link.md says of which shape and how many")

    def _faults(self, first: Tensor, output: Any) -> Iterator[str]:
        single = len(self.writes) == 1
        if single and not isinstance(output, Tensor):
            yield f"{_kind(output)}, not one tensor"
            return
        if not single and (not isinstance(output, tuple | list) or len(output) != len(self.writes)):
            yield f"{_kind(output)}, not {len(self.writes)} tensors"
            return
        for level, each in zip(self.writes, (output,) if single else output, strict=True):
            if not isinstance(each, Tensor):
                yield f"{_kind(each)} where a tensor is promised"
                continue
            ratio = self.read.stride / level.stride
            wanted = (first.shape[0], level.channels, *(int(n * ratio) for n in first.shape[2:]))
            if tuple(each.shape) != wanted:
                yield f"a tensor of shape {_shape(each.shape)}, not {_shape(wanted)} as its part says"


def _shape(sizes: Any) -> str:
    return " x ".join(map(str, sizes))


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{len(value)} value{'s' * (len(value) != 1)} in a {type(value).__name__}"
    return "one tensor" if isinstance(value, Tensor) else f"a value of type {type(value).__name__}"
