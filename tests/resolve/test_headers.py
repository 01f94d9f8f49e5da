"""The beginnings of blocks: names and kinds that do not belong there, and blocks inside of blocks."""

from __future__ import annotations

import pytest

BASE = "data rooms\nshared encoder : tiny\ntask depth\ntask edges\n"


@pytest.mark.parametrize("block", ["train", "eval", "links", "reuse", "agree"])
@pytest.mark.parametrize("extra", [": nix", "nix", "nix : nix"])
def test_a_block_that_takes_no_name_takes_no_kind_either(found, block, extra):
    (only,) = found(f"{BASE}{block} {extra} {{ }}")
    assert only.code == "MTL218" and only.primary.span.text == "nix"
    assert only.hint == f"write `{block} {{ … }}`"


def test_a_phase_has_a_name_and_no_kind(found):
    (only,) = found(BASE + "train { phase warm : adamw { steps = 3 } }")
    assert (only.code, only.primary.span.text) == ("MTL217", "adamw")
    assert only.hint == "write `phase warm { … }`"


def test_a_phase_is_not_called_like_a_key_of_train(found):
    (only,) = found(BASE + "train { phase steps { steps = 3 } }")
    assert only.code == "MTL207" and "`steps`" in only.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("train { links { all via kem } }", "close `train` before it"),
        ("eval { train { steps = 3 } }", "close `eval` before it"),
        ("train { phase a { steps = 3, phase b { steps = 3 } } }", "side by side in `train`"),
        ("train { optimizer adamw { lr = 1 } }", "write a value: `optimizer = adamw(…)`"),
        ("train { phse a { steps = 3 } }", "did you mean `phase`?"),
        ("train { phase { steps = 3 } }", "write `phase NAME { steps = … }`"),
        ("links { kem x { } }", "write a relation"),
    ],
)
def test_a_block_in_a_block_is_told_where_it_belongs(found, text, hint):
    (only,) = found(BASE + text)
    assert only.code == "MTL217" and hint in only.hint
