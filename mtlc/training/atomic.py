"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from mtlc.training.errors import USAGE, RunError, unwritable


def make_folder(path: Path) -> None:
    """The folder that a command is to fill. Raises `RunError`, as wrong usage, where nothing can be written."""
    try:
        if path.is_file():
            raise RunError(f"`{path}` is a file, and a folder is wanted there", "name a folder", USAGE)
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise unwritable(path, error, begun=False) from None


def write_file(path: Path, data: bytes) -> None:
    """Write beside, then put in place. Raises `RunError`; what was there before then still is."""
    beside = path.with_name(f".{path.name}.part")
    try:
        _write(beside, data)
        beside.replace(path)
        _settle(path.parent)
    except OSError as error:
        _forget(beside)
        raise unwritable(path, error) from None


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """A folder with these files. Raises `RunError`, and then leaves no folder behind."""
    beside = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, data in files.items():
            _write(beside / name, data)
        _settle(beside)
        if path.exists():
            shutil.rmtree(path)
        beside.rename(path)
        _settle(path.parent)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise unwritable(path, error) from None


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Let names reach the disk as well; not every system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
