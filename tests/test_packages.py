"""Parts of installed packages: known without `use`, imported where a word is unknown, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtlc import packages
from mtlc.api import check, load
from mtlc.cli import group
from mtlc.parts.part import REGISTRY
from mtlc.resolved import text

ROOT = Path(__file__).parent.parent

PART = '''
from dataclasses import dataclass
from typing import Any, ClassVar
from mtlc.parts.links import Link
from mtlc.parts.part import key, register


@register("{word}", module="{package}.nn:Module")
@dataclass(frozen=True)
class Ours(Link):
    """Something of a package."""

    start: float = key(1.0, "where it starts")
    at: int | None = key(None, "stride it runs at")
    form: ClassVar[Any] = "arrow"
'''

SPEC = """data rooms
shared encoder : tiny
task semseg
task depth
links { all -> all via %s }
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Makes fake installed packages; afterwards nothing of them is known."""
    site = tmp_path / "site"
    site.mkdir()
    before = {space: dict(parts) for space, parts in REGISTRY.items()}
    modules = set(sys.modules)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(packages, "_owners", {})
    monkeypatch.setattr(packages, "_loaded", {})

    def install(package: str, word: str, code: str = PART) -> Path:
        packages._points.cache_clear()
        (site / package).mkdir()
        (site / package / "__init__.py").write_text("")
        (site / package / "parts.py").write_text(code.replace("{word}", word).replace("{package}", package))
        record = site / f"{package}-1.2.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (record / "entry_points.txt").write_text(f"[mtlc.parts]\n{package} = {package}.parts\n")
        return site

    yield install
    packages._points.cache_clear()
    for space in REGISTRY:
        REGISTRY[space] = before.get(space, {})
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def spec(tmp_path):
    def write(link: str) -> Path:
        path = tmp_path / "spec.mtl"
        path.write_text(SPEC % link)
        return path

    return write


def test_a_part_of_an_installed_package_is_known_without_use(installed, spec):
    installed("gated", "gated_sum")
    path = spec("gated_sum(start = 2)")
    assert check(path) == []
    assert "use" not in text(load(path)) and "gated_sum(start = 2.0, at = none)" in text(load(path))


def test_its_keys_are_checked_as_all_others(installed, spec):
    installed("gated", "gated_sum")
    (only,) = check(spec("gated_sum(strat = 2)"))
    assert (only.code, only.hint) == ("MTL101", "did you mean `start`?")


def test_a_word_that_no_package_has_is_reported_once_with_packages_among_the_guesses(installed, spec):
    installed("gated", "gated_sum")
    (only,) = check(spec("gated_smu"))
    assert (only.code, only.hint) == ("MTL204", "did you mean `gated_sum`?")


def test_no_plugins_leaves_packages_out(installed, spec):
    installed("gated", "gated_sum")
    (only,) = check(spec("gated_sum"), plugins=False)
    assert only.code == "MTL204"
    assert "gated.parts" not in sys.modules


def test_two_packages_with_one_name_are_an_error_that_names_both(installed, spec):
    installed("gated", "gated_sum")
    installed("other", "gated_sum")
    clash = check(spec("gated_sum"))[-1]
    assert (clash.code, clash.severity) == ("MTL214", "error")
    assert clash.message == "`gated_sum` is defined by package `gated 1.2` and by package `other 1.2`"


def test_a_name_of_mtlc_itself_cannot_be_taken(installed, spec):
    installed("greedy", "attention")
    assert check(spec("attention")) == []  # nothing is unknown: nothing is looked for
    found = check(spec("atention"))
    assert "`attention` is defined by mtlc itself and by package `greedy 1.2`" in [e.message for e in found]


@pytest.mark.parametrize("code", ["import nothing_of_this_name", "raise SystemExit(3)", "x = = 1"])
def test_a_package_that_cannot_be_imported_is_one_warning_that_names_it(installed, spec, code):
    installed("broken", "unused", code)
    installed("gated", "gated_sum")
    (only,) = check(spec("gated_sum"))
    assert (only.code, only.severity) == ("MTL214", "warning")
    assert only.message.startswith("the parts of package `broken 1.2` cannot be imported: ")
    assert "--no-plugins" in only.hint


def test_info_lists_packages_parts_and_says_whose_they_are(installed):
    installed("gated", "gated_sum")
    installed("broken", "unused", "import nothing_of_this_name")
    said = CliRunner().invoke(group, ["info", "gated_sum"])
    assert said.exit_code == 0
    assert "  package: gated 1.2\n" in said.stdout
    assert said.stderr.startswith("warning: the parts of package `broken 1.2` cannot be imported")
    assert "gated_sum" in CliRunner().invoke(group, ["info", "link"]).stdout


def test_info_without_plugins_leaves_them_out(installed):
    installed("gated", "gated_sum")
    assert "gated_sum" not in CliRunner().invoke(group, ["info", "--no-plugins"]).stdout


def test_a_spec_of_mtlcs_own_parts_waits_for_no_package(installed, tmp_path):
    site = installed("slow", "gated_sum", "raise AssertionError('imported')")
    code = (
        "import sys\n"
        "from mtlc.api import check\n"
        "assert not check('specs/tiny.mtl')\n"
        "assert not {'slow.parts', 'importlib.metadata'} & set(sys.modules)\n"
        f"(tmp := __import__('pathlib').Path({str(tmp_path)!r}) / 'own.mtl').write_text({SPEC % 'nothing'!r})\n"
        "check(tmp)\n"
        "assert 'importlib.metadata' in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
