"""The typeface of every picture: Open Sans (see LICENSE.txt), shipped so that all machines draw alike."""

from __future__ import annotations

from pathlib import Path

FAMILY = "Open Sans"
REGULAR, BOLD = (Path(__file__).parent / f"OpenSans-{style}.ttf" for style in ("Regular", "Bold"))
