"""How diagnostics are shown."""

import json

from mtlc import report
from mtlc.diagnostics import Diagnostics, Label
from mtlc.source import Source, Span


def at(source: Source, word: str) -> Span:
    start = source.text.index(word)
    return source.span(start, start + len(word))


def shown(text: str, word: str, label: str = "here", **more: object) -> str:
    found = Diagnostics()
    found.error("MTL101", "wrong", at(Source("a.mtl", text), word), label, **more)  # type: ignore[arg-type]
    return report.text(found)


def test_a_frame_shows_the_line_its_label_and_the_hint():
    source = Source("specs/nyud.mtl", "mtl 1\n\ntask semseg { clases = 40 }\n")
    found = Diagnostics()
    message, hint = "task `semseg` has no key `clases`", "did you mean `classes`?"
    found.error("MTL101", message, at(source, "clases"), "unknown key", hint=hint)
    assert report.text(found) == (
        "error[MTL101]: task `semseg` has no key `clases`\n"
        " --> specs/nyud.mtl:3:15\n"
        "  |\n"
        "3 | task semseg { clases = 40 }\n"
        "  |               ^^^^^^ unknown key\n"
        "   = hint: did you mean `classes`?\n"
    )


def test_labels_of_one_line_get_a_row_each_and_lines_left_out_are_marked():
    source = Source("a.mtl", "one\ntwo\nthree four\n")
    others = [Label(at(source, "one"), "first"), Label(at(source, "three"), "beside")]
    found = Diagnostics()
    found.error("MTL101", "wrong", at(source, "four"), "here", others=others)
    assert report.text(found).splitlines()[1:] == [
        " --> a.mtl:3:7",
        "  |",
        "1 | one",
        "  | --- first",
        "...",
        "3 | three four",
        "  |       ^^^^ here",
        "  | ----- beside",
    ]


def test_a_label_in_another_file_gets_its_own_place():
    other = Source("b.mtl", "\ndefault")
    text = shown("x", "x", others=[Label(at(other, "default"), "set here")])
    assert " ::: b.mtl:2:1\n  |\n2 | default\n  | ------- set here\n" in text


def test_tabs_and_wide_characters_keep_carets_in_place():
    assert "1 |     日本 = 3\n  |            ^ here" in shown("\t日本 = 3", "3")


def test_combining_marks_take_no_room():
    assert "  |     ^ here" in shown("e\u0301e\u0301e\u0301 x", "x")


def test_a_long_line_is_cut_around_its_label():
    line = shown("a" * 500 + " bad " + "z" * 500, "bad").splitlines()
    assert len(line[3]) < 140
    assert line[3].startswith("1 | ...aaa")
    assert line[3].endswith("zzz...")
    start = line[4].index("^")
    assert line[3][start : start + 3] == "bad"


def test_a_label_longer_than_the_cut_ends_with_it():
    line = shown("x" * 500, "x" * 500).splitlines()
    assert len(line[4]) < 140


def test_a_stretch_of_lines_shows_its_ends():
    assert shown("a [\n  1,\n] b", "[\n  1,\n]").splitlines()[1:] == [
        " --> a.mtl:1:3",
        "  |",
        "1 | a [",
        "  |   ^ from here",
        "...",
        "3 | ] b",
        "  | ^ to here: here",
    ]


def test_an_empty_stretch_still_has_a_caret():
    source = Source("a.mtl", "size =")
    found = Diagnostics()
    found.error("MTL011", "no value", source.span(6, 6), "here")
    assert report.text(found).endswith("1 | size =\n  |       ^ here\n")


def test_the_end_of_a_file_can_be_shown():
    source = Source("a.mtl", "a\n")
    found = Diagnostics()
    found.error("MTL011", "no end", source.span(2, 2), "here")
    assert report.text(found).endswith("2 |\n  | ^ here\n")


def test_control_characters_of_a_text_do_not_reach_the_terminal():
    text = shown("a\x1b[31m \u202e bad", "bad", label="\x1b[2J")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_colour_is_only_added():
    found = Diagnostics()
    found.error("MTL101", "wrong", at(Source("a.mtl", "one two"), "two"), "here", hint="mend it")
    coloured = report.text(found, colour=True)
    assert coloured != report.text(found)
    for code in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == report.text(found)


def test_json_is_one_object_with_places_from_one():
    source = Source("a.mtl", "one\ntwo")
    found = Diagnostics()
    found.warning("MTL101", "wrong", at(source, "two"), "here", others=[Label(at(source, "one"), "there")])
    assert json.loads(report.as_json(found)) == {
        "version": 1,
        "diagnostics": [
            {
                "code": "MTL101",
                "severity": "warning",
                "message": "wrong",
                "hint": None,
                "primary": {
                    "file": "a.mtl",
                    "start": {"line": 2, "column": 1},
                    "end": {"line": 2, "column": 4},
                    "label": "here",
                },
                "others": [
                    {
                        "file": "a.mtl",
                        "start": {"line": 1, "column": 1},
                        "end": {"line": 1, "column": 4},
                        "label": "there",
                    }
                ],
            }
        ],
    }


def test_github_annotations_escape_what_github_reads():
    found = Diagnostics()
    source = Source("a,b:c.mtl", "one two")
    found.error("MTL101", "50% wrong:\nyes", at(source, "two"), hint="mend it")
    place = "file=a%2Cb%3Ac.mtl,line=1,col=5,endLine=1,title=MTL101"
    assert report.github(found) == f"::error {place}::50%25 wrong:%0Ayes%0Ahint: mend it\n"


def test_a_summary_counts():
    found = Diagnostics()
    assert report.summary(found) == "no errors"
    span = Source("a.mtl", "x").span(0, 1)
    found.error("MTL101", "wrong", span)
    found.error("MTL101", "wrong", span)
    found.warning("MTL101", "odd", span)
    assert report.summary(found) == "2 errors, 1 warning"
