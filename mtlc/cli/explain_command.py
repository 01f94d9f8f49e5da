"""`mtlc explain`: the page of a diagnostic's code."""

from __future__ import annotations

import click

from mtlc.codes import codes, page
from mtlc.diagnostics import suggest


@click.command("explain")
@click.argument("code")
def command(code: str) -> None:
    """Say why a CODE is reported, with a failing and a fixed example.

    Example: mtlc explain MTL101
    """
    wanted = code.upper() if code.upper().startswith("MTL") else f"MTL{code}"
    if wanted not in codes():
        guess = suggest(wanted, codes())
        hint = f"did you mean {guess}?" if guess else f"codes are {', '.join(codes())}"
        raise click.UsageError(f"there is no code {code}; {hint}")
    click.echo(page(wanted).rstrip("\n"))
