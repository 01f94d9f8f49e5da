"""The registry: a base class is a namespace, a registered frozen dataclass is a part, a field is a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, TypeVar


class Level(NamedTuple):
    """One feature map as far as the compiler knows it: its channels, and how many pixels one cell spans.

    Stride 0 means one vector per image.
    """

    channels: int
    stride: int


Levels = tuple[Level, ...]


class Size(NamedTuple):
    """Height and width in pixels, in this order, as `448x576` writes them."""

    height: int
    width: int


class Auto:
    """The value `auto`: what the compiler infers from the data or the graph."""

    def __repr__(self) -> str:
        return "auto"


AUTO = Auto()


@dataclass(frozen=True)
class Place:
    """A path of the file system, and the environment variable that gave or should give it.

    `path` is None when the variable is unset and the spec gives no default: legal until a run needs it.
    """

    path: str | None
    variable: str | None = None


class ShapeError(Exception):
    """A part cannot work on the shapes it reads; `shapes` turns it into a diagnostic at the step's place."""

    def __init__(self, code: str, message: str, hint: str | None = None, *, key: str | None = None) -> None:
        """`key` is the key of the part that is at fault, if one is: the diagnostic points at its value."""
        super().__init__(message)
        self.code, self.message, self.hint, self.key = code, message, hint, key


class Problem(NamedTuple):
    """A value that its type allows and its part does not: the key, one sentence, and a way out."""

    key: str
    message: str
    hint: str | None = None
    code: str = "MTL104"


def key(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    name: bool = False,
) -> Any:
    """A key of a part: its default, one line of help, and the closed (`low`, `high`) or open (`above`) bounds.

    `name` marks a text written as a bare name, such as a task's. A default of `...` makes the key required.
    """
    meta = {"help": help, "low": low, "high": high, "above": above, "name": name}
    return field(metadata=meta) if default is ... else field(default=default, metadata=meta)


class Part:
    """Anything a spec can name. Subclasses are frozen dataclasses made by `register`."""

    word: ClassVar[str] = ""
    noun: ClassVar[str] = "part"
    module: ClassVar[str | type[Any] | None] = None

    @classmethod
    def misdeclared(cls) -> str | None:
        """What is wrong with the class itself, in one clause; `register` refuses it then."""
        return None

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the values taken together, beyond their types and bounds."""
        return iter(())

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        """The levels of each feature this part writes, from those it reads."""
        raise NotImplementedError(type(self).__name__)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        """Keywords for the constructor that `module` names: by default every key as it stands."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


REGISTRY: dict[type[Part], dict[str, type[Part]]] = {}
P = TypeVar("P", bound=type[Part])


class BadPart(TypeError):
    """A class that is no part as it is declared."""


class NameClash(Exception):
    """Two parts of one namespace have one name. `known` had it first."""

    def __init__(self, word: str, known: type[Part], new: type[Part]) -> None:
        super().__init__(f"`{word}` is defined by {_identity(known)} and by {_identity(new)}")
        self.word, self.known = word, known


def register(word: str, *, module: str | type[Any] | None = None) -> Callable[[P], P]:
    """Enter a frozen dataclass as `word` in the namespace of each of its bases.

    `module` is `package.file:Class`, imported only when a model is built (`:Class` is in the part's own file), or
    the class itself; it is called with `Part.arguments`.
    """

    def enter(cls: P) -> P:
        if "__dataclass_params__" not in vars(cls):
            raise BadPart(f"`{cls.__name__}` is no dataclass: write @dataclass(frozen=True) under @register")
        if not issubclass(cls, Part):
            raise BadPart(f"`{cls.__name__}` is no part: give it a base such as `Link`")
        if fault := cls.misdeclared():
            raise BadPart(f"`{cls.__name__}`: {fault}")
        cls.word, cls.module = word, module
        for base in cls.__bases__:
            known = REGISTRY.setdefault(base, {}).get(word)
            if known is not None and _identity(known) != _identity(cls):
                raise NameClash(word, known, cls)
            REGISTRY[base][word] = cls
        return cls

    return enter


def _identity(cls: type[Part]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def named(namespace: type[Part]) -> Mapping[str, type[Part]]:
    """The parts of a namespace by their word, in the order of registration."""
    return REGISTRY.get(namespace, {})


def summary(cls: type[Part]) -> str:
    """The first sentence of the part's docstring."""
    text = re.sub(r"\s+", " ", cls.__doc__ or "").strip()
    return text.split(". ")[0].rstrip(".") + "."
