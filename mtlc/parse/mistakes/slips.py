"""Misspelt words of the language itself: `vai`, `thn`, `usr`, `lte`."""

import re

from mtlc.diagnostics import suggest
from mtlc.parse.mistakes.trouble import Mistake, Trouble
from mtlc.parse.scan import NAME


def slip(t: Trouble) -> Mistake | None:
    return _statement(t) if not t.inside else _relation(t)


def _statement(t: Trouble) -> Mistake | None:
    """What follows shows which statement was meant: a text, a name and `=`, a number."""
    if t.override or not t.words or not re.match(rf"\s*{NAME}", t.head):
        return None
    first, *rest = t.words
    follows = {
        "use": t.found[:1] == '"',
        "let": t.found == "=" and len(rest) == 1,
        "mtl": t.found[:1].isdigit(),
    }
    for word, fits in follows.items():
        if fits and first != word and suggest(first, [word]) and len(rest) == (word == "let"):
            return t.at(
                rf"\b{first}\b", "MTL030", f"`{first}` begins no statement", "this", f"did you mean `{word}`?"
            )
    return None


def _relation(t: Trouble) -> Mistake | None:
    if not t.relates or not re.match(NAME, t.found):
        return None
    followed = re.match(rf"{NAME}[ \t]+{NAME}", t.tail)
    if "VIA" in t.accepts and followed and suggest(t.found, ["via"]):
        return t.here("MTL020", "a relation has no `via`", "this", "did you mean `via`?")
    if "THEN" in t.accepts and followed and suggest(t.found, ["then"]):
        return t.here("MTL021", "two parts stand side by side", "`then` is expected", "did you mean `then`?")
    if (
        "VIA" not in t.accepts
        and "LBRACE" in t.accepts
        and len(t.words) > 1
        and suggest(t.words[-1], ["via"])
    ):
        return t.at(NAME, "MTL020", "a relation has no `via`", "this", "did you mean `via`?")
    return None
