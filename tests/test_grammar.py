"""The grammar file, where it is found, and the tables kept of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark

from mtlc.parse import grammar

LANGUAGE = sorted(Path(__file__).with_name("language").glob("*.mtl"))


def test_the_grammar_is_found_in_a_checkout():
    assert grammar.path() == Path(__file__).parents[1] / "grammar" / "mtl.lark"


def test_the_grammar_is_found_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mtl.lark").write_text("start:")
    monkeypatch.setattr(grammar, "__file__", str(tmp_path / "grammar.py"))
    assert grammar.text() == "start:"


def test_the_grammar_has_no_conflicts_and_no_colliding_terminals():
    pytest.importorskip("interegular")
    assert isinstance(grammar.from_text(strict=True), Lark)


def test_the_kept_tables_are_those_of_the_grammar():
    kept = grammar.from_tables()
    assert kept is not None, "the grammar was edited: run `python -m mtlc.parse.grammar`"
    for path in LANGUAGE:
        text = path.read_text()
        assert kept.parse(text, start="start") == grammar.from_text().parse(text, start="start")


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"key": 1}', '{"key": "KEY", "data": {}, "memo": {}}'])
def test_tables_that_do_not_fit_are_not_used(broken: str, tmp_path: Path):
    file = tmp_path / "tables.json"
    file.write_text(broken.replace("KEY", grammar.key()))
    assert grammar.from_tables(file) is None


def test_tables_of_an_edited_grammar_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "tables.json"
    grammar.keep_tables(file)
    assert grammar.from_tables(file) is not None
    monkeypatch.setattr(grammar, "text", lambda: "start: NAME")
    assert grammar.from_tables(file) is None


def test_tables_hold_no_code():
    assert set(json.loads(grammar.TABLES.read_text())) == {"key", "data", "memo"}


def test_parsing_imports_neither_torch_nor_networkx_nor_rich():
    code = (
        "import sys; from mtlc import format, parse, report; "
        "print(*[m for m in ('torch', 'networkx', 'rich', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
