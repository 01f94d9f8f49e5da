"""torchvision beside a torch built for another device."""

import builtins
import subprocess
import sys
from typing import Any

import pytest

from mtlc.nn.operators import declare_missing_operators


def test_after_the_declarations_timm_can_be_imported_in_a_fresh_process() -> None:
    code = "from mtlc.nn.operators import declare_missing_operators as d; d(); d(); import torchvision, timm"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_failure_of_torchvision_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *rest: Any) -> Any:
        if name == "torchvision":
            raise RuntimeError("something else")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(RuntimeError, match="something else"):
        declare_missing_operators()
