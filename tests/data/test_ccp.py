"""The manifest of Clothing Co-Parsing; on the real photos where CCP_ROOT says where they are."""

import os
from itertools import islice
from pathlib import Path

import pytest

from mtlc.data.batch import Target
from mtlc.data.folder import Folder
from mtlc.data.loader import Loader
from mtlc.manifest import read_manifest
from mtlc.parts import data as parts
from mtlc.parts.part import Place, Size

MANIFEST = Path(__file__).parents[2] / "specs" / "ccp.yaml"
ROOT = os.environ.get("CCP_ROOT")
real = pytest.mark.skipif(ROOT is None, reason="CCP_ROOT is not set: no photos here")


def data(split: str) -> Folder:
    return Folder(parts.Folder(Place(ROOT, "CCP_ROOT"), Place(str(MANIFEST)), Size(192, 128)), split)


def test_every_garment_belongs_to_one_group() -> None:
    manifest = read_manifest(MANIFEST)
    encoding = manifest.labels["parts"].encoding
    assert sorted(id for ids in encoding.raw for id in ids) == list(range(59))  # type: ignore[union-attr]
    assert len(manifest.labels["parts"].classes) == 7
    assert len(manifest.labels["tags"].classes) == 58
    assert [len(split.ids) for split in manifest.splits.values()] == [800, 204]


@real
def test_a_photo_has_parts_saliency_edges_and_tags() -> None:
    sample = data("test").load(0)
    assert sample.id == "0801" and sample.image.shape == (3, 192, 128)
    assert sample.labels["parts"].max() <= 6 and sample.labels["tags"].shape == (58,)
    assert ((sample.labels["parts"] > 0) == (sample.labels["saliency"][0] > 0)).all()
    assert 0.02 < sample.labels["edges"].mean() < 0.3


@real
def test_pixels_and_tags_agree() -> None:
    """A photo's tags are the labels that its pixels have."""
    manifest = read_manifest(MANIFEST)
    folder = data("train")
    for index in range(5):
        tags = folder.load(index).labels["tags"]
        names = {name for name, on in zip(manifest.labels["tags"].classes, tags, strict=True) if on}
        assert {"hair", "skin"} & names and "null" not in names


@real
def test_batches_of_real_photos_come_from_workers() -> None:
    targets = [Target("parts", "parts", "semseg"), Target("tags", "tags", "tags", 58, share=0.5)]
    loader = Loader(data("train"), targets, batch=4, seed=0, workers=1)
    assert all(batch.present["parts"].all() for batch in islice(loader.batches(), 2))
