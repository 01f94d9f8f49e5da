"""The examples do what they say, and every spec that people copy becomes a module without training-only parts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

import mtlc

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").glob("*.mtl"))
SMALL = {"train.steps": 2, "train.batch": 2}


def test_the_python_api_goes_from_a_spec_to_predictions(capsys):
    path = ROOT / "examples" / "train_tiny.py"
    loading = importlib.util.spec_from_file_location("train_tiny", path)
    assert loading is not None and loading.loader is not None
    example = importlib.util.module_from_spec(loading)
    loading.loader.exec_module(example)
    example.main(2)
    said = capsys.readouterr().out
    assert "torch.Size([1, 1, 97, 131])" in said
    assert "room-3.png {" in said and "sheet" not in said


@pytest.mark.parametrize("name", ["my_link.mtl", "my_folder/my_folder.mtl"])
def test_an_example_spec_trains(name, tmp_path):
    spec = mtlc.load(ROOT / "examples" / name, SMALL)
    run = mtlc.train(mtlc.build(spec), tmp_path / "run")
    assert run.step == 2
    assert run.test is not None and run.test.metrics.keys() <= spec.tasks.keys()


def test_a_link_of_ones_own_is_refused_without_plugins():
    found = mtlc.check(ROOT / "examples" / "my_link.mtl", plugins=False)
    assert "MTL214" in [each.code for each in found]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_exported_infer_graph_of_a_spec_holds_nothing_for_training_alone(path):
    overrides = {"data.size": "64x64"}
    if "nyud" in path.stem:  # a swin is exported ten times as slowly, and says nothing more here
        overrides["shared.encoder.model"] = '"resnet18"'
    model = mtlc.build(mtlc.load(path, overrides))
    size = (2, 3, 64, 64)
    exported = torch.export.export(
        model.infer.eval(), (torch.rand(size),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    only = [model.attributes[step.name] for step in model.plan.graph.steps.values() if step.training]
    held = {*exported.state_dict, *(str(node.target) for node in exported.graph.nodes)}
    assert not [
        name for name in held for attribute in only if name.startswith((attribute + ".", f"p_{attribute}"))
    ]
    assert bool(only) == any(line.part.word == "trace_back" for line in model.plan.spec.links)
