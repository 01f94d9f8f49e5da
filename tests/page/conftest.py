"""A run folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from written import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that is done, with everything."""
    return write_run(tmp_path / "my run & more")
