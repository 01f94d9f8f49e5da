"""Modules as torch.compile makes them, for runs whose spec says `compile = true`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from shutil import which
from typing import cast

import torch
from torch import nn

from mtlc.training.errors import ENVIRONMENT, RunError

LEAVE = "leave `train.compile` out, or {}"


def compiled(module: nn.Module, device: torch.device) -> nn.Module:
    """The same computation over the same weights, translated when it is first called, and again for other sizes.

    It is to be called and nothing else: names of weights, modes and checkpoints are those of `module`. Its backward
    pass is made for one pass and cannot keep the graph. Raises `RunError` where this machine cannot translate.
    """
    require_compiler(device)
    return cast(nn.Module, torch.compile(module))


def require_compiler(device: torch.device) -> None:
    """Raise `RunError` where what torch.compile needs is not installed: on a processor the C++ compiler that the
    environment variable CXX names, or g++ (macOS: clang++); on a CUDA device Triton."""
    if device.type == "cuda":
        if not find_spec("triton"):
            raise RunError("`compile` needs Triton", LEAVE.format("`pip install triton`"), ENVIRONMENT)
        return
    command = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if not which(command):
        what = f"`compile` needs a C++ compiler, and `{command}` is not there"
        raise RunError(what, LEAVE.format("install one (CXX names it)"), ENVIRONMENT)


def first_said(error: BaseException) -> str:
    """What torch says first: a line that ends in a colon and the one after it are one."""
    first, *rest = [line.strip() for line in str(error).splitlines() if line.strip()] or [
        type(error).__name__
    ]
    return f"{first} {rest[0]}" if first.endswith(":") and rest else first


def by_compiler(error: BaseException) -> bool:
    """Whether translating failed, not what was translated."""
    return any(
        each.__module__.startswith(("torch._dynamo", "torch._inductor")) for each in type(error).__mro__
    )
