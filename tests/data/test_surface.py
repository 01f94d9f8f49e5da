"""Normals from depth: planes whose normals are known, what is masked, and the camera under a resize."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mtlc.data.errors import DataError
from mtlc.data.folder import Folder
from mtlc.data.surface import Numbers, camera_for, median, normals, scaled
from mtlc.manifest import Camera, ManifestError, Surface, read_manifest
from mtlc.parts import data as parts

CAMERA: Numbers = (60.0, 55.0, 31.0, 22.0)
HOW = Surface("depth", Camera(CAMERA), median=1)
MakeFolder = Callable[..., parts.Folder]


def plane(normal: tuple[float, float, float], distance: float, size: tuple[int, int] = (48, 64)) -> Any:
    """The depth map of a plane: n · p = -distance for its points p, seen by CAMERA."""
    fx, fy, cx, cy = CAMERA
    rows, columns = np.indices(size)
    n = np.array(normal) / np.linalg.norm(normal)
    along = n[0] * (columns - cx) / fx + n[1] * (rows - cy) / fy + n[2]
    return -distance / along


@pytest.mark.parametrize("normal", [(0, 0, -1), (0.3, 0, -1), (0, -1, -0.8), (-0.4, 0.5, -1)])
def test_a_plane_has_its_own_normal_everywhere_but_at_the_border(normal: tuple[float, float, float]) -> None:
    found = normals(plane(normal, 2.0), CAMERA, HOW)
    inside = found[:, 2:-2, 2:-2].reshape(3, -1).T
    known = inside[np.linalg.norm(inside, axis=1) > 0]
    assert len(known) > 0.9 * len(inside)
    assert known == pytest.approx(
        np.tile(np.array(normal) / np.linalg.norm(normal), (len(known), 1)), abs=1e-6
    )
    assert not found[:, :2].any() and not found[:, :, -2:].any()


def test_a_floor_below_the_camera_points_up_and_a_facing_wall_to_us() -> None:
    floor = np.clip(plane((0, -1, -0.02), 1.5), 0, None)
    steep = Surface("depth", Camera(CAMERA), median=1, jump=0.5)
    assert normals(floor, CAMERA, steep)[1].min() == pytest.approx(-1, abs=1e-3)  # y is down
    assert normals(np.full((20, 20), 3.0), CAMERA, HOW)[:, 10, 10].tolist() == [0, 0, -1]


def test_nothing_is_known_beside_what_was_not_measured() -> None:
    depth = np.full((20, 20), 2.0)
    depth[10, 10] = 0
    known = np.linalg.norm(normals(depth, CAMERA, HOW), axis=0) > 0
    missing = {(10, 10), (8, 10), (12, 10), (10, 8), (10, 12)}
    inner = {(r, c) for r in range(2, 18) for c in range(2, 18)}
    assert {(r, c) for r, c in inner if not known[r, c]} == missing


def test_nothing_is_known_where_another_surface_begins() -> None:
    depth = np.full((20, 20), 2.0)
    depth[:, 10:] = 2.3
    known = np.linalg.norm(normals(depth, CAMERA, HOW), axis=0) > 0
    assert not known[5, 8:12].any() and known[5, 2:8].all() and known[5, 12:18].all()
    near = Surface("depth", Camera(CAMERA), median=1, jump=0.2)
    assert (np.linalg.norm(normals(depth, CAMERA, near), axis=0) > 0)[5, 2:18].all()


def test_the_median_takes_out_a_speck_and_keeps_what_was_not_measured() -> None:
    depth = np.full((9, 9), 2.0)
    depth[4, 4], depth[0, 0] = 9, 0
    smooth = median(depth, 5)
    assert smooth[4, 4] == 2 and smooth[0, 0] == 0 and (np.delete(smooth.ravel(), 0) == 2).all()


def test_a_resized_map_has_the_same_normals_under_the_scaled_camera() -> None:
    normal = np.array((0.3, -0.4, -1)) / np.linalg.norm((0.3, -0.4, -1))
    fine = plane(tuple(normal), 2.0)
    coarse = fine.reshape(24, 2, 32, 2).mean((1, 3))  # a plane's mean is not exactly its middle: hence abs
    found = normals(coarse, scaled(CAMERA, 0.5, 0.5), HOW)[:, 12, 16]
    assert found == pytest.approx(normal, abs=2e-3)
    wrong = normals(coarse, CAMERA, HOW)[:, 12, 16]
    assert np.abs(wrong - normal).max() > 0.1


def test_a_camera_of_another_size_is_scaled_to_the_map(tmp_path: Any) -> None:
    camera = Camera((100.0, 100.0, 99.5, 49.5), size=(100, 200))
    assert camera_for(camera, tmp_path, "a", (50, 100)) == (50, 50, 49.5, 24.5)


def test_the_camera_may_stand_in_a_file_for_each_image(tmp_path: Any) -> None:
    (tmp_path / "K_a.txt").write_text("60 0 31\n0 55 22\n0 0 1\n")
    assert camera_for(Camera(file="K_{id}.txt"), tmp_path, "a", (48, 64)) == CAMERA
    with pytest.raises(DataError, match=r"the camera is not there: looked for .*K_b\.txt"):
        camera_for(Camera(file="K_{id}.txt"), tmp_path, "b", (48, 64))
    (tmp_path / "K_b.txt").write_text("60 55 31 22")
    with pytest.raises(DataError, match="holds no camera matrix"):
        camera_for(Camera(file="K_{id}.txt"), tmp_path, "b", (48, 64))


# --- in a manifest

HEAD = """
images: photos/{id}.png
splits: {train: [a, b]}
labels:
  depth: {files: 'd/{id}.png', scale: 0.001}
"""
CAMERA_TEXT = "camera: {fx: 60, fy: 55, cx: 31, cy: 22}"


def test_a_label_of_normals_follows_the_depth_files(make_folder: MakeFolder) -> None:
    photo, depth = np.zeros((48, 64, 3), np.uint8), np.full((48, 64), 2000, np.uint16)
    files = {"photos/a.png": photo, "photos/b.png": photo, "d/b.png": depth}
    manifest = HEAD + f"  normals: {{from: depth, derive: surface, {CAMERA_TEXT}}}\n"
    data = Folder(make_folder(manifest, files, (24, 32)), "train", {"normals"})
    assert data.labelled("normals") == {"b"}
    assert set(data.load(0).labels) == set()
    found = data.load(1).labels["normals"]
    assert found.shape == (3, 24, 32) and found.dtype == torch.float32
    assert found[:, 12, 16].tolist() == [0, 0, -1]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{from: depth, derive: surface}", "derived label `normals` lacks the key `camera`"),
        ("{from: depth, derive: surface, camera: {fx: 1, fy: 1, cx: 1}}", "`camera` lacks the key `cy`"),
        ("{from: depth, derive: surface, camera: {fx: 1, file: K.txt}}", "takes four numbers or a `file`"),
        ("{from: depth, derive: borders, camera: {file: K.txt}}", "it takes `surface`"),
        (f"{{from: depth, derive: surface, {CAMERA_TEXT}, median: 4}}", "it takes an odd number"),
        (f"{{from: depth, derive: surface, {CAMERA_TEXT}, step: 0}}", "it takes a whole number from 1 to 64"),
        (f"{{from: depth, derive: surface, {CAMERA_TEXT}, jump: 0}}", "`jump` is not above 0"),
        ("{from: depth, derive: surface, camera: {file: K.txt, size: big}}", "it takes height x width"),
        ("{from: normals, derive: surface, camera: {file: K.txt}}", "`normals` is itself derived"),
    ],
)
def test_a_mistake_in_the_manifest_is_told(tmp_path: Any, entry: str, message: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(HEAD + f"  normals: {entry}\n")
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert [message in each.message and bool(each.hint) for each in caught.value.problems] == [True] or (
        message in caught.value.problems[0].message
    )


def test_normals_are_derived_from_depth_alone(tmp_path: Any) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        HEAD.replace("depth: {", "saliency: {").replace(", scale: 0.001", "")
        + "  normals: {from: saliency, derive: surface, camera: {file: K.txt}}\n"
    )
    with pytest.raises(ManifestError, match="of kind `saliency`; normals are derived from depth"):
        read_manifest(path)
