"""A folder's manifest as a key of a spec: where it is not known, and what it may lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtlc.resolved import text

MANIFEST = """images: "photos/{id}.jpg"
splits: {val: [a]}
labels:
  depth: {files: "d/{id}.png", scale: 0.001}
"""


def spec_of(manifest: str, more: str = "") -> str:
    keys = f'root = "pho\ttos", manifest = {manifest}, size = 32x32'
    return f"data folder {{ {keys} }}\nshared encoder : tiny\ntask depth\n{more}"


def test_a_manifest_of_a_variable_that_is_not_set_is_a_mistake(found, monkeypatch):
    monkeypatch.delenv("MTLC_NO_SUCH", raising=False)
    (only,) = found(spec_of('env("MTLC_NO_SUCH")'))
    assert only.code == "MTL111" and only.primary.span.text == 'env("MTLC_NO_SUCH")'


def test_a_variable_has_a_name(found):
    (only,) = found(spec_of('env("")'))
    assert only.code == "MTL111" and "a variable's name" in only.message


@pytest.mark.parametrize("more", ["balance lps", "balance dwa", ""])
def test_a_manifest_without_a_split_to_train_on_says_nothing_of_epochs(spec, tmp_path: Path, more):
    (tmp_path / "m.yaml").write_text(MANIFEST)
    assert spec(spec_of('"m.yaml"', more), path=tmp_path / "s.mtl").data.training_images() is None


def test_a_path_with_a_tab_in_it_is_read_again_as_it_was(spec, tmp_path: Path):
    (tmp_path / "m.yaml").write_text(MANIFEST)
    first = spec(spec_of('"m.yaml"'), path=tmp_path / "s.mtl")
    assert first.data.root.path.endswith("pho\ttos")
    assert spec(text(first), path=tmp_path / "t.mtl").data == first.data
