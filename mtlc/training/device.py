"""Where a run computes: the processor or a CUDA device, and in which arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from mtlc.training.errors import ENVIRONMENT, USAGE, RunError

M = TypeVar("M", bound=nn.Module)
T = TypeVar("T")


def choose(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` names; `auto` takes CUDA where there is one.

    Training, evaluation and prediction begin here, so this also has the process take numbers below 1e-38 as 0,
    where the processor can: sharply peaked attention is full of them, and arithmetic with them is slow.

    Raises `RunError`: exit code 2 for another name, 3 for a device that is not there.
    """
    torch.set_flush_denormal(True)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise RunError(f"`{name}` is no device", "use auto, cpu, cuda or cuda:N", USAGE)
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= _cuda_devices():
        found = f"{_cuda_devices()} CUDA device(s)" if _cuda_devices() else "no CUDA device"
        raise RunError(
            f"device `{name}` is not there: torch finds {found}", "use `--device auto`", ENVIRONMENT
        )
    return device


def placed(module: M, device: torch.device) -> M:
    """A module on a device, its weights laid out channels last: faster convolutions, also on a CPU."""
    moved: M = module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def images_on(images: Tensor, device: torch.device) -> Tensor:
    """Images B×3×H×W on a device, laid out as the weights of a `placed` module are."""
    return images.to(device, memory_format=torch.channels_last)


def describe(device: torch.device) -> str:
    """A device as a person knows it."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"cpu ({threads} thread{'s' * (threads != 1)})"


@dataclass(frozen=True)
class Arithmetic:
    """On which device a forward pass runs, in `fp32` or, by autocast, in `bf16` or `fp16`."""

    device: torch.device
    precision: str = "fp32"

    def __call__(self, network: Callable[[Tensor], T], images: Tensor) -> T:
        """What a network on that device says of images B×3×H×W, wherever these lie."""
        with self._chosen():
            return network(images_on(images, self.device))

    def _chosen(self) -> AbstractContextManager[object]:
        if self.precision == "fp32":
            return nullcontext()
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        return torch.autocast(self.device.type, dtype=dtype)


def _cuda_devices() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
