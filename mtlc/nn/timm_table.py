"""Makes the table of timm's encoders: python -m mtlc.nn.timm_table mtlc/parts/timm_models.json (about 5 minutes)

The table maps a model's name to the (channels, stride) of its levels, finest first, so that a spec can be checked
without importing timm. Models are built without memory (on the `meta` device). Left out, each with its reason on
stderr: models that give no inner features, and models whose features do not have the shapes that timm states.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import timm
import torch

from .timm import Timm, levels

MULTIPLE = 224  # a size that every stride and window of timm divides, or that it is trained at


def entry(model: str) -> list[list[int]]:
    """The levels of one model; raises whatever timm does, or `ValueError` where shapes and statement differ."""
    with torch.device("meta"), torch.no_grad():
        encoder = Timm(model=model, pretrained=False, mean=None, std=None, multiple=1).eval()
        stated = levels(encoder.body)
        found = [list(x.shape) for x in encoder(torch.empty(1, 3, *_size(encoder)))]
    height, width = _size(encoder)
    expected = [[1, channels, height // stride, width // stride] for channels, stride in stated]
    if found != expected:
        raise ValueError(f"states {expected}, gives {found}")
    return stated


def _size(encoder: Timm) -> tuple[int, int]:
    return tuple(encoder.body.pretrained_cfg["input_size"][1:])


def table() -> dict[str, list[list[int]]]:
    """Every model that builds, in the order of names."""
    found = {}
    for model in timm.list_models():
        try:
            found[model] = entry(model)
        except Exception as error:  # each family of timm refuses in its own way
            print(f"{model}: {type(error).__name__}: {str(error)[:150]}", file=sys.stderr)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    models = table()
    Path(sys.argv[1]).write_text(json.dumps(models, separators=(",", ":")) + "\n")
    print(f"{len(models)} models")


if __name__ == "__main__":
    main()
