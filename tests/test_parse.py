"""Reading specs: the tree, and one diagnostic for each mistake."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc import report
from mtlc.diagnostics import Diagnostic, Diagnostics
from mtlc.parse import parse, parse_override
from mtlc.parse.mistakes import CODES
from mtlc.source import Source
from mtlc.syntax import (
    Arg,
    BadLiteral,
    Bare,
    Block,
    Bool,
    Call,
    File,
    Let,
    ListValue,
    Name,
    Number,
    Param,
    Relation,
    SizeValue,
    Text,
    Use,
    Value,
    Version,
)

LANGUAGE = sorted(Path(__file__).with_name("language").glob("*.mtl"))


def read(text: str) -> tuple[File, list[Diagnostic]]:
    found = Diagnostics()
    return parse(Source("a.mtl", text), found), list(found)


def good(text: str) -> File:
    file, found = read(text)
    assert not found, report.text(found)
    return file


def value(text: str) -> Value:
    let = good(f"let x = {text}").statements[0]
    assert isinstance(let, Let)
    return let.value


def block(text: str) -> Block:
    found = good(text).statements[0]
    assert isinstance(found, Block)
    return found


# What is read


@pytest.mark.parametrize("path", LANGUAGE, ids=lambda path: path.stem)
def test_the_examples_of_the_language_parse(path: Path):
    assert good(path.read_text()).statements


def test_there_are_examples_of_the_language():
    assert len(LANGUAGE) == 6


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3", 3),
        ("-1", -1),
        ("2e-5", 2e-5),
        ("1.0", 1.0),
        (".5", 0.5),
        ("40k", 40_000),
        ("1.5M", 1_500_000),
        ("0.0015k", 1.5),
        ("50%", 0.5),
        ("12.5%", 0.125),
        ("100%", 1.0),
    ],
)
def test_numbers_are_computed(text: str, meant: float):
    number = value(text)
    assert number == Number(meant, text, number.span, percent=text.endswith("%"))
    assert type(number.value) is type(meant)


def test_a_size_is_height_by_width():
    assert value("448x576") == SizeValue(448, 576, value("1").span)


@pytest.mark.parametrize("text", ["448x", "3abc", "1e999", "40K", "1_000", "50%%", "9" * 5000, "2024-01-01"])
def test_what_starts_like_a_number_and_is_none_is_kept_for_who_knows_the_key(text: str):
    assert value(text) == BadLiteral(text, value("1").span)


def test_other_values():
    span = value("1").span
    assert value('"a \\"b\\" \\\\ # {"') == Text('a "b" \\ # {', span)
    assert value("true") == Bool(True, span)
    assert value("false") == Bool(False, span)
    assert value("true2") == Bare(Name("true2", span))
    assert value("$dim") == Param(Name("dim", span), span)
    assert value("[]") == ListValue((), span)
    assert value("[\n a,\n b,\n]") == ListValue((Bare(Name("a", span)), Bare(Name("b", span))), span)
    assert value("f()") == Call(Name("f", span), (), span)
    args = (Arg(None, Number(1, "1", span), span), Arg(Name("b", span), Bool(True, span), span))
    assert value("f(1, b = true)") == Call(Name("f", span), args, span)


def test_a_block_has_keyword_name_kind_and_body():
    found = block("shared encoder : timm { dim = 3 }")
    assert [found.keyword.text, found.name.text, found.kind.text] == ["shared", "encoder", "timm"]
    assert found.header.text == "shared encoder : timm"
    assert [entry.name.text for entry in found.body] == ["dim"]
    assert block("task a").body is None
    assert block("task a {}").body == ()
    assert block("train { phase a { steps = 1 } }").body[0].name.text == "a"


def test_a_relation_has_names_an_arrow_and_parts():
    a, b = block("links { x, y <-> z via p(1) then q\n all via r }").body
    assert isinstance(a, Relation)
    assert isinstance(b, Relation)
    assert [name.text for name in a.left + a.right] == ["x", "y", "z"]
    assert a.arrow == "<->"
    assert [(call.name.text, len(call.args)) for call in a.calls] == [("p", 1), ("q", 0)]
    assert (b.arrow, b.right) == (None, ())


def test_statements_keep_their_order():
    file = good('mtl 1\nuse "a.mtl"\nlet x = 1\ntask a')
    assert [type(each) for each in file.statements] == [Version, Use, Let, Block]
    assert file.statements[0].number == 1
    assert file.statements[1].path.value == "a.mtl"


def test_words_of_the_grammar_are_names_where_they_can_be_nothing_else():
    good("task use { use = then, let = mtl }\nlinks { then -> mtl via let then use }")


@pytest.mark.parametrize("name", ["via", "then", "use"])
def test_a_part_may_be_called_like_a_word_of_the_grammar(name: str):
    assert block(f"links {{ a via {name} }}").body[0].calls[0].name.text == name


def test_every_node_knows_its_place():
    text = "let a = 1\ntask b : c {\n  x = f(1, y = [2, 3])\n}\n"
    let, task = good(text).statements
    assert let.span.text == "let a = 1"
    assert task.span.text == text[10:-1]
    assign = task.body[0]
    assert assign.span.text == "x = f(1, y = [2, 3])"
    assert assign.value.span.text == "f(1, y = [2, 3])"
    assert assign.value.args[1].span.text == "y = [2, 3]"
    assert assign.value.args[1].value.items[0].span.text == "2"
    assert (assign.span.line, assign.span.column) == (3, 3)


def test_places_do_not_take_part_in_comparisons():
    assert good("task a { x = 1 }") == good("task   a {\n x = 1\n}")
    assert good("task a") != good("task b")


def test_comments_are_kept():
    assert [each.text for each in good('# one\nuse "#"  # two \n#three').comments] == [
        "# one",
        "# two",
        "#three",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# only", "\ufefftask a", "\r\ntask a {\r\n\tx = 1\r\n}\r\n"])
def test_odd_but_right_texts_are_read(text: str):
    good(text)


def test_one_hundred_nested_brackets_are_read():
    depth = 100
    good("let x = " + "[" * depth + "]" * depth)
    good("let x = " + "f(a = " * depth + "1" + ")" * depth)


def test_overrides_are_read():
    found = Diagnostics()
    override = parse_override("task.depth.loss=berhu(threshold = 0.1)", found)
    assert not found.failed
    assert [name.text for name in override.path] == ["task", "depth", "loss"]
    assert override.value.span.text == "berhu(threshold = 0.1)"
    assert override.value.span.source.name == "--set"


# What is wrong

MISTAKES = [
    # the text, the code, the words it is shown at
    ("task a { x = f(1, 2 }", "MTL003", "("),
    ("let x = [1, 2", "MTL003", "["),
    ("task a {\n  x = [\n    1,\n  y = 2\n}", "MTL003", "["),
    ("data a {\n  x = 1\n\ntask b {\n  y = 2\n}", "MTL003", "{"),
    ("train {\n  phase a { x = 1\n  phase b { x = 2 }\n}", "MTL003", "{"),
    ("let x = f(g(1", "MTL003", "("),
    ("task a { x = 1 }}", "MTL004", "}"),
    ("task a { x = 1) }", "MTL004", ")"),
    ("let x = f(]1)", "MTL004", "]"),
    ("train {\n  a = 1 }\n  b = 2\n}", "MTL004", "}"),
    ("task a\n  x = 1\n  y = 2\n}", "MTL004", "a"),
    ("task a x = 1 }", "MTL004", "a"),
    ("let x = [1, 2)", "MTL005", ")"),
    ('data a { root = "x }', "MTL006", '"'),
    ('data a { x = f("y) }', "MTL006", '"'),
    ('use "a\nb.mtl"', "MTL006", '"'),
    ("task a { x = 1; y = 2 }", "MTL007", ";"),
    ("task a { x = 'b' }", "MTL007", "'"),
    ("task a { x = 2 * 3 }", "MTL007", "*"),
    ("task a { x = data/nyud }", "MTL007", "/"),
    ("task a { x = b.c }", "MTL007", "."),
    ("// a\ntask a", "MTL007", "/"),
    ("task b\u00e9", "MTL007", "\u00e9"),
    ("train.steps = 3", "MTL007", "."),
    ("task a { x\u00a0= 1 }", "MTL007", "\u00a0"),
    ('data a { x = "c:\\data" }', "MTL008", "\\d"),
    ("task a { x: 1 }", "MTL010", ":"),
    ("task a { x = f(y: 1) }", "MTL010", ":"),
    ("task a { x == 1 }", "MTL010", "=="),
    ("task a { x := 1 }", "MTL010", ":="),
    ("task a { x => 1 }", "MTL010", "=>"),
    ("task a { x = = 1 }", "MTL010", "="),
    ("task a { x 1 }", "MTL010", "1"),
    ("task a { x [1] }", "MTL010", "["),
    ("task a { x true }", "MTL010", "true"),
    ("task a { x = }", "MTL011", "x ="),
    ("task a { x =\n}", "MTL011", "x ="),
    ("task a { x =\n 3\n}", "MTL011", "x ="),
    ("let x =", "MTL011", "x ="),
    ("task a { x = f(y = ) }", "MTL011", "y ="),
    ("task a { x = $ }", "MTL011", "$"),
    ("task a { x = { y = 1 } }", "MTL011", "{"),
    ("task a { x = [(1)] }", "MTL011", "("),
    ("task a { x }", "MTL012", "x"),
    ("task a {\n  x\n}", "MTL012", "x"),
    ("task a { = 1 }", "MTL012", "="),
    ("task a { x = f(= 1) }", "MTL012", "="),
    ("task a { 3 = 1 }", "MTL012", "3"),
    ('task a { "x" = 1 }', "MTL012", '"x"'),
    ("size = 64", "MTL013", "size"),
    ("a -> b via c", "MTL013", "->"),
    ("all via kem", "MTL013", "via"),
    ("task b\n\n  x = 1\n  y = 2\n}".replace("task b", "# lost"), "MTL013", "x"),
    ("task a task b", "MTL014", "task"),
    ("data a { x = 1 } task b", "MTL014", "task"),
    ('use "a" task b', "MTL014", "task"),
    ("task a, task b", "MTL014", ","),
    ("task a { x = 1 y = 2 }", "MTL014", "y"),
    ("links { a via k b via k }", "MTL014", "b"),
    ("task a { x = [1,,2] }", "MTL015", ","),
    ("task a { x = f(,) }", "MTL015", ","),
    ("task a { x = 1,, y = 2 }", "MTL015", ","),
    ("task a { , x = 1 }", "MTL015", ","),
    ("task a { x = [1 2] }", "MTL015", "2"),
    ("task a { x = f(y = 1 z = 2) }", "MTL015", "z"),
    ("links { a b -> c via k }", "MTL015", "b"),
    ("task a { x = 64 64 }", "MTL016", "64"),
    ("task a { x = [y = 1] }", "MTL016", "="),
    ("links { a -> b kem }", "MTL020", "kem"),
    ("links { a -> b }", "MTL020", ""),
    ("links { a, b }", "MTL020", ""),
    ("links { all kem(x = 1) }", "MTL020", "kem"),
    ("links { all kem }", "MTL020", "kem"),
    ("links { a -> b via }", "MTL021", ""),
    ("links {\n  a -> b via\n}", "MTL021", ""),
    ("links { a via b then }", "MTL021", ""),
    ("links { a via b c }", "MTL021", "c"),
    ("links { a via b via c }", "MTL021", "via"),
    ("links { a via b { x = 1 } }", "MTL021", "{"),
    ("links { a => b via c }", "MTL022", "=>"),
    ("links { a <- b via c }", "MTL022", "<-"),
    ("links { a --> b via c }", "MTL022", "-->"),
    ("links { a \u2192 b via c }", "MTL022", "\u2192"),
    ("links { a -> b -> c via d }", "MTL022", "->"),
    ("links { -> b via c }", "MTL023", "->"),
    ("links { a -> via c }", "MTL023", "via"),
    ("links { a -> b, via c }", "MTL023", "via"),
    ("task 3d { x = 1 }", "MTL030", "3d"),
    ("task a b { x = 1 }", "MTL030", "b"),
    ("task a : { x = 1 }", "MTL030", "{"),
    ("balance lps(spread = 3)", "MTL030", "("),
    ('task "a"', "MTL030", '"a"'),
    ("{ x = 1 }", "MTL030", "{"),
    ("train { batch size = 3 }", "MTL030", "batch size"),
    ("use common.mtl", "MTL031", "common"),
    ("use", "MTL031", ""),
    ("let x", "MTL032", ""),
    ("let x 3", "MTL032", "3"),
    ("let = 3", "MTL032", "="),
    ("mtl", "MTL033", ""),
    ("mtl 2", "MTL033", "mtl 2"),
    ("mtl 1.0", "MTL033", "mtl 1.0"),
    ("task a\nmtl 1", "MTL033", "mtl 1"),
]


@pytest.mark.parametrize(("text", "code", "place"), MISTAKES)
def test_a_mistake_is_reported_once_at_its_place_with_a_way_out(text: str, code: str, place: str):
    _, found = read(text)
    assert [(each.code, each.primary.span.text) for each in found] == [(code, place)], report.text(found)
    assert found[0].hint
    assert found[0].message[0] in "`" or found[0].message[0].islower()
    report.text(found)


def test_every_code_of_this_layer_has_a_meaning_and_no_terminal_of_the_grammar_is_named():
    for text, code, _ in MISTAKES:
        _, found = read(text)
        assert code in CODES
        shown = " ".join((found[0].message, found[0].primary.text, found[0].hint or ""))
        for terminal in ("LITERAL", "_NL", "RBRACE", "LSQB", "$END", "EQUAL", "VIA"):
            assert terminal not in shown


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("use common.mtl", 'write `use "common.mtl"`'),
        ("task a { x 1 }", "write `x = 1`"),
        ("links { a <- b via c }", "write the source first: `source -> target`"),
        ("links { all kem }", "write `via kem`"),
        ("train.steps = 3", "write the key in its block: `train { … }`"),
        ("task a { x = 'b' }", 'write texts in double quotes: `"…"`'),
        ("task a { x = 2 * 3 }", "write the result: a spec does not calculate"),
        ("task a { x = 50 % }", "write `50%` without a blank"),
        ("task a { x = 64 x 48, y = 1 }", "write a size without blanks: `64x48`"),
        ("task a { x = 64 x48 }", "write a size without blanks: `64x48`"),
    ],
)
def test_a_hint_is_what_to_write(text: str, hint: str):
    assert read(text)[1][0].hint == hint


def test_eight_mistakes_in_one_file_give_eight_diagnostics():
    text = """mtl 1
use common.mtl
data rooms { size: 64x64 }
shared encoder : tiny { width 24 }
task semseg { weight = }
task depth {
  loss == l1
  range = [0.1 10]
}
links {
  semseg => depth via attention
  semseg -> depth
}
train { steps = 200 }
"""
    file, found = read(text)
    codes = ["MTL031", "MTL010", "MTL010", "MTL011", "MTL010", "MTL015", "MTL022", "MTL020"]
    assert [each.code for each in found] == codes
    blocks = [each for each in file.statements if isinstance(each, Block)]
    assert [each.keyword.text for each in blocks] == ["data", "shared", "task", "task", "links", "train"]


def test_a_block_with_a_mistake_is_still_declared_and_marked():
    file, _ = read("task a { x = , y = 2 }\ntask b c { z = 3 }\ntask d { z = 3 }")
    assert [(each.name.text, each.damaged) for each in file.statements] == [
        ("a", True),
        ("b", True),
        ("d", False),
    ]
    assert [entry.name.text for entry in file.statements[0].body] == ["y"]
    assert [entry.name.text for entry in file.statements[1].body] == ["z"]


def test_a_mistake_costs_only_its_own_entry():
    file, found = read("train { a = 1, b c d = 2, e = 3 }\nlinks {\n  x => y via k\n  y -> x via k\n}")
    assert len(found) == 2
    assert [entry.name.text for entry in file.statements[0].body] == ["a", "e"]
    assert len(file.statements[1].body) == 1


def test_two_entries_on_one_line_are_both_read():
    file, _ = read("train { a = 1 b = 2 }\ntask x task y")
    assert [entry.name.text for entry in file.statements[0].body] == ["a", "b"]
    assert [each.name.text for each in file.statements[1:]] == ["x", "y"]


def test_what_a_bracket_left_open_holds_is_still_read():
    file, _ = read("task a { x = f(1, 2 }\ntask b {\n  y = [\n    1,\n  z = 2\n}")
    assert len(file.statements[0].body[0].value.args) == 2
    assert [entry.name.text for entry in file.statements[1].body] == ["y", "z"]


def test_words_of_what_is_lost_are_kept():
    file, _ = read("let dim 3\ntask a")
    assert {"dim"} <= file.lost
    assert "a" not in file.lost


def test_entries_without_a_block_leave_no_block_behind():
    file, found = read("task a\n\n\n# gone\n  x = 1\n  y = 2\n}\ntask b")
    assert [each.code for each in found] == ["MTL013"]
    assert [each.name.text for each in file.statements] == ["a", "b"]


@pytest.mark.parametrize("text", ["(" * 10_000, "a {" * 10_000, "let x = " + "[" * 101 + "]" * 101])
def test_nesting_too_deep_is_refused_in_one_message(text: str):
    file, found = read(text)
    assert [each.code for each in found] == ["MTL002"]
    assert file.statements == ()


@pytest.mark.parametrize(
    "text", ["}" * 50_000, "a b c d\n" * 2_000, "=" * 10_000, '"\n' * 2_000, "}\n" * 2_000]
)
def test_a_text_that_is_no_spec_gets_a_few_diagnostics_soon(text: str):
    assert 0 < len(read(text)[1]) <= 20


def test_a_bad_version_number_is_not_taken_for_another():
    assert read("mtl 2")[0].statements[0].number == 2


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("train.steps", "MTL034"),
        ("train.steps=", "MTL011"),
        ("=3", "MTL034"),
        ("", "MTL034"),
        ("train..steps=3", "MTL034"),
        ("train.steps=3 4", "MTL034"),
        ("train.steps==3", "MTL010"),
        ("data.root=/data/x", "MTL007"),
        ("a=f(1", "MTL003"),
        ('a="x', "MTL006"),
        ("a=[1 2]", "MTL015"),
        ("a=" + "[" * 200, "MTL002"),
    ],
)
def test_a_wrong_override_is_reported_once_at_its_place(argument: str, code: str):
    found = Diagnostics()
    parse_override(argument, found)
    assert [each.code for each in found] == [code], report.text(found)
    assert all(each.primary.span.source.text == argument and each.hint for each in found)


# What can never happen

NOISE = '{}()[]=,:"#$%@;\\\n\r\t -><.x3\u00e9'


def mutant(text: str, draw: random.Random) -> str:
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        start = draw.randrange(len(text) + 1)
        text = text[:start] + draw.choice(NOISE) * draw.randrange(2) + text[start + draw.randrange(4) :]
    return text


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LANGUAGE), st.integers(0, 2**32))
def test_a_mutant_never_crashes(path: Path, seed: int):
    text = mutant(path.read_text(), random.Random(seed))
    file, found = read(text)
    report.text(found)
    report.as_json(found)
    assert all(0 <= each.primary.span.start <= each.primary.span.end <= len(text) for each in found)
    assert all(each.span.source is file.source for each in file.statements)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(NOISE + "abvia "), max_size=60))
def test_noise_never_crashes(text: str):
    report.text(read(text)[1])
    found = Diagnostics()
    parse_override(text, found)
    report.text(found)


def test_most_single_mutations_give_exactly_one_diagnostic():
    draw = random.Random(0)
    counts = []
    for _ in range(300):
        text = draw.choice(LANGUAGE).read_text()
        start = draw.randrange(len(text))
        size = len(read(text[:start] + text[start + 1 :])[1])
        counts += [size] if size else []
    assert sum(count == 1 for count in counts) >= 0.9 * len(counts)
