"""The files that a spec uses, followed depth first; each counts once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mtlc.diagnostics import Diagnostics, suggest
from mtlc.parse import parse
from mtlc.plugins import PluginError, import_plugin
from mtlc.resolve.blocks import Blocks
from mtlc.source import Source, SourceError, load
from mtlc.syntax import File, Use

DEPTH = 50  # of files that use files


@dataclass
class Used:
    """Finds the files that a file uses. A Python file is imported, so that the parts it registers are known."""

    diagnostics: Diagnostics
    blocks: Blocks
    plugins: bool
    seen: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def files(self, file: File) -> Iterator[File]:
        path = os.path.realpath(file.source.path) if file.source.path else ""
        self.seen.add(path)
        self.open.append(path)
        for use in file.statements:
            if isinstance(use, Use):
                yield from self._use(use, file.source)
        self.open.pop()
        yield file

    def _use(self, use: Use, source: Source) -> Iterator[File]:
        fault = "a zero byte stands in a path" if "\0" in use.path.value else ""
        fault = f"used files are nested deeper than {DEPTH}" if len(self.open) > DEPTH else fault
        if fault:
            self.diagnostics.error("MTL211", fault, use.path.span, hint="take this line out")
            self.blocks.unread = True
            return
        folder = Path(source.path).parent if source.path else Path()
        path, name = folder / use.path.value, os.path.normpath(Path(source.name).parent / use.path.value)
        real = os.path.realpath(path)
        if path.suffix == ".py":
            self._plugin(use, path, name)
        elif real in self.open:
            message = f"`{use.path.value}` uses this file in turn"
            self.diagnostics.error("MTL212", message, use.path.span, "a circle", hint="take this line out")
        elif real not in self.seen:
            try:
                found = load(path)
            except SourceError as error:
                message = f"cannot use `{use.path.value}`: {error.reason}"
                guess = _neighbour(path)
                hint = f"correct the path, which starts from this file; looked for `{name}`"
                hint = (
                    f"did you mean `{(Path(use.path.value).parent / guess).as_posix()}`?" if guess else hint
                )
                self.diagnostics.error("MTL211", message, use.path.span, hint=hint)
                self.blocks.unread = True
            else:
                used = Source(name, found.text, found.path)
                yield from self.files(parse(used, self.diagnostics))

    def _plugin(self, use: Use, path: Path, name: str) -> None:
        self.blocks.unread |= not self.plugins
        if not self.plugins:
            message = f"`{use.path.value}` is Python code, and --no-plugins refuses to run it"
            self.diagnostics.error(
                "MTL214", message, use.path.span, hint="leave --no-plugins out if you trust it"
            )
            return
        try:
            import_plugin(path)
        except PluginError as error:
            self.diagnostics.error("MTL214", f"cannot use `{name}`: {error}", use.path.span, hint=error.hint)
            self.blocks.unread = True
        else:
            self.blocks.plugins.append(os.path.abspath(path))


def _neighbour(path: Path) -> str | None:
    """The spec in a path's folder that is called nearly so."""
    try:
        return suggest(path.name, (each.name for each in path.parent.iterdir() if each.suffix == ".mtl"))
    except OSError:
        return None
