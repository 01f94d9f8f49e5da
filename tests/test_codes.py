"""Every code has a page, and the page's examples do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mtlc
from mtlc.api import check
from mtlc.codes import codes, page

EXAMPLE = re.compile(r"## (Failing|Fixed)\n\n```mtl(?: --set (\S+))?\n(.*?)```", re.S)
SOURCES = list(Path(mtlc.__file__).parent.rglob("*.py"))


def examples() -> list[tuple[str, str, str | None, str]]:
    return [(code, *found) for code in codes() for found in EXAMPLE.findall(page(code))]


def test_every_code_that_is_reported_has_a_page_and_every_page_is_reported():
    used = {
        code for path in SOURCES for code in re.findall(r"\bMTL\d{3}\b", path.read_text(encoding="utf-8"))
    }
    assert used == set(codes())


@pytest.mark.parametrize(("code", "which", "override", "text"), examples())
def test_an_example_of_a_page(code, which, override, text, tmp_path, monkeypatch):
    monkeypatch.delenv("NYUD_ROOT", raising=False)
    spec = tmp_path / "spec.mtl"
    spec.write_text(text)
    found = [each.code for each in check(spec, [override] if override else [])]
    assert found == ([code] if which == "Failing" else [])


def test_every_page_begins_with_its_code_and_a_title():
    for code in codes():
        assert page(code).startswith(f"# {code}: ")
