"""A link of somebody's own with a mistake is told as his, with file and line, and never as a bug in mtlc."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtlc.cli import main
from mtlc.plugins import forget_plugins

FILM = '''"""Film."""
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from mtlc.parts.links import Link
from mtlc.parts.part import Levels, key, register


class FilmModule(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(dim, hidden, 1)
        self.widen = nn.Conv2d(hidden, dim, 1)

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        return target + self.widen(self.narrow(sum(sources)))


@register("film", module=FilmModule)
@dataclass(frozen=True)
class Film(Link):
    """A narrow sum of the sources."""

    hidden: int = key(4, "width inside", low=1)
    at: int | None = key(None, "stride it runs at; none: the target's own")
    form: ClassVar[Any] = "arrow"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"dim": reads[0][0].channels, "hidden": self.hidden}
'''
SPEC = """use "film.py"
data rooms { size = 32x32, images = 4, val = 2, test = 2 }
shared encoder : tiny
task semseg
task depth
links { all -> all via film(hidden = 3) }
train { steps = 1, batch = 2, workers = 0 }
"""
GIVEN = 'return {"dim": reads[0][0].channels, "hidden": self.hidden}'
RESULT = "return target + self.widen(self.narrow(sum(sources)))"
METHOD = "    def arguments"


@pytest.fixture
def own(tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """Runs a command on a spec with the link above, in which `old` is `new`."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, old: str = "", new: str = "") -> tuple[int, str]:
        assert old in FILM
        (tmp_path / "film.py").write_text(FILM.replace(old, new) if old else FILM)
        (tmp_path / "film.mtl").write_text(SPEC)
        with pytest.raises(SystemExit) as ended:
            main([*command.split(), "film.mtl"])
        out, err = capsys.readouterr()
        assert "bug in mtlc" not in out + err and "Traceback" not in out + err
        return ended.value.code or 0, out + err

    return run


def test_the_link_without_a_mistake_runs(own):
    assert own("run --dry")[0] == 0


@pytest.mark.parametrize(
    "old, new, wanted",
    [
        (
            '"dim": reads',
            '"dimm": reads',
            "part `film` of film.py:30: `arguments` gives `dimm`, `hidden`, `FilmModule` takes `dim`, `hidden`",
        ),
        ("self.hidden}", "self.hiden}", "part `film` of film.py:31: `arguments` raises AttributeError"),
        (GIVEN, "return 3", "`arguments` gives 3, not a dictionary"),
        (
            METHOD,
            f"    def problems(self):\n        yield self.nope\n\n{METHOD}",
            "film.py:31: `problems` raises",
        ),
        (
            METHOD,
            f"    def writes(self, reads):\n        return self.nope\n\n{METHOD}",
            "film.py:31: `writes` raises",
        ),
        (
            METHOD,
            f"    def writes(self, reads):\n        return reads[0][0]\n\n{METHOD}",
            "film.py:30: `writes` gives",
        ),
        (
            METHOD,
            f"    def __post_init__(self):\n        self.a = 3\n\n{METHOD}",
            "film.py:31: making it raises",
        ),
        ('"arrow"', '"arow"', "line 21: `Film`: `form` is one of 'arrow', 'joint', 'single', not 'arow'"),
        ("(Link)", "", "`Film` is no part"),
        (", module=FilmModule", "", "it names no module"),
        ("module=FilmModule", 'module=":Flim"', "there is no module `:Flim`"),
        ("    hidden: int", "    hidden: dict[str, int]", "no spec can write `hidden: dict[str, int]`"),
    ],
)
def test_a_mistake_in_the_catalogue_entry_is_found_by_check(own, old, new, wanted):
    code, said = own("check", old, new)
    assert code == 1 and "MTL214" in said and wanted in said


@pytest.mark.parametrize(
    "old, new, wanted",
    [
        (
            "super().__init__()\n",
            'super().__init__()\n        raise KeyError("x")\n',
            "film.py:14: making its module",
        ),
        ("module=FilmModule", 'module="gone.nn:Film"', "No module named 'gone'"),
        ("module=FilmModule", "module=dict", "a dict is no torch.nn.Module"),
    ],
)
def test_a_module_that_cannot_be_made_is_told_with_its_place(own, old, new, wanted):
    code, said = own("compile", old, new)
    assert code == 1 and "part `film` of film.py" in said and wanted in said


@pytest.mark.parametrize(
    "new, wanted",
    [
        ("return self.narrow(target)", "gives a tensor of shape 2 x 3 x 8 x 8, not 2 x 64 x 8 x 8"),
        ("return None", "gives a value of type NoneType, not one tensor"),
        ("return target, target", "gives 2 values in a tuple, not one tensor"),
        ("return target.nope", "film.py:18: AttributeError"),
        ("return self.widen(target)", "film.py:18: RuntimeError"),
    ],
)
def test_a_module_that_fails_in_a_step_is_told_with_its_place_and_the_line_of_the_spec(own, new, wanted):
    code, said = own("run --dry", RESULT, new)
    assert code == 4 and "film.mtl:6: part `film` of film.py:" in said and wanted in said


def test_a_run_keeps_its_own_copy_of_the_link_and_needs_no_other(own, tmp_path, capsys):
    def after(command: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(command.split())
        return ended.value.code or 0, "".join(capsys.readouterr())

    assert own("run --out run")[0] == 0
    assert 'use "film.py"' in (tmp_path / "run" / "spec.mtl").read_text()
    forget_plugins()
    (tmp_path / "film.py").unlink()
    (tmp_path / "run").rename(tmp_path / "moved")
    assert after("eval --run moved")[0] == 0
    weights = next((tmp_path / "moved" / "checkpoints").glob("*/model.safetensors"))
    assert after(f"eval --checkpoint {weights}")[0] == 0
    assert after("report moved") == (0, "wrote moved/report.html\n")
    assert "cannot be resolved" not in (tmp_path / "moved" / "report.html").read_text()
    assert after("run --resume moved --steps 2")[0] == 0
    code, said = after("eval --run moved --no-plugins")
    assert code == 1 and "--no-plugins refuses" in said


def test_a_run_is_not_resumed_with_another_link_than_its_own(own, tmp_path):
    assert own("run --out run")[0] == 0
    code, said = own("run --resume run --steps 2", "target + self", "target - self")
    assert code == 2 and "the run in `run` has another `film.py` than" in said
