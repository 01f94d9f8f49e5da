"""Whatever is done to a spec, `check` ends with diagnostics at places that exist, and never with a crash."""

from __future__ import annotations

import json
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import FAR_KINDS, KINDS, OVERRIDES, PATHS, WORDS, Edit, all_lines, characters, mutate

from mtlc import report
from mtlc.api import check
from mtlc.diagnostics import Diagnostic
from mtlc.source import Source, SourceError, decode

SCALE = int(os.environ.get("MTLC_MUTANTS", "1"))  # times as many, for a long look
TEXTS = [path.read_text(encoding="utf-8") for path in PATHS]
LINES = all_lines()
share = st.integers(0, 999_999).map(lambda part: part / 1_000_000)  # floats would prefer round ones
edit = st.builds(Edit, st.sampled_from([*KINDS, *FAR_KINDS]), share, share)
base = st.integers(0, len(PATHS) - 1)


def many(examples: int):
    return settings(max_examples=examples * SCALE, deadline=None, suppress_health_check=list(HealthCheck))


def examine(found: list[Diagnostic]) -> None:
    """Every place lies in its text, and every way of showing it works."""
    for each in found:
        for label in (each.primary, *each.others):
            span = label.span
            assert 0 <= span.start <= span.end <= len(span.source.text)
        assert each.message
    report.text(found, colour=True)
    report.github(found)
    for each in json.loads(report.as_json(found))["diagnostics"]:
        for place in (each["primary"], *each["others"]):
            assert min(place["start"]["line"], place["start"]["column"], place["end"]["line"]) >= 1


@many(1000)
@given(base, edit)
def test_a_spec_with_one_change_is_checked(which, change):
    examine(check(Source("mutant.mtl", mutate(TEXTS[which], [change], LINES), PATHS[which])))


@many(1000)
@given(base, edit, edit)
def test_a_spec_with_two_changes_is_checked(which, first, second):
    examine(check(Source("mutant.mtl", mutate(TEXTS[which], [first, second], LINES), PATHS[which])))


@many(200)
@given(
    base,
    st.sampled_from(OVERRIDES),
    st.sampled_from([kind for kind in KINDS if "character" in kind]),
    share,
    share,
)
def test_a_changed_override_is_checked(which, override, kind, where, what):
    changed = characters(override, Edit(kind, where, what))
    examine(check(Source("mutant.mtl", TEXTS[which], PATHS[which]), [changed]))


@many(100)
@given(st.binary(max_size=300))
def test_random_bytes_are_checked(data):
    try:
        source = decode("bytes.mtl", data)
    except SourceError:
        return
    examine(check(source))


@many(200)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", " ", " ", "\n", ""])), max_size=60))
def test_a_soup_of_words_is_checked(words):
    examine(check(Source("soup.mtl", "".join(word + gap for word, gap in words))))
