"""Which images a split of a manifest holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from mtlc.data.errors import DataError
from mtlc.manifest import Manifest
from mtlc.manifest.reading_ids import text_is_id


def ids_of(manifest: Manifest, split: str, root: Path) -> tuple[str, ...]:
    """The ids of a split in the manifest's order, those of a glob sorted. Raises `DataError`."""
    if split not in manifest.splits:
        has = ", ".join(f"`{name}`" for name in manifest.splits)
        hint = f"add `{split}` to `splits`; it has {has}"
        raise DataError(f"the manifest `{manifest.path}` has no split `{split}`", hint)
    stated = manifest.splits[split]
    out = {id for name in stated.without if name in manifest.splits for id in _all(manifest, name, root)}
    ids = tuple(id for id in _all(manifest, split, root) if id not in out)
    if not ids:
        raise DataError(f"split `{split}` of `{manifest.path}` is empty{_why(manifest, split, root)}", _HINT)
    return ids


_HINT = "correct the split in the manifest, or the data's `root`"


def _all(manifest: Manifest, split: str, root: Path) -> tuple[str, ...]:
    stated = manifest.splits[split]
    if stated.file is not None:
        return _from_file(root / stated.file, split)
    return _on_disk(manifest, split, stated.glob, root) if stated.glob is not None else stated.ids


def on_disk(manifest: Manifest, split: str, root: Path) -> tuple[str, ...]:
    """The ids of all images on disk that a split could hold, sorted."""
    return _on_disk(manifest, split, "*", root)


def _why(manifest: Manifest, split: str, root: Path) -> str:
    stated = manifest.splits[split]
    if stated.glob is None:
        return ""
    named = [each.replace("{split}", manifest.folder(split)) for each in manifest.images]
    patterns = " or ".join(f"`{root / each.replace('{id}', stated.glob)}`" for each in named)
    return f": no image matches {patterns}"


def _from_file(path: Path, split: str) -> tuple[str, ...]:
    """One id a line; empty lines and what follows `#` at the start of a line are skipped."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"the ids of split `{split}` are not there: looked for `{path}`", _HINT) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)
        raise DataError(f"the ids of split `{split}` cannot be read: `{path}` ({reason})", _HINT) from None
    return _unique(path, ((number, line.strip()) for number, line in enumerate(lines, 1)))


def _unique(path: Path, lines: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for number, id in lines:
        if not id or id.startswith("#"):
            continue
        if not text_is_id(id):
            message = f"`{path}`, line {number}: `{id}` cannot be an id"
            raise DataError(message, "an id is a name, or a path without `..`, that replaces `{id}`")
        if id in seen:
            message = f"`{path}`, line {number}: id `{id}` stands already in line {seen[id]}"
            raise DataError(message, "remove one of the two")
        seen[id] = number
    return tuple(seen)


def _on_disk(manifest: Manifest, split: str, glob: str, root: Path) -> tuple[str, ...]:
    found: set[str] = set()
    for pattern in (each.replace("{split}", manifest.folder(split)) for each in manifest.images):
        head, *more = (re.escape(part) for part in pattern.split("{id}"))
        name = re.compile(head + "(?P<id>.+)" + "(?P=id)".join(["", *more])[len("(?P=id)") :])
        for path in root.glob(_escaped(pattern).replace("{id}", glob)):
            match = name.fullmatch(path.relative_to(root).as_posix())
            if match and path.is_file() and fnmatchcase(match["id"], glob):
                found.add(match["id"])
    return tuple(sorted(found))


def _escaped(pattern: str) -> str:
    """The pattern with what a glob would take as wildcards written as themselves."""
    return re.sub(r"([*?[])", r"[\1]", pattern)
