"""A small data set of one's own on disk, made for one test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mtlc.parts.data import Folder
from mtlc.parts.part import Place, Size

MakeFolder = Callable[..., Folder]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Write a manifest and files (arrays become images or .npy, text stays text) and give the part."""

    def make(manifest: str, files: Mapping[str, Any], size: tuple[int, int] = (16, 16)) -> Folder:
        for name, content in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        (tmp_path / "m.yaml").write_text(manifest, "utf-8")
        return Folder(Place(str(tmp_path / "root")), Place(str(tmp_path / "m.yaml")), Size(*size))

    return make


def _write(path: Path, content: Any) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, "utf-8")
    elif path.suffix == ".npy":
        np.save(path, content)
    else:
        Image.fromarray(content).save(path)
