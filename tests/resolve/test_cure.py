"""What is proposed in place of a wrong value can be written there."""

from __future__ import annotations

import pytest

BASE = "shared encoder : tiny\ntask depth\n"


def hint(diagnostics) -> str:
    (only,) = diagnostics
    return only.hint


@pytest.mark.parametrize(
    "value", ["3", "-1", "50%", '"x"', "true", "1x1", "none", "auto", "nix()", 'env("HOME")']
)
def test_a_value_is_proposed_as_a_list_only_where_it_can_be_an_item(found, value):
    assert (
        hint(found(f"data rooms {{ augment = {value} }}\n{BASE}"))
        == "write a value such as `augment = [flip]`"
    )


def test_one_item_alone_is_proposed_as_a_list(found, spec):
    assert hint(found("data rooms { augment = flip }\n" + BASE)) == "write `augment = [flip]`"
    spec("data rooms { augment = [flip] }\n" + BASE)


def test_env_where_it_cannot_stand_is_not_taken_for_a_slip(found):
    assert hint(found('data rooms { size = env("S") }\n' + BASE)) == "write a value such as `size = 64x64`"
    assert hint(found('data folder { root = enf("S"), manifest = "m", size = 64x64 }\n' + BASE)) == (
        "did you mean `env`?"
    )


def test_a_list_is_proposed_for_an_item_that_does_not_fit(found):
    assert hint(found("data rooms\ntrain { mix = [1, [2]] }\n" + BASE)) == "write a list such as `mix = [1]`"


def test_a_share_above_one_is_a_forgotten_percent_sign_unless_there_is_one(found):
    start = "data rooms\nshared encoder : tiny\n"
    assert (
        hint(found(start + "task depth { labels = 50 }")) == "write `labels = 50%` for a share of a hundred"
    )
    assert hint(found(start + "task depth { labels = 1000% }")) == "write `labels = 1` or less"


@pytest.mark.parametrize("word", ["epochs", "epoch", "num_epochs", "max_epochs"])
def test_who_counts_in_epochs_is_told_how_many_steps_one_has(found, word):
    told = hint(found(f"data rooms\ntrain {{ {word} = 3 }}\n{BASE}"))
    assert told == "did you mean `steps`? An epoch has images / `batch` of them, rounded up"


def test_another_word_for_steps_is_only_put_right(found):
    assert hint(found(f"data rooms\ntrain {{ iterations = 3 }}\n{BASE}")) == "did you mean `steps`?"
