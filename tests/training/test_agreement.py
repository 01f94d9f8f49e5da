"""The `agree` block in a step: who is taught by it, what it draws, when it rests, and that it is training's alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from test_step import batch_of, without_batch_norm
from toy import SPEC, ToyPart, toy

from mtlc.api import build, load
from mtlc.data.batch import Batch
from mtlc.source import Source
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import balancing
from mtlc.training.checkpoint import WEIGHTS, read_state, read_weights
from mtlc.training.errors import RunError
from mtlc.training.learner import Learner
from mtlc.training.loop import train
from mtlc.training.phases import legs
from mtlc.training.run_folder import RunFolder
from mtlc.training.scaler import Scaler

CPU = torch.device("cpu")
SIZED = ToyPart(size=(32, 40))
THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
JOINT = "agree { all via joint(width = 4) }\n"


def model_of(agree, spec=THREE, **data):
    made = without_batch_norm(toy(replace(SIZED, **data), spec + agree))
    made.train.double()
    return made


def learner(model, leg=0, **keys):
    plan = replace(model.plan, spec=replace(model.plan.spec, train=replace(model.plan.train, **keys)))
    agreements = Agreements(plan).double() if plan.spec.agree else None
    made = Learner(model, plan, legs(plan)[leg], balancing(plan, CPU), Scaler(CPU, "fp32"), CPU, agreements)
    made.optimizer.step = lambda *_, **__: None
    return made, agreements


def taught(module):
    return {name: each.grad.clone() for name, each in module.named_parameters() if each.grad is not None}


def double(batch):
    return replace(batch, images=batch.images.double())


def lacking(batch, task, rows):
    """The batch with NaN, or some class, in the place of a task's label of some rows."""
    label = batch.labels[task].clone()
    label[rows] = torch.nan if label.is_floating_point() else 1
    present = batch.present[task].clone()
    present[rows] = False
    return replace(batch, labels={**batch.labels, task: label}, present={**batch.present, task: present})


def test_joint_teaches_the_network_nothing_where_all_is_labelled():
    plain, tied = model_of(""), model_of(JOINT)
    batch = double(batch_of(plain))
    learner(plain)[0](batch, 0)
    take, agreements = learner(tied)
    said = take(batch, 0)
    assert said.agreed["joint"] > 0
    torch.testing.assert_close(taught(tied.train), taught(plain.train), rtol=1e-12, atol=0)
    assert any(each.abs().sum() > 0 for each in taught(agreements).values())


def test_joint_teaches_the_network_through_what_is_not_labelled():
    plain, tied = model_of("", blank=("depth",)), model_of(JOINT, blank=("depth",))
    batch = double(batch_of(plain))
    learner(plain)[0](batch, 0)
    learner(tied)[0](batch, 0)
    before = taught(plain.train)
    changed = [n for n, g in taught(tied.train).items() if n not in before or not torch.equal(g, before[n])]
    assert any(name.startswith("depth") for name in changed)
    assert not any(name.startswith(("semseg", "edges")) for name in changed)


@pytest.mark.parametrize("loss", ["joint(width = 4)", "cross_task(width = 4)", "consistency"])
def test_what_stands_in_place_of_an_absent_label_changes_nothing(loss):
    found = []
    for task in ("depth", "semseg"):
        pair = []
        for stored in (False, True):
            model = model_of(f"agree {{ all via {loss} }}\n")
            batch = double(batch_of(model))
            bare = lacking(batch, task, [0, 2])
            batch = bare if stored else replace(bare, labels={**batch.labels, task: _filled(batch, task)})
            take, agreements = learner(model)
            said = take(batch, 0)
            pair.append((said.agreed, taught(agreements), taught(model.train)))
        found.append(pair)
    for (first, weights, network), (again, others, same) in found:
        assert first == again
        assert all(torch.equal(weights[name], others[name]) for name in weights)
        assert all(torch.equal(network[name], same[name]) for name in network)


def _filled(batch: Batch, task: str):
    label = batch.labels[task].clone()
    label[[0, 2]] = 0 if task == "depth" else 255
    return label


def test_a_batch_without_any_label_still_agrees():
    model = model_of(JOINT)
    batch = double(batch_of(model))
    for task in batch.labels:
        batch = lacking(batch, task, slice(None))
    batch = replace(batch, labels={task: _nothing(each) for task, each in batch.labels.items()})
    said = learner(model)[0](batch, 0)
    assert said.losses == {} and not said.empty
    assert all(torch.isfinite(each).all() for each in taught(model.train).values())
    assert any(each.abs().sum() > 0 for each in taught(model.train).values())


def _nothing(label):
    return torch.full_like(label, 255) if label.dtype == torch.int64 else torch.full_like(label, torch.nan)


def test_cutting_a_batch_changes_no_gradient_where_nothing_is_drawn_for_the_whole():
    grads = []
    for parts in (1, 2):
        model = model_of("agree { all via consistency }\n", bare=("depth", "semseg"))
        learner(model, accumulate=parts)[0](double(batch_of(model)), 0)
        grads.append(taught(model.train))
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-12)


def test_a_step_draws_the_same_again_and_another_step_something_else():
    said = []
    for step in (3, 3, 4):
        model = model_of(JOINT, bare=("depth",))
        said.append(learner(model)[0](double(batch_of(model)), step).agreed["joint"])
    assert said[0] == said[1] != said[2]


def test_a_line_rests_while_one_of_its_tasks_is_not_trained():
    phases = "  phase one { steps = 2, tasks = [semseg, depth] }\n  phase all { steps = 2 }\n}"
    spec = THREE.replace("  steps = 6\n", "").replace("  save = 2\n}", phases)
    model = model_of("agree {\n  all via joint(width = 4)\n  semseg, depth via consistency\n}\n", spec)
    names = [set(learner(model, leg)[0](double(batch_of(model)), 0).agreed) for leg in (0, 1)]
    assert {name.partition(".")[0] for name in names[0]} == {"consistency"}
    assert {name.partition(".")[0] for name in names[1]} == {"consistency", "joint"}


def test_mean_and_spread_come_from_labels_that_are_there():
    model = model_of(JOINT)
    batch = batch_of(model)
    agreements = Agreements(model.plan)
    agreements.fit([lacking(batch, "depth", [1])])
    known = batch.labels["depth"][torch.arange(len(batch)) != 1].double()
    (squashed,) = (each for each in agreements[0].embeddings if hasattr(each, "mean"))
    assert squashed.mean.item() == pytest.approx(known[known > 0].mean().item(), rel=1e-6)
    assert squashed.std.item() == pytest.approx(known[known > 0].std(correction=0).item(), rel=1e-2)


def test_a_task_whose_labels_say_nothing_is_named():
    model = model_of(JOINT)
    batch = batch_of(model)
    blank = replace(batch, labels={**batch.labels, "depth": torch.zeros_like(batch.labels["depth"])})
    with pytest.raises(
        RunError, match="task `depth` cannot meet others in `agree`: no label has a known value"
    ):
        Agreements(model.plan).fit([blank])


def test_a_resumed_run_ends_as_if_it_had_never_stopped(tmp_path):
    def made():
        return toy(replace(SIZED, bare=("depth",)), THREE + JOINT)

    train(made(), tmp_path / "whole")
    train(made(), tmp_path / "cut", steps=4)
    other = made()
    text = (tmp_path / "cut" / "spec.mtl").read_text()
    (tmp_path / "cut" / "spec.mtl").write_text(text.replace("steps         = 4", "steps         = 6"))
    train(other, tmp_path / "cut", resume=True)
    folders = [RunFolder(tmp_path / name).last() for name in ("whole", "cut")]
    one, two = (read_weights(folder / WEIGHTS) for folder in folders)
    assert all(torch.equal(one[name], two[name]) for name in one)
    one, two = (read_state(folder)["agreements"] for folder in folders)
    assert one and all(torch.equal(one[name], two[name]) for name in one)


def test_only_training_knows_of_it(tmp_path):
    spec = load(
        Source(
            "x.mtl",
            "data rooms { size = 32x32, images = 8, val = 0, test = 4, labels = one }\n"
            "shared encoder : tiny { width = 8 }\ntask all { decoder = linear(dim = 8) }\ntask depth\ntask edges\n"
            f"{JOINT}balance pcgrad\ntrain {{ steps = 2, batch = 4 }}\n",
        )
    )
    model = build(spec)
    without = build(load(Source("y.mtl", spec.source.text.replace(JOINT, ""))))
    before = [name for name, _ in model.train.named_parameters()]
    assert before == [name for name, _ in without.train.named_parameters()]
    assert model.infer.code == without.infer.code
    train(model, tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"joint", "joint.distance", "joint.autoencoder", "joint.reconstruction"} == set(lines[0]["agree"])
