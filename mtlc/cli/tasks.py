"""The option `--tasks a,b`: which of a spec's tasks are wanted."""

from __future__ import annotations

from collections.abc import Iterable

import click

from mtlc.diagnostics import suggest


def task_names(written: str | None, known: Iterable[str]) -> list[str] | None:
    """The names in `written`, each once; None for all. Unknown ones are wrong usage (exit 2)."""
    if written is None:
        return None
    names = [name.strip() for name in written.split(",") if name.strip()]
    known = list(known)
    if not names:
        raise click.UsageError(f"--tasks names no task; tasks are {', '.join(known)}")
    for name in names:
        if name not in known:
            guess = suggest(name, known)
            hint = f"did you mean `{guess}`?" if guess else f"tasks are {', '.join(known)}"
            raise click.UsageError(f"there is no task `{name}`; {hint}")
    return list(dict.fromkeys(names))
