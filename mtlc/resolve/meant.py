"""What a word was probably meant to be: a slip, a longer form, or another project's word for it."""

from __future__ import annotations

from collections.abc import Iterable

from mtlc.diagnostics import suggest

_OTHER_WORDS = {
    "backbone": "shared",
    "body_parts": "human_parts",
    "boundaries": "edges",
    "boundary": "edges",
    "channels": "dim",
    "classification": "classify",
    "epoch": "steps",
    "epochs": "steps",
    "iterations": "steps",
    "learning_rate": "lr",
    "multilabel": "tags",
    "regression": "regress",
    "resolution": "size",
    "segmentation": "semseg",
    "semantic": "semseg",
    "test": "eval",
    "validation": "val",
}


def meant(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None: `clases`, `num_classes`, `dataset`, `epochs`."""
    known = list(known)
    lower = word.lower()
    parts = {lower, *lower.split("_")}
    others = [_OTHER_WORDS[part] for part in (lower, *lower.split("_")) if part in _OTHER_WORDS]
    longer = [each for each in known if len(each) >= 4 and lower.startswith(each)]
    inside = [each for each in known if each in parts]
    return suggest(word, known) or next((each for each in (*inside, *others, *longer) if each in known), None)


def why(word: str, guess: str) -> str:
    """What to know where the word and the one that was meant count different things; mostly nothing."""
    if guess == "steps" and "epoch" in word.lower():
        return " An epoch has images / `batch` of them, rounded up"
    return ""
