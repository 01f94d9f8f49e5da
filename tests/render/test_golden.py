"""Whole pictures as text. `MTLC_REWRITE_GOLDEN=1` writes them anew: then look at them with `mtlc render`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtlc.render import dot

GOLDEN = Path(__file__).parent / "golden"
SPECS = {
    "attention": "semseg <-> depth via attention",
    "workspace": "all via kem(slots = 8)",
    "traced": "semseg, depth -> semseg, depth via coherence(at = 8) \n depth via trace_back",
}


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("level", ["spec", "graph"])
def test_the_picture_is_the_golden_one(linked, name, level):
    text = dot(*linked(SPECS[name]), level)
    path = GOLDEN / f"{name}.{level}.dot"
    if os.environ.get("MTLC_REWRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
