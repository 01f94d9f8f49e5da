"""Runs of `mtlc run` that are known by the hash of all that they depend on, so that none is done twice."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import mtlc

SPECS = Path(__file__).parent.parent / "specs"
OUTSIDE = ("cli", "render", "page", "codes", "analyse")


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def code() -> str:
    """A hash of what of mtlc can change a result."""
    package = Path(mtlc.__file__).parent
    files = sorted(
        path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in OUTSIDE
    )
    return digest(*(path.read_text() for path in files))


def photos() -> list[str]:
    """The names and sizes of the files of the photo data set."""
    root = Path(os.environ["CCP_ROOT"])
    return [f"{path.relative_to(root)} {path.stat().st_size}" for path in sorted(root.rglob("*.*"))]


def train(spec: Path, settings: list[str], folder: Path, log: Path, threads: int | None = None) -> int:
    """Train into a folder, or go on with what is there, and give the exit code.

    `settings` are overrides. Standard output, as JSON lines, and error go to `log`, after what is in it.
    """
    where = ["--resume"] if (folder / "spec.mtl").exists() else ["--out"]
    command = [sys.executable, "-m", "mtlc", "run", str(spec), "--format", "json", *where, str(folder)]
    command += [word for each in settings for word in ("--set", each)]
    env = os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    with open(log, "a") as out:
        return subprocess.run(command, stdout=out, stderr=out, env=env).returncode


def lines(file: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; other lines are left out."""
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]
