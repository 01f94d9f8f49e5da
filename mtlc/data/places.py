"""Finding what a spec's paths name, or saying where it was looked for."""

from __future__ import annotations

from pathlib import Path

from mtlc.data.errors import MissingData
from mtlc.parts.part import Place


def folder_of(place: Place, what: str) -> Path:
    """A folder that must be there. Raises `MissingData`."""
    path = _stated(place, what)
    if not path.is_dir():
        raise MissingData(f"{what} is not there: looked for the folder `{path}`", _way_out(place))
    return path


def file_of(place: Place, what: str) -> Path:
    """The path of a file; whether it can be read is its reader's to say. Raises `MissingData`."""
    return _stated(place, what)


def _stated(place: Place, what: str) -> Path:
    if place.path is None:
        raise MissingData(f"nobody says where {what} is: `{place.variable}` is not set", _way_out(place))
    return Path(place.path)


def _way_out(place: Place) -> str:
    if place.variable:
        return f"say where it is: export {place.variable}=/path/to/it"
    return "correct the path in the `data` block, or put the data there"
