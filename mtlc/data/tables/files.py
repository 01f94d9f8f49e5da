"""What stands for each image in a JSON or CSV file, before anything is made of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from mtlc.data.errors import DataError
from mtlc.diagnostics import suggest


def read_text(path: Path, label: str) -> str:
    """The text of a table. Raises `DataError`."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        message = f"the table of label `{label}` is not there: looked for `{path}`"
        raise DataError(message, "put it there, or correct `file` in the manifest") from None
    except UnicodeDecodeError:
        raise DataError(f"the table of label `{label}` is not UTF-8: `{path}`", "save it as UTF-8") from None
    except OSError as error:
        message = f"the table of label `{label}` cannot be read: `{path}` ({error.strerror})"
        raise DataError(message, "check the path and its rights") from None


def is_json(path: Path) -> bool:
    """Whether a table is JSON; else it is CSV."""
    return path.suffix.lower() == ".json"


def parsed(text: str, what: str, path: Path) -> Any:
    """The tree of a JSON file. Raises `DataError`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"`{path}` of {what} is not JSON (line {error.lineno}: {error.msg})"
        raise DataError(message, "correct the file") from None
    except RecursionError:
        raise DataError(f"`{path}` of {what} is nested too deep", "correct the file") from None


def at(tree: Any, path: str, id: str = "") -> Any:
    """What stands at keys parted by dots, or None; `{id}` among them is the id."""
    for key in path.split("."):
        tree = tree.get(id if key == "{id}" else key) if isinstance(tree, dict) else None
    return tree


def entries(tree: Any, path: str | None, ids: Collection[str]) -> dict[str, Any]:
    """By id, what the file has at the path."""
    found = ((id, at(tree, path or "{id}", id)) for id in ids)
    return {id: entry for id, entry in found if entry is not None}


def rows(
    text: str, key: str | None, columns: Sequence[str], ids: Collection[str], what: str, path: Path
) -> dict[str, Mapping[str, str]]:
    """By id, the row of a CSV file whose column `key` (without it the first) is the id.

    Raises `DataError` where a column lacks, a row has no id, or an id stands twice.
    """
    reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
    have = list(reader.fieldnames or [])
    key = key or (have[0] if have else "")
    for column in (key, *columns):
        if column not in have:
            meant = suggest(column, have)
            hint = f"did you mean `{meant}`?" if meant else f"its columns are {', '.join(have)}"
            raise DataError(f"`{path}` of {what} has no column `{column}`", hint)
    wanted, found = frozenset(ids), dict[str, Mapping[str, str]]()
    for row in reader:
        if not row[key].strip():
            message = f"line {reader.line_num} of `{path}` of {what} has no id in column `{key}`"
            raise DataError(message, "write the image's id, or remove the line")
        if row[key] in found:
            message = f"`{path}` of {what} has the id `{row[key]}` twice (line {reader.line_num})"
            raise DataError(message, "keep one of the lines")
        if row[key] in wanted:
            found[row[key]] = row
    return found
