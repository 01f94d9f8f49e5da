"""Parts that installed packages bring by the entry-point group `mtlc.parts`, imported where a word is unknown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mtlc.parts.part import REGISTRY, NameClash, Part

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "mtlc.parts"


@dataclass(frozen=True)
class Trouble:
    """A package whose parts cannot be used. A `clash` of names leaves it open what a spec means."""

    message: str
    hint: str
    clash: bool = False


_owners: dict[type[Part], str] = {}
_loaded: dict[tuple[str, str], Trouble | None] = {}


def load_packages() -> list[Trouble]:
    """Import what installed packages offer, each once in a process, so that its parts are in the catalogue."""
    found = list(_points(tuple(sys.path)))
    for package, point in found:
        if (package, point.value) not in _loaded:
            _loaded[package, point.value] = _load(package, point)
    troubles = (_loaded[package, point.value] for package, point in found)
    return [trouble for trouble in troubles if trouble]


def owner(part: type[Part]) -> str | None:
    """The installed package that brought a part; None for mtlc's own and those of a file."""
    return _owners.get(part)


def _load(package: str, point: EntryPoint) -> Trouble | None:
    known = set(_parts())
    try:
        point.load()
    except NameClash as clash:
        message = f"`{clash.word}` is defined by {_origin(clash.known)} and by package `{package}`"
        return Trouble(message, f"uninstall `{package}`, or leave packages out by --no-plugins", True)
    except (Exception, SystemExit) as error:  # whatever a package raises is its own to mend
        message = f"the parts of package `{package}` cannot be imported: {type(error).__name__}: {error}"
        return Trouble(message, f"mend or uninstall `{package}`, or leave it out by --no-plugins")
    finally:
        _owners.update(dict.fromkeys(set(_parts()) - known, package))
    return None


def _origin(part: type[Part]) -> str:
    """The package, or the file that a spec uses, in which a part was defined."""
    if part in _owners:
        return f"package `{_owners[part]}`"
    file = getattr(sys.modules.get(part.__module__), "__file__", None)
    return "mtlc itself" if part.__module__.startswith("mtlc.") or file is None else f"`{file}`"


def _parts() -> Iterator[type[Part]]:
    return (part for parts in REGISTRY.values() for part in parts.values())


@lru_cache(maxsize=8)
def _points(path: tuple[str, ...]) -> tuple[tuple[str, EntryPoint], ...]:
    """Every entry point of the group with `name version` of its package, in the order of their names."""
    if not any(_offers(folder) for folder in path):
        return ()
    from importlib.metadata import entry_points

    found = [(_said(point), point) for point in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda each: (each[0], each[1].value)))


def _said(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _offers(folder: str) -> bool:
    """Whether some package in a folder of `sys.path` is in the group.

    Looking here first saves importing `importlib.metadata`, which takes longer than checking a spec.
    """
    try:
        names = os.listdir(folder or ".")
    except OSError:  # not there, or no folder
        return Path(folder).suffix in (".zip", ".egg") and Path(folder).exists()
    return any(_in_group(Path(folder, name, "entry_points.txt")) for name in names if _is_record(name))


def _is_record(name: str) -> bool:
    return name.endswith((".dist-info", ".egg-info"))


def _in_group(path: Path) -> bool:
    try:
        return f"[{GROUP}]" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
