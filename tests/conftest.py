"""Reading specs from texts, for tests of everything that comes after the text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, settings

from mtlc.api import front
from mtlc.diagnostics import Diagnostic, Diagnostics
from mtlc.plugins import forget_plugins
from mtlc.source import Source
from mtlc.spec import Spec

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # torch's threads only wait for each other on tensors this small

# A machine that is busy is no fault of a test.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

ROOT = Path(__file__).parent.parent

START = """
data rooms
shared encoder : tiny
"""


@pytest.fixture(autouse=True)
def plain_numbers() -> Iterator[None]:
    """What runs a model flushes denormal numbers, for the whole process: later tests find them as they were."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(autouse=True)
def no_plugins() -> Iterator[None]:
    """Parts of a file that a spec uses are known in the whole process: later tests must not find them."""
    yield
    forget_plugins()


@pytest.fixture
def found() -> Callable[..., list[Diagnostic]]:
    """The diagnostics of a text."""

    def read(text: str, *overrides: str, path: Path | None = None) -> list[Diagnostic]:
        diagnostics = Diagnostics()
        front(Source("test.mtl", dedent(text), path), diagnostics, overrides)
        return list(diagnostics)

    return read


@pytest.fixture
def spec() -> Callable[..., Spec]:
    """The spec of a text that must have no mistake."""

    def read(text: str, *overrides: str, path: Path | None = None) -> Spec:
        diagnostics = Diagnostics()
        result = front(Source("test.mtl", dedent(text), path), diagnostics, overrides)
        assert result is not None, [each.message for each in diagnostics]
        return result[0]

    return read
