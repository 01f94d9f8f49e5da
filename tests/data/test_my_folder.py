"""The example of a folder of one's own, and the example in the document of manifests."""

import re
from pathlib import Path

import torch

from mtlc.data.folder import Folder
from mtlc.manifest import read_manifest
from mtlc.manifest.reading_labels import KINDS
from mtlc.parts import data as parts
from mtlc.parts.part import Place, Size

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "my_folder"


def data(split: str) -> Folder:
    root, manifest = Place(str(EXAMPLE)), Place(str(EXAMPLE / "my_folder.yaml"))
    return Folder(parts.Folder(root, manifest, Size(96, 128)), split)


def test_every_photo_can_be_read_and_two_have_tags_only() -> None:
    for split, count in (("train", 8), ("val", 2), ("test", 2)):
        folder = data(split)
        samples = [folder.load(index) for index in range(len(folder))]
        assert len(samples) == count and all(len(sample.labels) in (1, 4) for sample in samples)
    assert set(data("train").ids) - data("train").labelled("edges") == {"07", "08"}


def test_tags_say_what_the_masks_show() -> None:
    folder = data("test")
    for index in range(len(folder)):
        labels = folder.load(index).labels
        seen = torch.tensor([float((labels["things"] == each).any()) for each in (1, 2, 3)])
        assert torch.equal(labels["tags"], seen)


def test_the_example_is_small() -> None:
    assert sum(path.stat().st_size for path in EXAMPLE.rglob("*") if path.is_file()) < 200_000


def test_the_documents_example_is_a_manifest(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "manifest.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "m.yaml").write_text(example, "utf-8")
    assert {label.kind for label in read_manifest(tmp_path / "m.yaml").labels.values()} == set(KINDS)
