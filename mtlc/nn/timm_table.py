"""Makes the table of timm's encoders: python -m mtlc.nn.timm_table mtlc/parts/timm_models.json

The table maps a model's name to the (channels, stride) of its levels, finest first, so that a spec can be
checked without importing timm. Models are built without memory, on the `meta` device; one that cannot give
its inner features is left out, with the reason on stderr.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import torch

from .timm import features, levels, timm


def table() -> dict[str, list[list[int]]]:
    """Every model of timm that builds as an encoder, in the order of names."""
    found = {}
    for model in timm.list_models():
        try:
            with torch.device("meta"):
                found[model] = levels(features(model))
        except Exception as error:  # each family of timm refuses in its own way
            print(f"{model}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    models = table()
    Path(sys.argv[1]).write_text(json.dumps(models, separators=(",", ":")) + "\n")
    print(f"{len(models)} models")


if __name__ == "__main__":
    main()
