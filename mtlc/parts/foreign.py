"""Parts that are not mtlc's own: what is wrong with one is said with its file and line, for its author to mend."""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtlc.parts.part import REGISTRY, Part, ShapeError


class PartError(Exception):
    """A part of somebody's own cannot be used as it is written. `hint` is the way out."""

    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def foreign(part: Part | type[Part]) -> type[Part] | None:
    """The class of a part that a file or a package brought, looking into wrapped ones; None for mtlc's own."""
    if not isinstance(part, type):
        part = type(getattr(part, "link", None) or getattr(part, "encoder", None) or part)
    return part if _is_foreign(part) else None


@contextmanager
def blaming(part: Part | type[Part], what: str) -> Iterator[None]:
    """What somebody's own part raises here becomes a `PartError`; `ShapeError`s and mtlc's own pass."""
    try:
        yield
    except (ShapeError, PartError):
        raise
    except Exception as error:
        cls = foreign(part)
        if cls is None:
            raise
        said = f"{what} raises {type(error).__name__}: {first_line(error)}"
        raise PartError(f"{called(cls, what, error)}: {said}", _MEND) from error


_MEND = "mend the part; docs/link.md says what it gives"


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]


def called(cls: type[Part], what: str = "", error: BaseException | None = None) -> str:
    """``part `film` of film.py:20``: the line of the error, of the method that `what` names, or of the class."""
    file, line = file_of(cls), None
    if error is not None and file:
        line = line_in(error, file)
    name = what.strip("`")
    line = line or (_line_of(vars(cls)[name]) if name in vars(cls) else _line_of(cls))
    return f"part `{cls.word}` of {shown(file) if file else cls.__module__}{f':{line}' if line else ''}"


def file_of(cls: type[Any]) -> str | None:
    return getattr(sys.modules.get(cls.__module__), "__file__", None)


def line_in(error: BaseException, file: str) -> int | None:
    """The deepest line of a file that an exception came through."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return lines[-1] if lines else None


def shown(file: str) -> str:
    """A path from where the user stands, where that is shorter."""
    near = os.path.relpath(file)
    return file if near.startswith("..") else near


def at_fault(error: BaseException) -> str | None:
    """The file and line of somebody's own part that an exception came through last, as `film.py:20`."""
    files = {file_of(cls) for parts in REGISTRY.values() for cls in parts.values() if _is_foreign(cls)}
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename in files]
    return f"{shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else None


def _is_foreign(cls: type[Part]) -> bool:
    return not cls.__module__.startswith("mtlc.")


def _line_of(thing: Any) -> int | None:
    code = getattr(thing, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    try:
        return inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return None


def check_written(part: Part, written: Any, count: int) -> None:
    """Raise `PartError` unless `writes` gave levels for so many features."""
    cls = foreign(part)
    if cls is None:
        return
    wrong = not isinstance(written, tuple | list) or not all(map(_is_levels, written))
    if wrong or len(written) != count:
        features = f"{count} feature{'s' * (count > 1)}"
        message = f"`writes` gives {written!r}, not the levels of {features}"
        hint = "give a tuple with, for each feature, a tuple of `Level(channels, stride)`"
        raise PartError(f"{called(cls, 'writes')}: {message}", hint)


def _is_levels(each: Any) -> bool:
    fine = isinstance(each, tuple | list) and len(each) > 0
    return fine and all(
        isinstance(level, tuple) and len(level) == 2 and all(isinstance(n, int) for n in level)
        for level in each
    )


def check_arguments(part: Part, given: Any, *more: str) -> None:
    """Raise `PartError` unless `arguments` gives what the module's constructor takes, with `more` from mtlc."""
    cls = foreign(part)
    if cls is None:
        return
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        message = f"`arguments` gives {given!r}, not a dictionary of keywords"
        raise PartError(f"{called(cls, 'arguments')}: {message}", _MEND)
    made = _constructor(cls)
    takes = None if made is None else _signature(made)
    if takes is None:
        return
    try:
        takes.bind(**dict.fromkeys([*given, *more]))
    except TypeError:
        message = f"`arguments` gives {_ticked(given)}, `{made.__name__}` takes {_ticked(takes.parameters)}"
        raise PartError(f"{called(cls, 'arguments')}: {message}", "give both the same names") from None


def _constructor(cls: type[Part]) -> Any:
    """The module's class as far as it is there without an import; None where that is not known yet."""
    if cls.module is None:
        raise PartError(
            f"{called(cls)}: it names no module", f'write `@register("{cls.word}", module=YourModule)`'
        )
    if not isinstance(cls.module, str):
        return cls.module
    file, _, name = cls.module.partition(":")
    module = sys.modules.get(file or cls.__module__)
    if module is not None and not hasattr(module, name):
        hint = "name it `package.file:Class`, or `:Class` for one of the part's own file"
        raise PartError(f"{called(cls)}: there is no module `{cls.module}`", hint)
    return getattr(module, name, None)


def _signature(made: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(made)
    except (TypeError, ValueError):
        return None


def _ticked(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words) or "nothing"
