"""Collecting diagnostics, and did-you-mean."""

import pytest

from mtlc.diagnostics import Diagnostics, edit_distance, suggest
from mtlc.source import Source

SOURCE = Source("a.mtl", "one two three")


def test_diagnostics_come_in_the_order_of_the_text_source_by_source():
    other = Source("b.mtl", "four")
    found = Diagnostics()
    found.error("MTL001", "late", SOURCE.span(8, 9))
    found.error("MTL001", "elsewhere", other.span(0, 1))
    found.error("MTL001", "early", SOURCE.span(0, 1))
    assert [each.message for each in found] == ["early", "late", "elsewhere"]


def test_a_warning_is_no_failure():
    found = Diagnostics()
    found.warning("MTL001", "odd", SOURCE.span(0, 1))
    assert not found.failed
    found.error("MTL001", "wrong", SOURCE.span(0, 1))
    assert found.failed
    assert [each.severity for each in found] == ["warning", "error"]


def test_diagnostics_can_be_passed_on():
    one, two = Diagnostics(), Diagnostics()
    one.error("MTL001", "wrong", SOURCE.span(0, 3), "here", hint="mend it")
    two.extend(one)
    assert list(two) == list(one)
    assert len(two) == 1


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("clases", ["class", "classes", "loss"], "classes"),
        ("DIM", ["dims", "dim"], "dim"),
        ("wieght", ["weight", "height"], "weight"),
        ("lr", ["lrs", "clip"], "lrs"),
        ("zebra", ["dim"], None),
        ("a", ["b"], None),
        ("depth", [], None),
        ("loss", ["boss", "less"], "less"),
        ("swin_smal_patch4", ["swin_base_patch4", "swin_small_patch4"], "swin_small_patch4"),
    ],
)
def test_what_was_meant_is_close(word: str, candidates: list[str], meant: str | None):
    assert suggest(word, candidates) == meant


def test_a_swap_of_neighbours_is_one_edit():
    assert edit_distance("ab", "ba", 5) == 1
    assert edit_distance("kitten", "sitting", 5) == 3


def test_distances_beyond_the_limit_are_not_told_apart():
    assert edit_distance("aaaa", "bbbb", 2) == 3
    assert edit_distance("a", "aaaaaaa", 2) == 3
