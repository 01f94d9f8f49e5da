"""`env("NAME", default)`, the only door to what is outside of a spec; and what a path in it starts from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mtlc.parts.part import Place
from mtlc.resolve.once import Once
from mtlc.syntax import Call, Text


def read_env(node: Call, members: tuple[Any, ...], once: Once) -> Any:
    """The variable's text; a path may be unset until a run. `members` are the types that its key takes."""
    texts = [arg.value for arg in node.args if arg.name is None and isinstance(arg.value, Text)]
    if not 1 <= len(texts) == len(node.args) <= 2 or not texts[0].value:
        message = "`env` takes a variable's name and, if it may be unset, a default, both in quotes"
        return once.error("MTL111", message, node.span, hint='write `env("NAME", "default")`')
    name, default = texts[0].value, texts[1] if len(texts) == 2 else None
    given = os.environ.get(name) or None
    if Place in members:
        # from outside: relative to where the user stands; from the spec: relative to the spec
        path = os.path.abspath(given) if given else beside(default) if default else None
        return Place(path, name)
    if given is None and default is None:
        hint = "set it, or give a default"
        return once.error("MTL111", f"`{name}` is not set", node.span, hint=hint)
    return given if default is None or given is not None else default.value


def beside(node: Text) -> str:
    """A path written in a spec is relative to that file; one from the command line to the current folder."""
    path = node.span.source.path
    folder = Path.cwd() if path is None else Path(path).absolute().parent
    return os.path.normpath(folder / node.value)
