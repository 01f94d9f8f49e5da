"""Imports go one way, `check` stays light, and the grammar is found wherever mtlc is installed."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import mtlc

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mtlc"

# A row may import what stands in the rows above it, and itself.
LAYERS = """
fonts
source
diagnostics
report names consequences
syntax
parse
format
manifest
parts
schema packages
plugins
spec
resolved resolve origins
graph
expand passes
plan
nn balance promise drawing
lower
analyse render data
training
page
api codes
cli
__init__ __main__
"""
TORCH = (
    "nn",
    "balance",
    "data",
    "drawing",
    "lower",
    "promise",
    "analyse",
    "training",
)  # the only ones that may import torch and its kin
HEAVY = ("torch", "torchvision", "timm", "numpy", "scipy", "PIL", "safetensors", "networkx")
LAZY = (*HEAVY, "rich", "yaml")  # nothing of this is there after `mtlc check`

ROWS = [row.split() for row in LAYERS.strip().splitlines()]
RANK = {unit: place for place, row in enumerate(ROWS) for unit in row}


def unit(module: str) -> str:
    """The row's word for a module: `mtlc.parts.links` is `parts`."""
    words = module.split(".")[1:] or ["__init__"]
    return words[0]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def imports(path: Path, types_too: bool = True) -> Iterator[str]:
    """The modules that a file imports, anywhere in it; those under `if TYPE_CHECKING` only if wanted."""
    package = path.parent.relative_to(ROOT).parts
    yield from _imports(ast.parse(path.read_text(encoding="utf-8")), package, types_too)


def _imports(node: ast.AST, package: tuple[str, ...], types_too: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test) and not types_too:
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            above = package[: len(package) - child.level + 1] if child.level else ()
            base = ".".join([*above, *([child.module] if child.module else [])])
            names = [f"{base}.{alias.name}" for alias in child.names]
            yield from (name if is_module(name) else base for name in names)
        yield from _imports(child, package, types_too)


FILES = sorted(PACKAGE.rglob("*.py"))
IDS = [module_of(path) for path in FILES]


def test_every_module_has_its_row_and_every_row_its_module():
    assert {unit(module) for module in IDS} == set(RANK)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_go_one_way(path):
    own = unit(module_of(path))
    for name in imports(path):
        if name.startswith("mtlc.") and unit(name) != own:
            assert RANK[unit(name)] < RANK[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "nn").glob("*.py")), ids=lambda path: path.stem)
def test_nn_imports_nothing_else_of_mtlc(path):
    assert not [name for name in imports(path) if name.startswith("mtlc") and not name.startswith("mtlc.nn")]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_what_runs_models_imports_torch(path):
    if unit(module_of(path)) in TORCH:
        return
    found = {name.split(".")[0] for name in imports(path, types_too=False)}
    allowed = (
        {"networkx"} if module_of(path) == "mtlc.graph" else set()
    )  # inside of the function that shows a view
    assert not found & set(HEAVY) - allowed


@pytest.mark.parametrize("spec", ["nyud_base", "ccp"])
def test_check_loads_nothing_heavy(spec):
    code = (
        "import sys\n"
        "from mtlc.cli import main\n"
        "try:\n"
        f"    main(['check', 'specs/{spec}.mtl', '-q'])\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "mtlc" in loaded
    wanted = {"yaml"} if spec == "ccp" else set()  # it has a manifest
    assert loaded.isdisjoint(set(LAZY) - wanted)


def found_grammar(folder: Path) -> str:
    """Where the mtlc in a folder finds its grammar, after checking a spec with it."""
    code = (
        "import mtlc, mtlc.parse.grammar as grammar, mtlc.api as api\n"
        f"assert not api.check({str(ROOT / 'specs' / 'tiny.mtl')!r})\n"
        "assert grammar.from_tables() is not None\n"
        "print(grammar.path())"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_grammar_is_found_from_a_checkout():
    assert Path(mtlc.__file__).parent == PACKAGE
    assert found_grammar(ROOT) == str(ROOT / "grammar" / "mtl.lark")


def test_the_grammar_is_found_from_a_wheel(tmp_path):
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, so no wheel can be built here")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    site = tmp_path / "site" / "mtlc"
    assert found_grammar(tmp_path / "site") == str(site / "parse" / "mtl.lark")
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert (site / path.relative_to(PACKAGE)).exists(), (
                f"{path.relative_to(ROOT)} is not in the wheel"
            )
