"""`mtlc explain`: the page of a diagnostic's code."""

from __future__ import annotations

import click

from mtlc.codes import codes, page


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Say why a CODE is reported, with a failing and a fixed example; without one, list all codes.

    Example: mtlc explain MTL101
    """
    if code is None:
        click.echo("\n".join(page(each).partition("\n")[0].lstrip("# ") for each in codes()))
        return
    wanted = code.upper() if code.upper().startswith("MTL") else f"MTL{code}"
    if wanted not in codes():
        raise click.UsageError(f"there is no code {code}; `mtlc explain` lists all")
    click.echo(page(wanted).rstrip("\n"))
