"""Makes the table of timm's encoders: python -m mtlc.nn.timm_table mtlc/parts/timm_models.json

The table maps a model's name to three things, so that a spec can be checked without importing timm: the
(channels, stride) of its levels, finest first; the channels in front of the last block of each stage, 0 where
there is one block only, or null for a model that cannot be cut into stages; the height and width of images
that it was made for, or null where it takes any. Models are built and run without memory, on the `meta`
device; one that cannot give its inner features is left out, with the reason on stderr.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

from .cut import Stage, units
from .timm import features, kept, levels, nhwc, timm

Facts = tuple[list[list[int]], list[int] | None, list[int] | None]


def table() -> dict[str, Facts]:
    """Every model of timm that builds as an encoder, in the order of names."""
    found = {}
    for model in timm.list_models():
        try:
            with torch.device("meta"):
                found[model] = facts(features(model).eval())
        except Exception as error:  # each family of timm refuses in its own way
            print(f"{model}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    return found


def facts(body: nn.Module) -> Facts:
    """What the table says of one model."""
    image = torch.zeros(1, 3, *_size([stride for _, stride in levels(body)]))
    try:
        body(image)
    except Exception:  # whatever it says, it does not take this size
        return levels(body), None, list(body.pretrained_cfg["input_size"][1:])
    try:
        return levels(body), inside(body, image), None
    except Exception:  # its modules are no chain after all
        return levels(body), None, None


def _size(strides: list[int]) -> tuple[int, int]:
    """A height and width at which no model was trained, and which every stride divides."""
    step = math.lcm(*strides)
    return step * math.ceil(180 / step), step * math.ceil(250 / step)


def inside(body: nn.Module, x: torch.Tensor) -> list[int] | None:
    """The channels that the last unit of each stage reads, where its stages one by one give its levels."""
    found, stages, size = [], units(body, kept(body)), x.shape[2:]
    for modules, (channels, stride) in zip(stages or (), levels(body), strict=bool(stages)):
        x, tap = Stage(modules, first=not found, nhwc=nhwc(body)).tapped(x)
        if x.shape[1:] != (channels, size[0] // stride, size[1] // stride):
            return None
        found.append(tap.shape[1] if tap.shape[2:] == x.shape[2:] else 0)
    return found or None


def main() -> None:
    warnings.simplefilter("ignore")
    models = table()
    Path(sys.argv[1]).write_text(json.dumps(models, separators=(",", ":")) + "\n")
    print(f"{len(models)} models")


if __name__ == "__main__":
    main()
