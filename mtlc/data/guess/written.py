"""A starting manifest and a starting spec, from what was understood of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from textwrap import fill

from mtlc.data.guess.folder import Found, Label

BATCH, EPOCHS = 8, 20
FEWEST, MOST = 100, 2000  # steps


def manifest(found: Found, source: str) -> str:
    """The YAML file. What was guessed, and should be looked at, stands beside it."""
    lines = [
        f"# Guessed by `mtlc new` from {source}: {found.count} images. Correct what is wrong.",
        f"images: {_patterns(found.images)}",
        "",
        "splits:",
        *(f"  {line}" for line in _splits(found)),
        "",
        "labels:",
    ]
    for label in found.labels:
        lines += _label(label, found.count)
    lines += [f"# not understood: {pattern} ({why})" for pattern, why in found.passed]
    return "\n".join(lines) + "\n"


def spec(found: Found, root: str, manifest_name: str, source: str) -> str:
    """The `.mtl` file: one small network for all the labels."""
    height, width = found.size
    steps = min(MOST, max(FEWEST, EPOCHS * -(-found.count // BATCH)))
    tasks = [
        f"task {each.name}" if each.name == each.guess.kind else f"task {each.name} : {each.guess.kind}"
        for each in found.labels
    ]
    return "\n".join(
        [
            f"# A start for {source}, written by `mtlc new`: look at the manifest first, then change what you like.",
            "data folder {",
            f"  root = {_quoted(root)}",
            f"  manifest = {_quoted(manifest_name)}",
            f"  size = {height}x{width}  # everything is resized to this height and width",
            "  augment = [flip]",
            "}",
            "",
            "shared encoder : tiny",
            "",
            *tasks,
            "",
            f"balance {'uncertainty' if len(tasks) > 1 else 'equal'}",
            f"train {{ steps = {steps}, batch = {BATCH} }}",
            "",
        ]
    )


def _splits(found: Found) -> list[str]:
    held = [split for split, stated in found.splits.items() if split != "train" and isinstance(stated, tuple)]
    lines = []
    for split in ("train", "val", "test"):
        stated = found.splits.get(split)
        if isinstance(stated, str):
            folder = "" if stated == split else f", folder: {_plain(stated)}"
            lines.append(f'{split}: {{glob: "*"{folder}}}')
        elif stated:
            lines += _ids(split, stated)
        elif stated is not None:
            without = f", without: [{', '.join(held)}]" if held else ""
            lines.append(f'{split}: {{glob: "*"{without}}}')
    return lines


def _ids(split: str, ids: Sequence[str]) -> list[str]:
    """The ids of a split: one range where they are consecutive numbers, else a list."""
    first, last = ids[0], ids[-1]
    numbers = all(each.isascii() and each.isdigit() and len(each) == len(first) for each in ids)
    if numbers and len(ids) > 1 and [int(each) for each in ids] == list(range(int(first), int(last) + 1)):
        return [f"{split}: {first}-{last}"]
    listed = fill(
        ", ".join(_plain(each) for each in ids), 100, break_long_words=False, break_on_hyphens=False
    )
    return (
        [f"{split}: [{listed}]"]
        if "\n" not in listed
        else [f"{split}:", "  [", *(f"    {line}" for line in listed.split("\n")), "  ]"]
    )


def _label(label: Label, images: int) -> list[str]:
    kind = [] if label.name == label.guess.kind else [f"    kind: {label.guess.kind}"]
    where = (
        f"    files: {_patterns(label.patterns)}"
        if label.patterns
        else f"    file: {_plain(label.table or '')}"
    )
    some = f", for {len(label.ids)} of {images} images" if len(label.ids) < images else ""
    look = [f"    # look at: {label.guess.look}"] if label.guess.look else []
    keys = [f"    {key}: {value}" for key, value in label.guess.keys.items()]
    return [f"  {label.name}: # guessed: {label.guess.why}{some}", *kind, where, *look, *keys, ""]


def _patterns(patterns: Sequence[str]) -> str:
    quoted = [_quoted(each) for each in patterns]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _plain(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]*", text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
