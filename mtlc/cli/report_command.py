"""`mtlc report`: everything about a run on one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtlc.api import front
from mtlc.cli.options import Options, Unwritable, note, shared
from mtlc.diagnostics import Diagnostics
from mtlc.plan import plan
from mtlc.source import load

if TYPE_CHECKING:
    from mtlc.plan import Plan


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The page; default RUN/report.html.")
@shared
def command(run: Path, out: Path | None, options: Options) -> None:
    """Write one HTML page about the run in the folder RUN: curves, metrics, confusion, samples, architecture, cost.

    Example: mtlc report runs/rooms-1 -o report.html

    The page needs no network. The run may still be going on; the page says what is not there yet.
    """
    from mtlc.page import page, read

    story = read(run)
    planned, problem = _planned(run / "spec.mtl", options)
    out = out or run / "report.html"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page(story, planned, problem), encoding="utf-8")
    except OSError as error:
        raise Unwritable(out, error) from error
    note(f"wrote {out}", options)


def _planned(spec: Path, options: Options) -> tuple[Plan | None, str]:
    """What the run's spec means here; where its data or plug-ins are elsewhere, why it means nothing."""
    diagnostics = Diagnostics()
    found = front(load(str(spec)), diagnostics, options.set, plugins=options.plugins)
    if found is not None:
        return plan(*found), ""
    reason = next(each.message for each in diagnostics if each.severity == "error")
    return (
        None,
        f"the run's spec cannot be resolved here, so its architecture and cost are not shown: {reason}",
    )
