"""The specs that people copy, and small ones of the whole language: clean, canonical, planned as before.

`MTLC_REWRITE_GOLDEN=1 pytest tests/test_good_specs.py` writes the golden plans anew: look at their diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mtlc import plan, report
from mtlc.api import check, load, planned
from mtlc.diagnostics import Diagnostics
from mtlc.format import format as formatted
from mtlc.parse import parse
from mtlc.source import Source
from mtlc.source import load as read
from mtlc.syntax import Block, Use

ROOT = Path(__file__).parent.parent
GOOD = ROOT / "tests" / "specs" / "good"
GOLDEN = ROOT / "tests" / "golden"
SPECS = [*sorted((ROOT / "specs").glob("*.mtl")), *sorted(GOOD.glob("*.mtl"))]
USED = [*sorted((ROOT / "specs" / "common").glob("*.mtl")), *sorted((GOOD / "used").glob("*.mtl"))]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```mtl\n(.*?)^```", re.M | re.S)


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch):
    for name in ("NYUD_ROOT", "NYU13_ROOT", "CCP_ROOT", "HOLOLENS_ROOT", "PHOTOS_ROOT"):
        monkeypatch.delenv(name, raising=False)


def named(paths):
    return {"argvalues": paths, "ids": [str(path.relative_to(ROOT)) for path in paths]}


@pytest.mark.parametrize("path", **named(SPECS))
def test_a_good_spec_has_no_mistake(path):
    found = check(path)
    assert not found, report.text(found)


@pytest.mark.parametrize("path", **named(SPECS + USED))
def test_a_good_spec_is_formatted(path):
    source = read(path)
    assert formatted(parse(source, Diagnostics())) == source.text


@pytest.mark.parametrize("path", **named(SPECS))
def test_a_good_spec_is_planned_as_before(path):
    golden = GOLDEN / f"{path.stem}.txt"
    text = plan.text(planned(load(path))).replace(str(ROOT), "ROOT")
    if os.environ.get("MTLC_REWRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), "no golden plan yet: run this test with MTLC_REWRITE_GOLDEN=1"
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_plan_belongs_to_a_spec():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {path.stem for path in SPECS}


def test_every_used_file_is_used_by_a_spec_that_is_checked():
    used = set()
    for path in [*SPECS, *USED]:
        for statement in parse(read(path), Diagnostics()).statements:
            if isinstance(statement, Use):
                used.add((path.parent / statement.path.value).resolve())
    assert set(USED) <= used


def examples() -> list[tuple[str, str]]:
    """Every block marked `mtl` on a page, with where it stands."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            found.append((f"{page.name}:{text.count(chr(10), 0, match.start()) + 2}", match[1]))
    return found


@pytest.mark.parametrize(("place", "text"), examples(), ids=[place for place, _ in examples()])
def test_an_example_on_a_page_parses_and_a_whole_spec_has_no_mistake(place, text):
    source = Source(place, text, ROOT / "examples" / "page.mtl")
    diagnostics = Diagnostics()
    file = parse(source, diagnostics)
    found = list(diagnostics) or (check(source) if whole(file.statements) else [])
    assert not found, report.text(found)


def whole(statements) -> bool:
    keywords = {statement.keyword.text for statement in statements if isinstance(statement, Block)}
    return {"data", "shared", "task"} <= keywords
