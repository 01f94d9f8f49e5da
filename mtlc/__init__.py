"""mtlc: a small language and compiler for multi-task models. `mtlc.api` says what is here."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["SpecError", "build", "check", "compile", "load", "predict", "train", "trained"]


def __getattr__(name: str) -> Any:
    """The public functions, imported when first asked for: `import mtlc` alone costs nothing."""
    if name in __all__:
        return getattr(importlib.import_module("mtlc.api"), name)
    raise AttributeError(f"module `mtlc` has no attribute `{name}`")


def __dir__() -> list[str]:
    """What completion offers."""
    return sorted({*globals(), *__all__})
