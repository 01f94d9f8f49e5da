"""The most memory that tensors held during a step, counted by allocations: on a processor and on a CUDA device."""

from __future__ import annotations

from itertools import accumulate
from typing import Protocol

import torch
from torch.profiler import ProfilerActivity, profile


class Meter(Protocol):
    def mark(self) -> None:
        """A step begins."""

    def stop(self) -> int:
        """The most bytes held since the last mark, with all that is held since the meter was made."""


def meter(device: str) -> Meter:
    return Processor() if device == "cpu" else Cuda(device)


class Processor:
    """Sums what torch's allocator tells the profiler. To be made before what is to be counted."""

    def __init__(self) -> None:
        self._profile = profile(activities=[ProfilerActivity.CPU], profile_memory=True)
        self._profile.start()

    def mark(self) -> None:
        with torch.profiler.record_function("mark"):
            pass

    def stop(self) -> int:
        self._profile.stop()
        assert self._profile.profiler is not None and self._profile.profiler.kineto_results is not None
        events = sorted(self._profile.profiler.kineto_results.events(), key=lambda each: each.start_ns())
        last = max(place for place, each in enumerate(events) if each.name() == "mark")
        held = accumulate(each.nbytes() if each.name() == "[memory]" else 0 for each in events)
        return max(list(held)[last:])


class Cuda:
    """Asks CUDA's allocator."""

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)

    def mark(self) -> None:
        torch.cuda.reset_peak_memory_stats(self._device)

    def stop(self) -> int:
        torch.cuda.synchronize(self._device)
        return torch.cuda.max_memory_allocated(self._device)
