"""Predictions for image files as people have them: of any size and mode, and now and then broken."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from toy import SPEC, ToyPart, toy

from mtlc.training.errors import USAGE, RunError
from mtlc.training.finish import finish
from mtlc.training.predict import Failure, predict, predict_to

ALL = SPEC.replace("task depth\n", "task depth\ntask edges\ntask saliency\ntask normals\ntask tags\n").replace(
    "data rooms", 'data rooms { size = 32x48 }'
)  # fmt: skip


@pytest.fixture(scope="module")
def model():
    text = SPEC.replace("task depth\n", "task depth\ntask edges\ntask tags\n")
    text = text.replace("data rooms", 'data folder {\n root = "."\n manifest = "toy.yaml"\n size = 16x24\n}')
    return toy(ToyPart(), text)


@pytest.fixture
def photo():
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def only(model, path, **keys):
    (found,) = predict(model, [path], device="cpu", **keys)
    return found
