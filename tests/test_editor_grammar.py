"""The TextMate grammar colours a spec as the parser reads it, with a small tokeniser that stands for an editor's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtlc.diagnostics import Diagnostics
from mtlc.parse import parse
from mtlc.source import Source, Span, load
from mtlc.syntax import (
    KEYWORDS,
    Arg,
    Assign,
    Bare,
    Block,
    Bool,
    Call,
    Let,
    ListValue,
    Number,
    Param,
    Relation,
    SizeValue,
    Text,
    Use,
    Version,
)

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "grammar"
GRAMMAR = json.loads((FOLDER / "mtl.tmLanguage.json").read_text(encoding="utf-8"))
RULES = [GRAMMAR["repository"][each["include"][1:]] for each in GRAMMAR["patterns"]]
SPECS = sorted([*(ROOT / "specs").rglob("*.mtl"), *(ROOT / "tests" / "specs" / "good").rglob("*.mtl")])


def scopes(text: str) -> list[str]:
    """The scopes of each character: of the first rule that matches at the earliest place of a line."""
    out: list[str] = []
    for line in text.split("\n"):
        out += [*_line(line), ""]
    return out[:-1]


def _line(line: str) -> list[str]:
    found, place = [""] * len(line), 0
    while place < len(line):
        hits = [(match, rule) for rule in RULES if (match := _start(rule).search(line, place))]
        if not hits:
            break
        match, rule = min(hits, key=lambda hit: hit[0].start())  # the first of the earliest
        end = match.end()
        if "end" in rule:
            end = _string_end(line, end)
        found[match.start() : end] = [rule.get("name", "")] * (end - match.start())
        for group, capture in rule.get("captures", {}).items():
            start, stop = match.span(int(group))
            found[start:stop] = [f"{scope} {capture['name']}".strip() for scope in found[start:stop]]
        place = max(end, place + 1)
    return found


def _start(rule: dict[str, str]) -> re.Pattern[str]:
    return re.compile(rule.get("match") or rule["begin"])


def _string_end(line: str, place: int) -> int:
    closed = re.compile(r'(?:[^"\\]|\\.)*(?:"|$)').match(line, place)
    assert closed
    return closed.end()


def expected(node: object) -> Iterator[tuple[Span, str]]:
    """The scope that each piece of a spec's tree should have."""
    plain = {Number: "constant.numeric", SizeValue: "constant.numeric.size", Text: "string.quoted"}
    plain |= {Bool: "constant.language", Param: "variable.parameter"}
    if type(node) in plain:
        yield node.span, plain[type(node)]
    elif isinstance(node, Block):
        yield node.keyword.span, "keyword.other.block"
        yield from ((part.span, scope) for part, scope in _names(node) if part)
        yield from _all(node.body or ())
    elif isinstance(node, Assign | Let):
        yield node.name.span, "variable.parameter" if isinstance(node, Let) else "entity.other.attribute-name"
        yield from expected(node.value)
    elif isinstance(node, Arg):
        yield from [(node.name.span, "entity.other.attribute-name")] if node.name else []
        yield from expected(node.value)
    elif isinstance(node, Call):
        builtin = node.name.text == "env"
        yield node.name.span, "support.function" if builtin else "entity.name.function"
        yield from _all(node.args)
    elif isinstance(node, Relation):
        yield from _all(node.calls)
    elif isinstance(node, ListValue):
        yield from _all(node.items)
    elif isinstance(node, Use):
        yield node.path.span, "string.quoted"
    else:
        assert isinstance(node, Bare | Version)


def _names(block: Block):
    return (block.name, "entity.name.section"), (block.kind, "entity.name.type")


def _all(nodes) -> Iterator[tuple[Span, str]]:
    for node in nodes:
        yield from expected(node)


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_every_piece_of_a_spec_has_its_colour(path):
    source = load(path)
    coloured = scopes(source.text)
    file = parse(source, Diagnostics())
    for span, scope in [*_all(file.statements), *((each.span, "comment.line") for each in file.comments)]:
        said = coloured[span.start : span.end]
        assert all(each.startswith(scope) for each in said), (str(span), span.text, scope, set(said))


@pytest.mark.parametrize(
    ("text", "piece", "scope"),
    [
        ("links { a <-> b via kem then coherence }", "<->", "keyword.operator.arrow.mtl"),
        ("links { a -> b via kem then coherence }", "coherence", "entity.name.function.mtl"),
        ("links { a -> b via kem then coherence }", "via", "keyword.operator.word.mtl"),
        ("train { steps = 40k }", "k ", "constant.numeric.mtl keyword.other.unit.mtl"),
        ("train { steps = 3abc }", "3abc", ""),
        ("data rooms { size = 64x }", "64x", ""),
        ('use "a.mtl"  # b', "use", "keyword.control.import.mtl"),
        ("mtl 1", "mtl", "keyword.control.version.mtl"),
        ("  phase warm { steps = 3 }", "phase", "keyword.other.block.mtl"),
        ("train { data = 3 }", "data", "entity.other.attribute-name.mtl"),
        ("task all { loss = none }", "none", "constant.language.mtl"),
        ('data folder { root = "a # b" }', "# b", "string.quoted.double.mtl"),
    ],
)
def test_a_word_has_the_colour_of_what_it_is(text, piece, scope):
    assert scopes(text)[text.index(piece)] == scope


def test_the_grammar_knows_the_keywords_of_the_language_and_no_others():
    listed = re.search(r"\(([a-z|]+)\)", GRAMMAR["repository"]["block"]["match"])
    assert listed is not None
    assert tuple(listed[1].split("|")) == KEYWORDS


def test_every_rule_is_used_and_has_a_scope():
    assert {each["include"][1:] for each in GRAMMAR["patterns"]} == set(GRAMMAR["repository"])
    for rule in RULES:
        names = [rule.get("name"), *(each["name"] for each in rule.get("captures", {}).values())]
        assert all(name.endswith(".mtl") for name in names if name)
        assert any(names)


def test_the_extension_around_it_names_files_that_exist():
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    (language,), (grammar,) = package["contributes"]["languages"], package["contributes"]["grammars"]
    assert (FOLDER / grammar["path"]).samefile(FOLDER / "mtl.tmLanguage.json")
    assert json.loads((FOLDER / language["configuration"]).read_text(encoding="utf-8"))["comments"] == {
        "lineComment": "#"
    }
    assert grammar["scopeName"] == GRAMMAR["scopeName"]


def test_a_broken_spec_is_coloured_too():
    for path in sorted((ROOT / "tests" / "specs" / "bad").glob("*.mtl")):
        text = Source("a.mtl", path.read_text(encoding="utf-8")).text
        assert len(scopes(text)) == len(text)
