"""Importing the Python file that a spec names, so that the parts it registers can be used."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from pathlib import Path


class PluginError(Exception):
    """A Python file that cannot be imported, in one clause; `hint` is the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def import_plugin(path: Path) -> None:
    """Run the file once in this process; its `register` calls enter the catalogue."""
    real = os.path.realpath(path)
    name = f"mtlc_plugin_{Path(real).stem}_{abs(hash(real)):x}"
    if name in sys.modules:
        return
    if not os.path.isfile(real):  # pathlib's raises for a name that is too long
        raise PluginError("it does not exist", "correct the path, which starts from this file")
    spec = importlib.util.spec_from_file_location(name, real)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's file raises is the user's to mend
        del sys.modules[name]
        raise PluginError(_said(error, real), "run it with `python` to see the whole error") from error


def _said(error: BaseException, path: str) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"
