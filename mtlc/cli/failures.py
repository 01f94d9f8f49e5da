"""Failures to one message and an exit code; what nobody foresaw is a bug of ours (70)."""

from __future__ import annotations

import errno
import os
import traceback

import click

from mtlc.api import SpecError
from mtlc.graph import IllegalGraph
from mtlc.parts.foreign import at_fault, first_line
from mtlc.source import SourceError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to standard output meets where it goes to a disk that is full or gone."""


def said(error: Exception) -> int:
    """Print the failure on stderr and give its exit code."""
    if isinstance(error, SpecError):
        click.echo(str(error).lstrip("\n"), err=True)
        return 1
    if isinstance(error, SourceError):
        return _say(str(error), error.hint, 2)
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):  # the errors of data, weights, checkpoints and training carry their own
        return _say(str(getattr(error, "message", error)), getattr(error, "hint", None), code)
    if isinstance(error, OSError) and error.errno in FULL and not error.filename:
        reason = (error.strerror or str(error)).lower()
        return _say(f"cannot write the output: {reason}", "make room, or write it elsewhere", 4)
    if place := at_fault(error):
        hint = "mend the part, which is none of mtlc's own; MTLC_DEBUG=1 shows the whole way"
        if os.environ.get("MTLC_DEBUG"):
            traceback.print_exception(error)
        return _say(f"{place} failed: {type(error).__name__}: {first_line(error)}", hint, 4)
    return _bug(error)


def _say(message: str, hint: str | None, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    return code


def _bug(error: Exception) -> int:
    kind = "MTL900" if isinstance(error, IllegalGraph) else type(error).__name__
    click.echo(f"error: this is a bug in mtlc, not in your spec ({kind}: {error})", err=True)
    if os.environ.get("MTLC_DEBUG"):
        traceback.print_exception(error)
    else:
        click.echo("  hint: MTLC_DEBUG=1 shows where; please report it with the spec", err=True)
    return 70
