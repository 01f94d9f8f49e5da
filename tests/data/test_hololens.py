"""The real RGB-D video: its frames, how much of them is measured, and normals that point to the camera."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

import mtlc
from mtlc.data.open import open_data

ROOT = os.environ.get("HOLOLENS_ROOT")
SPEC = Path(__file__).parents[2] / "specs" / "hololens.mtl"

pytestmark = pytest.mark.skipif(
    not ROOT or not Path(ROOT).is_dir(), reason="HOLOLENS_ROOT does not name the HoloLens video"
)


def test_the_frames_are_split_where_the_video_is_cut() -> None:
    part = mtlc.load(SPEC).data
    train, test = (open_data(part, split).ids for split in ("train", "test"))
    assert (len(train), len(test)) == (150, 37)
    assert (train[0], train[-1], test[0], test[-1]) == ("00003", "00303", "00305", "00378")


def test_normals_are_known_on_a_third_of_the_pixels_and_face_the_camera() -> None:
    data = open_data(mtlc.load(SPEC, {"data.size": "180x270"}).data, "train")
    samples = [data.load(index).labels for index in range(0, 150, 15)]
    normals = torch.stack([each["normals"] for each in samples])
    known = normals.norm(dim=1) > 0
    assert 0.3 < float(known.float().mean()) < 0.42
    measured = torch.cat([each["depth"] for each in samples]) > 0
    assert not bool((known & ~measured).any())
    fx, fy, cx, cy = 247.8478, 247.7410, 134.7514, 84.5971
    rows, columns = torch.meshgrid(torch.arange(180.0), torch.arange(270.0), indexing="ij")
    rays = torch.stack([(columns - cx) / fx, (rows - cy) / fy, torch.ones(180, 270)])
    assert bool(((normals * rays).sum(1)[known] < 0).all())
    assert float(normals[:, 1, 120:].sum()) < 0  # floors and tables look up, and y is down
