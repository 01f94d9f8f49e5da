"""Every spec in `specs/bad` gives exactly the diagnostics that stand on its lines, each with a way out.

`# error: MTL101 "text"` expects one on this line whose message, labels or hint hold the text;
`# error at 3: …` one on line 3, `# error in used/base.mtl at 3: …` one in another file, or in `--set`.
`# set: train.steps=3` is an override.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from mtlc import report
from mtlc.api import check
from mtlc.diagnostics import Diagnostic

FOLDER = Path(__file__).parent / "specs" / "bad"
SPECS = sorted(FOLDER.glob("*.mtl"))
EXPECTED = re.compile(r'(error|warning)(?: in (\S+))?(?: at (\d+))?: (MTL\d{3}) "(.*?)"(?=  |$)', re.M)
OVERRIDE = re.compile(r"^# set: (.*)$", re.M)


class Expected(NamedTuple):
    file: str
    line: int
    severity: str
    code: str
    text: str


def expected(path: Path) -> list[Expected]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for severity, file, at, code, text in EXPECTED.findall(
            line[line.rfind("# ") + 2 :] if "# " in line else ""
        ):
            found.append(Expected(file or path.name, int(at or number), severity, code, text))
    return found


def name(each: Diagnostic) -> str:
    source = each.primary.span.source
    return source.name if source.path is None else os.path.relpath(source.path, FOLDER)


def said(each: Diagnostic) -> str:
    return "\n".join(
        [each.message, each.hint or "", each.primary.text, *(label.text for label in each.others)]
    )


def fits(each: Diagnostic, wanted: Expected) -> bool:
    place = (name(each), each.primary.span.line, each.severity, each.code)
    return place == wanted[:4] and wanted.text in said(each)


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_a_bad_spec_gives_exactly_the_diagnostics_on_its_lines(path, monkeypatch):
    monkeypatch.delenv("NYUD_ROOT", raising=False)
    found = check(path, OVERRIDE.findall(path.read_text(encoding="utf-8")))
    rest = list(found)
    for wanted in expected(path):
        hit = next((each for each in rest if fits(each, wanted)), None)
        assert hit is not None, f"{wanted} is not among\n{report.text(found)}"
        rest.remove(hit)
    assert not rest, f"not expected:\n{report.text(rest)}"
    assert expected(path)


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_every_diagnostic_has_a_way_out_in_the_words_of_a_user(path):
    for each in check(path, OVERRIDE.findall(path.read_text(encoding="utf-8"))):
        assert each.hint, each.message
        assert each.message[0].islower() or each.message[0] in "`$", each.message
        assert not re.search(r"token|lexer|parser|terminal|NoneType|object at|<class", said(each)), said(each)


def test_there_are_bad_specs_of_every_hundred_and_some_have_many_mistakes():
    all_expected = [expected(path) for path in SPECS]
    assert len(SPECS) >= 150
    assert sum(len(each) >= 4 for each in all_expected) >= 5
    assert {each.code[3] for found in all_expected for each in found} >= set("012345")
