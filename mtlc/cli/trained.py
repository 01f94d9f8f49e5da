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
    from mtlc.lower import lower
    from mtlc.plan import plan
    from mtlc.resolved import text
    from mtlc.training.checkpoint import load_weights
    from mtlc.training.run_folder import RunFolder, spec_beside

    weights = RunFolder(folder).kept() if folder is not None else checkpoint
    assert weights is not None
    found = spec or str(spec_beside(weights))
    resolved, graph = read_spec(found, options)
    model = lower(plan(resolved, graph))
    load_weights(model.train, weights, text(resolved))
    return model
