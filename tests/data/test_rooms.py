"""Facts about the procedural rooms: equal arguments, equal bits; all labels of a frame agree."""

import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from mtlc.data.rooms.overlap import overlap, points
from mtlc.data.rooms.render import Frame, render
from mtlc.parts.rooms_classes import CLASSES

FIELDS = ("image", "semseg", "depth", "normals", "edges", "saliency", "pose", "intrinsics")


@lru_cache(maxsize=64)
def seen(scene: int, frame: int = 0) -> Frame:
    return render(3, scene, frame, 72, 96)


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def same(a: Frame, b: Frame) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def test_equal_arguments_give_equal_bits_in_any_order() -> None:
    first = [render(0, scene, 2, 32, 40) for scene in range(3)]
    again = [render(0, scene, 2, 32, 40) for scene in (2, 1, 0)][::-1]
    assert all(same(a, b) for a, b in zip(first, again, strict=True))


def test_a_fresh_process_gives_the_same_bits() -> None:
    code = (
        "from mtlc.data.rooms.render import render; from hashlib import sha256; f = render(4, 5, 6, 24, 31);"
        f"print(sha256(b''.join(getattr(f, n).tobytes() for n in {FIELDS!r})).hexdigest())"
    )
    first, second = printed(code), printed(code)
    assert len(first) == 64
    assert first == second


def test_seed_scene_and_frame_each_change_the_picture() -> None:
    base = render(0, 0, 0, 24, 24)
    others = [render(1, 0, 0, 24, 24), render(0, 1, 0, 24, 24), render(0, 0, 1, 24, 24)]
    assert all(np.abs(base.depth - other.depth).max() > 0.001 for other in others)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 13), (33, 20), (64, 64)])
def test_any_size_has_the_right_shapes_types_and_ranges(height: int, width: int) -> None:
    f = render(1, 2, 3, height, width)
    assert (f.image.shape, f.normals.shape) == ((height, width, 3), (height, width, 3))
    assert all(a.shape == (height, width) for a in (f.semseg, f.depth, f.edges, f.saliency))
    assert all(a.dtype == np.float32 for a in (f.image, f.depth, f.normals, f.edges, f.saliency))
    assert f.semseg.dtype == np.int64
    assert f.image.min() >= 0 and f.image.max() <= 1
    assert f.semseg.min() >= 0 and f.semseg.max() < len(CLASSES)
    assert set(np.unique(f.edges)) | set(np.unique(f.saliency)) <= {0.0, 1.0}


@pytest.mark.parametrize("scene", range(12))
def test_depth_is_finite_and_within_a_room(scene: int) -> None:
    f = seen(scene)
    assert all(np.isfinite(getattr(f, name)).all() for name in FIELDS)
    assert f.depth.min() > 0.15
    assert f.depth.max() < 9.0


@pytest.mark.parametrize("scene", range(12))
def test_normals_are_unit_vectors_that_face_the_camera(scene: int) -> None:
    f = seen(scene)
    np.testing.assert_allclose(np.linalg.norm(f.normals, axis=2), 1, atol=1e-5)
    ray = (points(f) - f.pose[:3, 3]) @ f.pose[:3, :3]
    assert ((f.normals * ray).sum(axis=2) < 1e-4).all()


@pytest.mark.parametrize("scene", range(12))
def test_depth_is_in_metres_floor_and_ceiling_lie_level_where_they_are(scene: int) -> None:
    f = seen(scene)
    height = points(f)[..., 2]
    np.testing.assert_allclose(height[f.semseg == CLASSES.index("floor")], 0, atol=1e-4)
    ceiling = height[f.semseg == CLASSES.index("ceiling")]
    assert ceiling.size == 0 or (np.ptp(ceiling) < 1e-4 and 2.4 <= ceiling.mean() <= 2.8)


def calm(f: Frame) -> np.ndarray:
    """Inner pixels with no edge among their eight neighbours or themselves."""
    quiet = f.edges == 0
    rows = quiet[:-2] & quiet[1:-1] & quiet[2:]
    return rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]


@pytest.mark.parametrize("scene", range(12))
def test_normals_are_the_finite_differences_of_depth(scene: int) -> None:
    f = seen(scene)
    camera = (points(f) - f.pose[:3, 3]) @ f.pose[:3, :3]
    across, down = camera[1:-1, 2:] - camera[1:-1, :-2], camera[2:, 1:-1] - camera[:-2, 1:-1]
    normal = np.cross(down, across)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    angle = np.degrees(np.arccos((normal * f.normals[1:-1, 1:-1]).sum(axis=2).clip(-1, 1)))[calm(f)]
    assert np.percentile(angle, 90) < 0.5
    assert np.mean(angle > 10) < 0.01


@pytest.mark.parametrize("scene", range(12))
def test_a_border_of_classes_is_an_edge(scene: int) -> None:
    f = seen(scene)
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        differ = f.semseg[a] != f.semseg[b]
        assert (np.maximum(f.edges[a], f.edges[b])[differ] == 1).all()


@pytest.mark.parametrize("scene", range(12))
def test_a_step_in_depth_and_a_corner_of_walls_are_edges(scene: int) -> None:
    f = seen(scene)
    camera = (points(f) - f.pose[:3, 3]) @ f.pose[:3, :3]
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        gap, bend = camera[b] - camera[a], (f.normals[a] * f.normals[b]).sum(axis=2)
        flat = bend > 0.9999  # on a curved surface a neighbour does not lie on the tangent plane
        step = flat & (np.abs((gap * f.normals[a]).sum(axis=2)) > 0.02)
        wall = CLASSES.index("wall")
        corner = (f.semseg[a] == wall) & (f.semseg[b] == wall) & (bend < 0.5)
        assert (np.maximum(f.edges[a], f.edges[b])[step | corner] == 1).all()


@pytest.mark.parametrize("scene", [0, 4])
def test_a_crease_is_an_edge_where_pixels_are_too_fine_for_a_step(scene: int) -> None:
    f = render(3, scene, 0, 240, 320)
    bend = (f.normals[:, :-1] * f.normals[:, 1:]).sum(axis=2)
    corner = (
        (bend < 0.5)
        & (f.semseg[:, :-1] == CLASSES.index("wall"))
        & (f.semseg[:, 1:] == CLASSES.index("wall"))
    )
    assert corner.sum() > 20
    assert (np.maximum(f.edges[:, :-1], f.edges[:, 1:])[corner] == 1).all()


def test_edges_are_thin_lines_on_a_small_part_of_the_image() -> None:
    share = [seen(scene).edges.mean() for scene in range(12)]
    assert 0.02 < np.mean(share) < 0.25
    filled = []
    for scene in range(12):
        e = seen(scene).edges
        filled.append((e[:-2, :-2] * e[:-2, 2:] * e[1:-1, 1:-1] * e[2:, :-2] * e[2:, 2:]).mean())
    assert np.mean(filled) < 0.03


@pytest.mark.parametrize("scene", range(12))
def test_depth_and_pose_carry_one_frame_into_the_next(scene: int) -> None:
    first, second = seen(scene), seen(scene, 1)
    warp = overlap(first, second)
    assert warp.visible.mean() > 0.8
    where = warp.visible & (second.edges[warp.row, warp.column] == 0) & (first.edges == 0)
    assert np.mean(warp.distance[where] < 0.002) > 0.99
    assert np.mean(first.semseg[where] == second.semseg[warp.row, warp.column][where]) > 0.995


@pytest.mark.parametrize("scene", range(4))
def test_a_wrong_pose_does_not_carry_a_frame_into_the_next(scene: int) -> None:
    warp = overlap(seen(scene), seen(scene + 1))
    assert np.mean(warp.visible & (warp.distance < 0.01)) < 0.6


def test_the_camera_moves_smoothly() -> None:
    poses = np.stack([render(3, 1, t, 1, 1).pose for t in range(40)])
    steps = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)
    turns = np.degrees(np.arccos((poses[:-1, :3, 2] * poses[1:, :3, 2]).sum(axis=1).clip(-1, 1)))
    assert 0.001 < steps.max() < 0.06
    assert 0.01 < turns.max() < 4
    assert np.abs(np.diff(steps)).max() < 0.01


@pytest.mark.parametrize("scene", range(12))
def test_a_pose_is_a_rotation_and_the_camera_stands_upright(scene: int) -> None:
    pose = seen(scene).pose
    np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-12)
    assert np.linalg.det(pose) == pytest.approx(1)
    assert pose[2, 1] < -0.7  # the camera's y axis points down, the world's z axis up


def test_the_same_room_is_seen_at_every_size() -> None:
    small, large = render(0, 7, 0, 24, 32), render(0, 7, 0, 72, 96)
    # every third pixel centre of the large image is the centre of a small pixel
    np.testing.assert_allclose(large.depth[1::3, 1::3], small.depth, atol=2e-4)
    assert np.array_equal(large.semseg[1::3, 1::3], small.semseg)


@lru_cache(maxsize=1)
def many() -> list[Frame]:
    return [render(0, scene, 0, 32, 32) for scene in range(200)]


def test_all_classes_occur_and_none_fills_everything() -> None:
    counts = np.bincount(np.concatenate([f.semseg.ravel() for f in many()]), minlength=len(CLASSES))
    share = counts / counts.sum()
    assert share.min() > 0.004
    assert share.max() < 0.45


def test_a_salient_thing_is_in_nearly_every_frame() -> None:
    filled = [f.saliency.mean() for f in many()]
    assert np.mean(np.array(filled) > 0) > 0.95
    assert 0.04 < np.mean(filled) < 0.4


def test_what_is_salient_is_one_thing_of_one_class() -> None:
    things = CLASSES[CLASSES.index("table") :]
    for f in many()[:60]:
        classes = np.unique(f.semseg[f.saliency == 1])
        assert len(classes) <= 1
        assert all(CLASSES[c] in things for c in classes)


def test_the_camera_stands_clear_of_the_furniture() -> None:
    assert min(f.depth.min() for f in many()) > 0.45
    assert min(render(0, scene, frame, 24, 24).depth.min() for scene in range(20) for frame in (15, 40)) > 0.3


def test_images_are_neither_dark_nor_burnt_nor_flat() -> None:
    brightness = np.array([f.image.mean() for f in many()])
    assert brightness.min() > 0.25 and brightness.max() < 0.85
    assert np.min([f.image.std() for f in many()]) > 0.05


def test_views_are_not_of_a_bare_wall() -> None:
    kinds = [len(np.unique(f.semseg)) for f in many()]
    assert np.mean(np.array(kinds) >= 5) > 0.9
    assert min(kinds) >= 3


def test_colour_does_not_tell_the_class() -> None:
    """The nearest mean colour of a class names few pixels right."""
    pixels = np.concatenate([f.image.reshape(-1, 3) for f in many()])
    labels = np.concatenate([f.semseg.ravel() for f in many()])
    means = np.stack([pixels[labels == c].mean(axis=0) for c in range(len(CLASSES))])
    guess = ((pixels[::7, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    recall = [np.mean(guess[labels[::7] == c] == c) for c in range(len(CLASSES))]
    assert np.mean(recall) < 0.25


def test_the_class_names_need_neither_numpy_nor_torch() -> None:
    code = "import sys, mtlc.parts.rooms_classes; print({'numpy', 'torch'} & set(sys.modules))"
    assert printed(code) == "set()"


def test_rendering_does_not_need_torch() -> None:
    code = "import sys, mtlc.data.rooms.render; print('torch' in sys.modules)"
    assert printed(code) == "False"
