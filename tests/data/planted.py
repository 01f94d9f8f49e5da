"""A folder of photos and masks with mistakes planted in it, and what the check is to say of each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 4
MANIFEST = """
images: photos/{id}.jpg
splits:
  train: {file: train.txt}
  test: {file: test.txt}
labels:
  parts:
    kind: semseg
    files: labels/{id}.png
    bits: 8
    classes: CLASSES
"""
SPEC = """
data folder {
  root     = "."
  manifest = "planted.yaml"
  size     = 64x48
}
shared encoder : tiny
task parts : semseg
train {
  steps         = 12
  batch         = 4
  on_bad_sample = stop
}
"""
PLANTED = {
    "photos/0003.jpg": ("error", "unreadable", "is damaged"),
    "labels/0006.png": ("error", "size", "but its image"),
    "labels/0009.png": ("error", "values", "holds the class id 200"),
    "labels/{id}.png": ("note", "missing-label", "has none: `0012`"),
    "labels/0015.png": ("error", "bits", "has 16 bits a value"),
    "photos/0018.jpg": ("error", "two-splits", "id `0018` is in `train` and in `test`"),
    "photos/0021.jpg": ("error", "two-splits", "id `0021` is in `train` and in `test`"),
    "photos/0024.jpg": ("note", "grey", "the image is grey"),
    "photos/0027.jpg": ("error", "unreadable", "is empty"),
}
DAMAGED = {"0003", "0006", "0009", "0015", "0027"}


def plant(root: Path) -> Path:
    """Plant every mistake in a folder of photos/ and labels/ 0001 to 0040; the spec of it."""
    photos, labels = root / "photos", root / "labels"
    whole = (photos / "0003.jpg").read_bytes()
    (photos / "0003.jpg").write_bytes(whole[: len(whole) // 2])
    with Image.open(labels / "0006.png") as label:
        label.crop((0, 0, label.width - 8, label.height)).save(labels / "0006.png")
    ids = np.array(Image.open(labels / "0009.png"))
    ids[5, 5] = 200
    Image.fromarray(ids).save(labels / "0009.png")
    (labels / "0012.png").unlink()
    Image.fromarray(np.array(Image.open(labels / "0015.png")).astype(np.uint16)).save(labels / "0015.png")
    with Image.open(photos / "0024.jpg") as photo:
        photo.convert("L").save(photos / "0024.jpg")
    (photos / "0027.jpg").write_bytes(b"")
    names = [f"{i:04d}" for i in range(1, 41)]
    (root / "train.txt").write_text("\n".join(names[:30]) + "\n")
    (root / "test.txt").write_text("\n".join([*names[30:], "0018", "0021"]) + "\n")
    (root / "planted.mtl").write_text(SPEC)
    return root / "planted.mtl"


def drawn(root: Path) -> Path:
    """Forty noisy photos with masks of two boxes, then the mistakes."""
    random = np.random.default_rng(0)
    for folder in ("photos", "labels"):
        (root / folder).mkdir(parents=True)
    for index in range(1, 41):
        photo = random.integers(0, 255, (64, 48, 3), np.uint8)
        ids = np.zeros((64, 48), np.uint8)
        for each in range(1, CLASSES):
            top, left = random.integers(0, 40), random.integers(0, 30)
            ids[top : top + 16, left : left + 12] = each
        photo[ids > 0] //= 2
        Image.fromarray(photo).save(root / f"photos/{index:04d}.jpg", quality=95)
        Image.fromarray(ids).save(root / f"labels/{index:04d}.png")
    _manifest(root, range(CLASSES))
    return plant(root)


def copied(ccp: Path, root: Path) -> Path:
    """The first forty photos of CCP, then the mistakes."""
    for folder, ending in (("photos", "jpg"), ("labels", "png")):
        (root / folder).mkdir(parents=True)
        for index in range(1, 41):
            shutil.copy(ccp / folder / f"{index:04d}.{ending}", root / folder)
    _manifest(root, range(59))
    return plant(root)


def _manifest(root: Path, ids: Iterable[int]) -> None:
    names = json.dumps([f"class {each}" for each in ids])
    (root / "planted.yaml").write_text(MANIFEST.replace("CLASSES", names))
