"""Random changes of specs: characters, words, lines deleted, put in, swapped, or taken from another spec."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PATHS = [
    *sorted((ROOT / "specs").glob("*.mtl")),
    *sorted((ROOT / "specs" / "common").glob("*.mtl")),
    *sorted((ROOT / "tests" / "specs" / "good").glob("*.mtl")),
]
WORD = re.compile(r'[A-Za-z_]\w*|"[^"\n]*"|<->|->|[-+]?\.?\d[\w.%]*|\S')
CHARACTERS = '{}[]()=,:;"#$<>-.%|/\\ \n\r\tabkxM019_é…\u202e\x00'
_WORDS = """
data shared layer task links reuse agree balance train eval use let mtl all frames via then none auto true
semseg depth edges kem attention trace_back tiny timm fpn conv_up adamw flip dim size from loss label env
{ } [ ] ( ) = , : -> <-> $dim " # 3 -1 0.5 50% 64x64 64x 1e400 99999999999999999999 "text" é ; ->->
"""
WORDS = _WORDS.split()
OVERRIDES = (
    "train.steps=3",
    "task.depth.loss=l1",
    "balance=lps(2.0)",
    "data=rooms(size = 32x32)",
    "task.all.weight=1",
    "let.dim=64",
    "shared.encoder.width=16",
    "eval.best=depth",
    'data.root="here"',
    "task.semseg.decoder=linear(8)",
)


class Edit(NamedTuple):
    """`where` and `what` are shares: of the places in the text, and of what can be put there."""

    kind: str
    where: float
    what: float


def spot(count: int, share: float) -> int:
    return min(int(share * count), count - 1)


def partner(edit: Edit, count: int) -> int:
    """What a word or a line changes places with: its neighbour, or any other."""
    far = spot(count, edit.what)
    return far if edit.kind.startswith("exchange") else min(spot(count, edit.where) + 1, count - 1)


def characters(text: str, edit: Edit) -> str:
    place = spot(len(text), edit.where)
    before, here, after = text[:place], text[place], text[place + 1 :]
    new = CHARACTERS[spot(len(CHARACTERS), edit.what)]
    if edit.kind.startswith("swap"):
        return before + after[:1] + here + after[1:]
    return before + {"delete": "", "insert": new + here, "replace": new}[edit.kind.split()[0]] + after


def words(text: str, edit: Edit) -> str:
    found = list(WORD.finditer(text))
    first = found[spot(len(found), edit.where)]
    new = WORDS[spot(len(WORDS), edit.what)]
    if edit.kind.startswith(("swap", "exchange")):
        second = found[partner(edit, len(found))]
        first, second = sorted((first, second), key=lambda each: each.start())
        if first is second:
            return text
        between = text[first.end() : second.start()]
        return text[: first.start()] + second[0] + between + first[0] + text[second.end() :]
    put = {"delete": "", "insert": f"{new} {first[0]}", "replace": new}[edit.kind.split()[0]]
    return text[: first.start()] + put + text[first.end() :]


def lines(text: str, edit: Edit, others: list[str]) -> str:
    found = text.split("\n")
    place = spot(len(found), edit.where)
    if edit.kind.startswith(("swap", "exchange")):
        second = partner(edit, len(found))
        found[place], found[second] = found[second], found[place]
    elif edit.kind.startswith("delete"):
        del found[place]
    elif edit.kind.startswith("insert"):
        found.insert(place, found[spot(len(found), edit.what)])
    else:  # spliced from another spec
        found.insert(place, others[spot(len(others), edit.what)])
    return "\n".join(found)


KINDS = [
    f"{how} {what}"
    for what in ("character", "word", "line")
    for how in ("delete", "insert", "replace", "swap")
]
FAR_KINDS = ["exchange word", "exchange line"]  # one edit, but of two places in the text


def mutate(text: str, edits: list[Edit], others: list[str]) -> str:
    """The text after each edit in turn."""
    for edit in edits:
        if not WORD.search(text):
            return text
        if edit.kind.endswith("character"):
            text = characters(text, edit)
        elif edit.kind.endswith("word"):
            text = words(text, edit)
        else:
            text = lines(text, edit, others)
    return text


def all_lines() -> list[str]:
    return [line for path in PATHS for line in path.read_text(encoding="utf-8").split("\n")]


def misspelt(name: str, rng: random.Random) -> str:
    """The name with one letter left out, put in, exchanged, or swapped with the next."""
    place, letter = rng.randrange(len(name)), rng.choice("abcdefghijklmnopqrstuvwxyz")
    swapped = name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]
    left_out, put_in = name[:place] + name[place + 1 :], name[:place] + letter + name[place:]
    return rng.choice([left_out, put_in, name[:place] + letter + name[place + 1 :], swapped])
