"""The image files that somebody means by paths of files and folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from mtlc.training.errors import USAGE, RunError


def find_images(paths: Iterable[Path | str]) -> list[Path]:
    """Files as named; of a folder the image files right in it, by name. Raises `RunError`."""
    found = [each for path in paths for each in _found(Path(path))]
    if not found:
        raise RunError("no image is named", "name image files or folders", USAGE)
    return found


def _found(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else _refuse(f"`{path}` is not there", "check the path")
    known = set(Image.registered_extensions())
    entries = _entries(path)
    images = sorted(each for each in entries if each.suffix.lower() in known and each.is_file())
    if images:
        return images
    below = sorted(each.name for each in entries if each.is_dir())
    hint = "name image files, or a folder of them"
    if below:
        hint = f"subfolders are not entered: name them, such as `{path / below[0]}`"
    return _refuse(f"the folder `{path}` holds no image", hint)


def _entries(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _refuse(f"the folder `{path}` cannot be read: {reason}", "check its rights")


def _refuse(message: str, hint: str) -> list[Path]:
    raise RunError(message, hint, USAGE)
