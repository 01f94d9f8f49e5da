"""A trained model from a run folder or a checkpoint file; the spec it was trained from stands in both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtlc.cli.options import Options, read_spec

if TYPE_CHECKING:
    from mtlc.lower import Model


def trained(spec: str | None, folder: Path | None, checkpoint: Path | None, options: Options) -> Model:
    """The model with the weights that count: a run's best ones, or the last without a validation split."""
    if (folder is None) == (checkpoint is None):
        raise click.UsageError("say which model: --run DIR, or --checkpoint FILE")
    from mtlc.api import spec_inside, with_weights
    from mtlc.lower import lower
    from mtlc.plan import plan
    from mtlc.training.run_folder import RunFolder

    weights = RunFolder(folder).kept() if folder is not None else checkpoint
    assert weights is not None
    resolved, graph = read_spec(spec or spec_inside(weights), options)
    return with_weights(lower(plan(resolved, graph)), weights)
