"""The Python files that a run's spec uses: copies lie in the run folder, so that the run needs no other place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mtlc.names import Names
from mtlc.resolved import text as spec_text
from mtlc.spec import Spec
from mtlc.training.atomic import write_file
from mtlc.training.errors import USAGE, RunError


def text(spec: Spec) -> str:
    """The spec as a run folder holds it: it uses the copies beside it."""
    return spec_text(replace(spec, plugins=tuple(_names(spec).values())))


def keep(spec: Spec, folder: Path) -> None:
    """Copy the files into the run folder. Raises `RunError`."""
    for path, name in _names(spec).items():
        code = _read(Path(path))
        if not (folder / name).exists() or (folder / name).read_bytes() != code:
            write_file(folder / name, code)


def refuse_others(spec: Spec, folder: Path) -> None:
    """Raise `RunError` where a file that the spec uses says something else than the run's copy of it."""
    for path, name in _names(spec).items():
        if (folder / name).exists() and (folder / name).read_bytes() != _read(Path(path)):
            message = f"the run in `{folder}` has another `{name}` than `{path}`"
            hint = f"go on with its own by `mtlc run --resume {folder}`, or start a new run by `--out`"
            raise RunError(message, hint, USAGE)


def home(weights: Path) -> Path:
    """Where the spec inside a file of weights would lie: in its run folder, or beside the file."""
    above = weights.absolute().parents
    folder = above[2] if len(above) > 2 and (above[2] / "spec.mtl").exists() else above[0]
    return folder / "spec.mtl"


def _names(spec: Spec) -> Mapping[str, str]:
    names = Names()
    return {path: f"{names.fresh(Path(path).stem)}.py" for path in spec.plugins}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "put the file back where the spec uses it"
        raise RunError(f"cannot read `{path}`: {reason}", hint, USAGE) from None
