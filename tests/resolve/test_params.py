"""The named values of `let`: chains, circles, and names without a value."""

from __future__ import annotations

import pytest

BASE = "data rooms\nshared encoder : tiny\ntask depth\n"


def said(diagnostics) -> list[tuple[str, str, str]]:
    return [(each.code, each.message, each.primary.span.text) for each in diagnostics]


def test_a_name_may_stand_for_another_name(spec):
    assert spec(BASE + "let a = $b\nlet b = 7\ntrain { steps = $a }").train.steps == 7


@pytest.mark.parametrize(
    "lets",
    [
        "let a = $a",
        "let a = [$a]",
        "let a = adamw(lr = $a)",
        "let b = $a\nlet a = [1, [$b]]",
        "let a = $a\nlet b = $a",  # `b` is no circle of its own
    ],
)
def test_a_circle_of_names_is_one_mistake_also_where_nothing_uses_it(found, lets):
    for use in ("train { clip = $a }", ""):
        told = [each for each in said(found(BASE + lets + "\n" + use)) if each[0] != "MTL110"]
        ((code, message, place),) = told
        assert code == "MTL109" and "is defined by itself" in message and place in ("$a", "$b")


def test_two_circles_are_two_mistakes(found):
    text = BASE + "let a = $b\nlet b = $a\nlet c = [$c]\ntrain { clip = $a, mix = $c }"
    assert [place for _, _, place in said(found(text))] == ["$a", "$c"]


def test_a_long_chain_of_names_is_followed_to_its_end(spec):
    lets = "\n".join(f"let a{i} = $a{i + 1}" for i in range(1500))
    assert spec(f"{BASE}{lets}\nlet a1500 = 3\ntrain {{ steps = $a0 }}").train.steps == 3
