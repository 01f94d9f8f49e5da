"""The one layout of a spec."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc import report
from mtlc.diagnostics import Diagnostics
from mtlc.format import format
from mtlc.parse import parse
from mtlc.source import Source
from mtlc.syntax import File

LANGUAGE = sorted(Path(__file__).with_name("language").glob("*.mtl"))


def read(text: str) -> File:
    found = Diagnostics()
    file = parse(Source("a.mtl", text), found)
    assert not found.failed, report.text(found) + text
    return file


def formatted(text: str) -> str:
    return format(read(text))


@pytest.mark.parametrize("path", LANGUAGE, ids=lambda path: path.stem)
def test_the_examples_of_the_language_are_laid_out_already(path: Path):
    assert formatted(path.read_text()) == path.read_text()


def test_a_body_of_one_line_stays_one():
    assert formatted("task   a{x=1,y =  2}") == "task a { x = 1, y = 2 }\n"


def test_a_body_of_several_lines_gets_a_line_an_entry_and_aligned_keys():
    assert formatted("train { a=1, long = 2\nb = f( x=1 ,2)}") == (
        "train {\n  a    = 1\n  long = 2\n  b    = f(x = 1, 2)\n}\n"
    )


def test_keys_are_aligned_between_blank_lines_and_other_entries():
    text = "train {\n  a = 1\n\n  long = 2\n  phase p { x = 1 }\n  bb = 3\n  # beside\n  c  = 4\n}\n"
    assert formatted(text) == text


def test_keys_of_two_blocks_are_not_aligned():
    text = "train {\n  a = 1\n}\neval {\n  every = 2\n}\n"
    assert formatted(text) == text


def test_a_list_or_call_of_several_lines_gets_a_line_an_item():
    assert formatted("let x = [1,\n f(2\n)]") == "let x = [\n  1,\n  f(\n    2,\n  ),\n]\n"


def test_relations_are_written_with_single_blanks():
    assert formatted("links{a,b<->c via k() then  m(1)}") == "links { a, b <-> c via k then m(1) }\n"


def test_at_most_one_blank_line_is_kept_and_none_at_the_ends():
    assert formatted("\n\ntask a\n\n\n\ntask b\ntask c {\n\n  x = 1\n\n}\n\n") == (
        "task a\n\ntask b\ntask c {\n  x = 1\n}\n"
    )


def test_comments_stay_above_and_beside_what_they_are_about():
    text = """# top

task a {  # opens
  # above
  x = 1  # beside
  y = [
    1,  # one
    # two
    2,
  ]  # after
  # last
}  # closes
# end
"""
    assert formatted(text) == text


def test_a_comment_in_an_odd_place_is_not_lost():
    assert formatted("let x = f(a = # why\n 1)") == "let x = f(\n  a = 1,\n  # why\n)\n"


def test_an_empty_body_is_two_braces_unless_a_comment_is_in_it():
    assert formatted("task a {\n}") == "task a {}\n"
    assert formatted("task a {\n# x\n}") == "task a {\n  # x\n}\n"


def test_a_file_of_comments_or_of_nothing_stays():
    assert formatted("# only") == "# only\n"
    assert formatted("\n\n") == ""


def test_line_ends_of_the_file_are_kept():
    assert formatted("task a {\r\nx = 1\r\n}") == "task a {\r\n  x = 1\r\n}\r\n"


def test_texts_numbers_and_statements_keep_what_they_say():
    text = 'mtl 1\nuse "a \\"b\\" \\\\.mtl"\nlet x = [1.50, 40k, 50%, 3x4, $d, true, none, -1, 3abc]\n'
    assert formatted(text) == text


def value(draw: random.Random, depth: int) -> str:
    plain = ("1", "2.50", "40k", "50%", "3x4", '"a # {"', '"\\\\ \\""', "true", "none", "$dim", "3abc", "via")
    if depth == 0 or draw.random() < 0.5:
        return draw.choice(plain)
    items = [value(draw, depth - 1) for _ in range(draw.randrange(4))]
    gap = lambda: draw.choice(("", "", " ", "\n", " # c ,\n", "\n\n#d]\n"))  # noqa: E731
    if draw.random() < 0.5:
        items = [draw.choice(("", f"k{i}={gap()}")) + item for i, item in enumerate(items)]
        opening, closing = "f(", ")"
    else:
        opening, closing = "[", "]"
    comma = draw.choice(("", ",")) if items else ""
    inner = f"{gap()},{gap()}".join(items)
    return f"{opening}{gap()}{inner}{gap()}{comma}{gap()}{closing}"


def entry(draw: random.Random, depth: int) -> str:
    kind = draw.randrange(4)
    if kind == 0 and depth:
        return f"phase p{draw.choice((' ', ' : q '))}" + body(draw, depth - 1)
    if kind == 1:
        arrow = draw.choice(("", "-> b", "<->  b ,c"))
        part = draw.choice(("k", "k()", "k(1)", "k then m( x=2 )", f"k(y = {value(draw, 1)})"))
        return f"a{draw.choice(('', ', d'))} {arrow} via {part}"
    return f"{draw.choice(('x', 'longer', 'then'))}{draw.choice((' ', ''))}= {value(draw, 2)}"


def body(draw: random.Random, depth: int) -> str:
    entries = [entry(draw, depth) for _ in range(draw.randrange(4))]
    comment = lambda: draw.choice(("\n", "\n\n\n", " # c }\n", "\n  # own\n\n", "\r\n\t"))  # noqa: E731
    between = comment if draw.random() < 0.7 else lambda: draw.choice((",", " , ", ",\n"))
    text = entries[0] if entries else ""
    for each in entries[1:]:
        text += between() + each
    edge = draw.choice((lambda: "", lambda: " ", comment))
    return f"{{{edge()}{text}{edge()}}}"


def spec(seed: int) -> str:
    draw = random.Random(seed)
    text = draw.choice(("", "# top\n", "\n\n", "mtl 1\n"))
    for _ in range(draw.randrange(6)):
        statement = draw.choice(("use", "let", "block", "block"))
        if statement == "use":
            text += 'use   "a.mtl"'
        elif statement == "let":
            text += f"let x={value(draw, 3)}"
        else:
            text += draw.choice(("task", "task a", "shared a : b", "task:b"))
            text += draw.choice(("", " ")) + body(draw, 2) if draw.random() < 0.8 else ""
        text += draw.choice(("\n", "\n\n\n", "  # beside\n", "\n# own\n\n"))
    return text


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_formatting_changes_no_meaning_and_a_second_time_nothing(seed: int):
    file = read(spec(seed))
    once = format(file)
    again = read(once)
    assert again == file
    assert format(again) == once
    assert all(line == line.rstrip() for line in once.splitlines())
