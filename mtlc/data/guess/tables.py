"""Tables of tags, or of one class, for whole images."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from mtlc.data.guess.kinds import Guess

MOST = 200  # tags


def tables(root: Path, ids: Collection[str]) -> Iterator[tuple[str, Guess]]:
    """The tables beside the images that speak of these ids: their names and what they look like."""
    for path in sorted(root.iterdir()):
        read = {".csv": _csv, ".json": _json}.get(path.suffix.lower())
        found = read(path, set(ids)) if read else None
        if found is not None:
            yield path.name, found


def _csv(path: Path, ids: set[str]) -> Guess | None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    columns = [each for each in (rows[0] if rows else {}) if each is not None]
    key = next((each for each in columns if ids & {row[each] for row in rows}), None)
    others = [each for each in columns if each != key]
    if key is None or not others:
        return None
    flags = [each for each in others if {row[each].strip() for row in rows} <= {"0", "1", ""}]
    start = {"id": _plain(key)} if key != columns[0] else {}
    if flags:
        return _tags(start, flags, f"{len(flags)} columns of 0 and 1")
    column = others[0]
    words = sorted({word for row in rows for word in row[column].split()})
    if 0 < len(words) <= MOST:
        return _tags(start | {"tags": _plain(column)}, words, f"the words in column `{column}`")
    return None


def _json(path: Path, ids: set[str]) -> Guess | None:
    try:
        tree = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    for place, entries in _mappings(tree):
        lists = [each for id, each in entries.items() if id in ids and isinstance(each, list)]
        if not lists:
            continue
        values = [tag for each in lists for tag in each]
        if values and all(isinstance(tag, str) for tag in values):
            return _tags({"path": f"{place}{{id}}"}, sorted(set(values)), f"lists of names in `{path.name}`")
        names = tree.get("names")
        if isinstance(names, list) and all(isinstance(tag, int) for tag in values):
            keys = {"path": f"{place}{{id}}", "names": "names"}
            return _tags(keys, [str(each) for each in names], f"lists of indices in `{path.name}`")
    return None


def _mappings(tree: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings of a tree, two levels deep, each with the keys that lead to it."""
    if isinstance(tree, dict):
        yield "", tree
        yield from ((f"{name}.", each) for name, each in tree.items() if isinstance(each, dict))


def _tags(keys: Mapping[str, str], classes: list[str], why: str) -> Guess:
    listed = ", ".join(_plain(each) for each in classes)
    quoted = {name: json.dumps(value) if "{" in value else value for name, value in keys.items()}
    return Guess("tags", quoted | {"classes": f"[{listed}]"}, why, "the list of tags in `classes`")


def _plain(word: str) -> str:
    """A text as YAML writes it."""
    return (
        word if word.replace("_", "a").isalnum() and word.isascii() else json.dumps(word, ensure_ascii=False)
    )
