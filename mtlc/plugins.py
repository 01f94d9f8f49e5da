"""Importing the Python file that a spec names, so that the parts it registers can be used."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path

from mtlc import schema
from mtlc.parts.foreign import file_of, shown
from mtlc.parts.part import REGISTRY, BadPart, NameClash, Part


class PluginError(Exception):
    """A Python file that cannot be imported, in one clause; `hint` is the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


_last: dict[str, str] = {}  # the module that each file was last imported as


def import_plugin(path: Path) -> None:
    """Run the file once in this process; its `register` calls enter the catalogue.

    A copy that says the same is the same file; what a file said before it was changed is forgotten.
    """
    real = os.path.realpath(path)
    if not os.path.isfile(real):  # pathlib's raises for a name that is too long
        raise PluginError("it does not exist", "correct the path, which starts from this file")
    name = f"mtlc_plugin_{Path(real).stem}_{_digest(real)}"
    if name in sys.modules:
        return
    if before := _last.pop(real, None):
        _forget(before)
    _last[real] = name
    _run(name, real)


def forget_plugins() -> None:
    """Take out all that was imported, as in a new process."""
    while _last:
        _forget(_last.popitem()[1])


def _digest(real: str) -> str:
    try:
        return hashlib.sha256(Path(real).read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise PluginError((error.strerror or str(error)).lower(), "check the path and its rights") from None


def _run(name: str, real: str) -> None:
    spec = importlib.util.spec_from_file_location(name, real)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        _look_at_keys(name)
    except (Exception, SystemExit) as error:  # whatever the user's file raises is the user's to mend
        _forget(name)
        mend = isinstance(error, BadPart | NameClash)
        hint = (
            "mend the class; docs/link.md shows one"
            if mend
            else "run it with `python` to see the whole error"
        )
        raise PluginError(_said(error, real), hint) from error


def _look_at_keys(module: str) -> None:
    """Raise `BadPart` for a part of this module with a key that no spec can write."""
    for cls in {each for parts in REGISTRY.values() for each in parts.values() if each.__module__ == module}:
        if fault := _unwritable(cls):
            hint = (
                "types are int, float, bool, str, Literal, Size, Place, `tuple[int, ...]` and unions of them"
            )
            raise BadPart(f"`{cls.__name__}`: {fault}: {hint}")


def _forget(module: str) -> None:
    """Take out a file's module and what it has registered."""
    sys.modules.pop(module, None)
    for parts in REGISTRY.values():
        for word in [word for word, each in parts.items() if each.__module__ == module]:
            del parts[word]


def _unwritable(cls: type[Part]) -> str | None:
    """The first key of a type that no spec can write, in one clause; None if all can be."""
    for key in schema.keys(cls).values():
        try:
            key.takes()
        except (KeyError, IndexError):
            type_ = key.type.__name__ if isinstance(key.type, type) else key.type
            return f"no spec can write `{key.name}: {type_}`"
    return None


def _said(error: BaseException, path: str) -> str:
    if isinstance(error, NameClash) and (first := file_of(error.known)):
        return f"it defines `{error.word}`, as `{shown(first)}` does, which is in use"
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    where = f"line {lines[-1]}: " if lines else ""
    kind = "" if isinstance(error, BadPart | NameClash) else f"{type(error).__name__}: "
    return f"{where}{kind}{error}"
