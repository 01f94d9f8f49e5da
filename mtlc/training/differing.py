"""What two canonical specs say differently, by the names of keys: `data.size was 64x64 and is now 32x32`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

MOST = 3  # differences that a message names
_HEADER = re.compile(r"(\w+)(?: (\w+))?(?: : (\w+))?( \{)?")
_USE = re.compile(r'use "(?:.*[/\\])?([^/\\]+)"')  # where a file lies says nothing of what is in it


def difference(written: str, given: str, free: Collection[str] = ()) -> str | None:
    """How the spec given differs from the one written, in words, but for the `free` keys; None if it does not."""
    before, now = dict(_said(written)), dict(_said(given))
    names = [name for name in {**before, **now} if name.rsplit(".", 1)[-1] not in free]
    found = [_change(name, before.get(name), now.get(name)) for name in names]
    told = [each for each in found if each]
    more = f", and {len(told) - MOST} more" if len(told) > MOST else ""
    return ", ".join(told[:MOST]) + more if told else None


def _change(name: str, before: str | None, now: str | None) -> str | None:
    if before == now:
        return None
    if before is None or now is None:
        said, state = (before, "is gone") if now is None else (now, "is new")
        return f"`{name}{f' = {said}' if said else ''}` {state}"
    return f"`{name}` was `{before}` and is now `{now}`"


def _said(spec: str) -> Iterator[tuple[str, str]]:
    """Every key by its path, every block by its kind, every line of a relation by its number."""
    at: list[str] = []
    lines = 0
    for line in map(str.strip, spec.splitlines()):
        key, sign, value = line.partition("=")
        header = _HEADER.fullmatch(line)
        if line == "}":
            at.pop()
        elif at in (["links"], ["agree"]):
            lines += 1
            yield f"{at[0]}.{lines}", line
        elif found := _USE.fullmatch(line):
            yield f"use {found[1]}", ""
        elif header and line.endswith("{"):
            at.append(_block(header))
            lines = 0
            yield ".".join(at), _kind(header)
        elif header and not at:
            yield _block(header), _kind(header)
        elif sign:
            yield ".".join([*at, key.strip()]), value.strip()


def _block(header: re.Match[str]) -> str:
    """`data`, `shared.encoder`, `train`, `warm` in it: the words that name a block, its kind apart."""
    keyword, name = header[1], header[2]
    if keyword == "phase":
        return str(name)
    return keyword if name is None or _is_kind(header) else f"{keyword}.{name}"


def _kind(header: re.Match[str]) -> str:
    return (header[2] if _is_kind(header) else header[3]) or ""


def _is_kind(header: re.Match[str]) -> bool:
    """`data rooms` and `balance dwa` have a kind and no name."""
    return header[1] in ("data", "balance") and header[3] is None
