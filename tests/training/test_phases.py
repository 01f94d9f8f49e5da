"""Phases: which weights move in which, and a run that is stopped anywhere in them ends as one that is not."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.api import SpecError
from mtlc.plan import text as plan_text
from mtlc.training import schedule
from mtlc.training.checkpoint import WEIGHTS, read_weights
from mtlc.training.errors import USAGE, RunError
from mtlc.training.lines import JsonLines, Lines
from mtlc.training.live import line as live_line
from mtlc.training.loop import rehearse, train
from mtlc.training.pace import Pace
from mtlc.training.phases import leg_at, legs
from mtlc.training.report import Done, Silent
from mtlc.training.run_folder import RunFolder

NORMS = SPEC.replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)")


def phased(phases: str, data: ToyPart | None = None, text: str = NORMS, **overrides):
    text = text.replace("  steps = 6\n", f"  optimizer = adamw(weight_decay = 0.1)\n{phases}")
    return toy(data, text, **overrides)


def phase(name: str, keys: str) -> str:
    return f"  phase {name} {{ {keys} }}\n"


def changed(before, model) -> set[str]:
    """The steps of which some weight or statistic has moved."""
    moved = {name for name, each in model.state_dict().items() if not torch.equal(each, before[name])}
    return {name.split(".")[0] for name in moved}


def moved_by(tmp_path, model) -> set[str]:
    before = {name: each.clone() for name, each in model.state_dict().items()}
    train(model, tmp_path, device="cpu")
    return changed(before, model)


def lines(out):
    found = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == "train"]


def test_only_a_phases_tasks_have_losses_and_weights(tmp_path):
    train(
        phased(phase("one", "steps = 2, tasks = [depth]") + phase("both", "steps = 2")),
        tmp_path,
        device="cpu",
    )
    assert [list(line["losses"]) for line in lines(tmp_path)] == [["depth"]] * 2 + [["semseg", "depth"]] * 2
    assert [list(line["weights"]) for line in lines(tmp_path)] == [["depth"]] * 2 + [["semseg", "depth"]] * 2
    assert [line["phase"] for line in lines(tmp_path)] == ["one", "one", "both", "both"]


def test_what_belongs_to_a_task_that_is_not_trained_stays_bit_for_bit(tmp_path):
    moved = moved_by(tmp_path, phased(phase("one", "steps = 3, tasks = [depth]")))
    assert moved == {"encoder", "depth_decoder", "depth_head"}


@pytest.mark.parametrize(
    ("freeze", "moves"),
    [
        ("encoder", {"semseg_decoder", "semseg_head", "depth_decoder", "depth_head"}),
        ("depth", {"encoder", "semseg_decoder", "semseg_head"}),
    ],
)
def test_what_is_frozen_stays_bit_for_bit_with_its_statistics(tmp_path, freeze, moves):
    # Weight decay and momentum would move a weight without any gradient.
    assert moved_by(tmp_path, phased(phase("one", f"steps = 3, freeze = [{freeze}]"))) == moves


def test_weights_that_moved_in_a_phase_are_not_carried_on_in_the_next(tmp_path):
    model = phased(
        phase("one", "steps = 2, optimizer = sgd(lr = 0.1)")
        + phase("two", "steps = 2, tasks = [depth], freeze = [encoder]")
    )
    seen = {}

    class Copies(Silent):
        def step(self, done):
            seen[done.step] = {name: each.clone() for name, each in model.state_dict().items()}

    train(model, tmp_path, device="cpu", report=Copies())
    assert changed(seen[2], model) == {"depth_decoder", "depth_head"}


def test_a_frozen_task_still_teaches_what_is_shared(tmp_path):
    text = NORMS.replace("task semseg\n", "")
    assert moved_by(tmp_path, phased(phase("one", "steps = 2, freeze = [depth]"), text=text)) == {"encoder"}


def test_every_copy_of_a_frozen_layer_stays(tmp_path):
    text = NORMS.replace("task all", "layer neck : fpn { dim = 8 }\ntask all")
    moved = moved_by(tmp_path, phased(phase("one", "steps = 2, freeze = [neck]"), text=text))
    assert moved.isdisjoint({"neck_semseg", "neck_depth"}) and "encoder" in moved


def test_a_task_that_is_not_trained_lends_its_stream_and_stays(tmp_path):
    text = NORMS.replace("balance", "links { semseg -> depth via attention }\nbalance")
    moved = moved_by(tmp_path, phased(phase("one", "steps = 2, tasks = [depth]"), text=text))
    assert moved == {"encoder", "depth_decoder", "attention_1_depth", "depth_head"}


def test_what_a_phases_losses_do_not_need_is_not_computed(tmp_path):
    model = phased(phase("one", "steps = 1, tasks = [depth]"))

    def fail(*_):
        raise AssertionError("computed")

    model.module("semseg_decoder").register_forward_pre_hook(fail)
    rehearse(model, device="cpu")


def test_after_a_run_every_weight_can_learn_again_and_holds_no_gradient(tmp_path):
    model = phased(phase("one", "steps = 1, tasks = [depth], freeze = [encoder]"))
    train(model, tmp_path, device="cpu")
    assert all(each.requires_grad and each.grad is None for each in model.train.parameters())
    with pytest.raises(RunError, match="holds a run already"):
        train(model, tmp_path, device="cpu")
    assert all(each.requires_grad for each in model.train.parameters())


def test_the_schedule_spans_each_phases_own_steps_with_its_own_optimizer(tmp_path):
    model = phased(
        phase("one", "steps = 3, optimizer = sgd(lr = 0.5)") + phase("two", "steps = 2"),
        train__schedule="poly(power = 1)",
    )
    train(model, tmp_path, device="cpu")
    part = model.plan.train.schedule
    expected = [0.5 * schedule.setting(part, i, 3).rate for i in range(3)]
    expected += [1e-3 * schedule.setting(part, i, 2).rate for i in range(2)]
    assert [line["lr"] for line in lines(tmp_path)] == pytest.approx(expected)


def test_balancing_keeps_what_it_knows_of_a_task_over_phases(tmp_path):
    model = phased(
        phase("one", "steps = 4") + phase("two", "steps = 4, tasks = [depth]") + phase("three", "steps = 2"),
        balance="dwa(every = 2)",
    )
    train(model, tmp_path, device="cpu")
    weights = [line["weights"] for line in lines(tmp_path)]
    assert weights[4]["depth"] != 1  # two windows are over
    assert weights[8]["semseg"] == pytest.approx(2 - weights[4]["depth"])


def test_progress_says_the_phase(tmp_path):
    class Heard(Silent):
        notes, steps = [], []

        def note(self, text):
            self.notes.append(text)

        def step(self, done):
            self.steps.append(done)

    heard = Heard()
    model = phased(
        phase("warm", "steps = 1, tasks = [depth], freeze = [encoder]") + phase("all", "steps = 2")
    )
    train(model, tmp_path, device="cpu", report=heard)
    assert [each for each in heard.notes if each.startswith("phase")] == [
        "phase `warm`, step 1: trains depth; fixed: encoder",
        "phase `all`, steps 2 to 3: trains semseg, depth",
    ]
    assert [(done.phase, done.step, done.steps) for done in heard.steps] == [
        ("warm", 1, 3), ("all", 2, 3), ("all", 3, 3)
    ]  # fmt: skip


def test_every_form_of_progress_has_a_place_for_the_phase(capsys):
    done = Done(3, 3, 4, {"depth": 1.0}, {"depth": 1.0}, "warm")
    assert live_line(done, Pace(), {}).plain.startswith("warm 3/3 ")
    Lines().step(done)
    assert capsys.readouterr().err.startswith("step 3/3  warm  ")
    JsonLines().step(done)
    assert json.loads(capsys.readouterr().out)["phase"] == "warm"


def test_the_plan_says_which_steps_a_phase_has():
    model = phased(phase("warm", "steps = 100, freeze = [encoder]") + phase("all", "steps = 500"))
    text = plan_text(model.plan).split("\nphases\n")
    assert text[1].startswith(
        "  warm  steps 1 to 100    phase(steps = 100, freeze = [encoder])\n"
        "  all   steps 101 to 600  phase(steps = 500)\n"
    )
    assert "steps" not in text[0].split("\ntrain\n")[1]


def test_the_leg_of_a_step_is_the_phase_it_lies_in():
    plan = phased(phase("one", "steps = 2") + phase("two", "steps = 3")).plan
    assert [leg_at(legs(plan), step).name for step in range(6)] == ["one", "one", "two", "two", "two", "two"]
    assert [leg.name for leg in legs(toy().plan)] == [""]


def test_fewer_steps_cut_the_phases_off(tmp_path):
    phases = phase("one", "steps = 2") + phase("two", "steps = 3") + phase("three", "steps = 4")
    result = train(phased(phases), tmp_path, device="cpu", steps=3)
    assert (result.step, result.steps) == (3, 3)
    assert [line["phase"] for line in lines(tmp_path)] == ["one", "one", "two"]
    assert "phase three" not in (tmp_path / "spec.mtl").read_text()


def test_a_rehearsal_takes_one_step_of_each_phase():
    told = []

    class Heard(Silent):
        def step(self, done):
            told.append(done.phase)

    rehearse(phased(phase("one", "steps = 20") + phase("two", "steps = 30")), device="cpu", report=Heard())
    assert told == ["one", "two"]


@pytest.mark.parametrize("keys", ["steps = 2, tasks = []", "steps = 2, freeze = [encoder, semseg, depth]"])
def test_a_phase_that_trains_nothing_is_a_mistake_of_the_spec(keys):
    with pytest.raises(SpecError, match="phase `idle` trains nothing"):
        phased(phase("all", "steps = 1") + phase("idle", keys))


def test_a_phase_without_a_weight_is_refused_before_anything_is_written(tmp_path):
    model = phased(phase("all", "steps = 1"))
    idle = replace(model.plan.spec.phases["all"], freeze=("encoder", "semseg", "depth"))
    spec = replace(model.plan.spec, phases={"idle": idle})
    with pytest.raises(RunError, match="phase `idle` trains nothing") as caught:
        train(replace(model, plan=replace(model.plan, spec=spec)), tmp_path / "run", device="cpu")
    assert caught.value.exit_code == 1
    assert not (tmp_path / "run").exists()


def test_a_batch_that_can_move_nothing_is_a_step_that_changes_nothing(tmp_path):
    # Only the last image has depth, and of what semseg needs everything is frozen.
    data = ToyPart(images=8, blank=("depth",))
    moved = moved_by(tmp_path, phased(phase("one", "steps = 2, freeze = [encoder, semseg]"), data))
    assert moved == {"depth_decoder", "depth_head"}


# --- stopping and going on

PHASES = (
    phase("warm", "steps = 5, tasks = [semseg], freeze = [encoder], optimizer = sgd(lr = 0.05)")
    + phase("all", "steps = 6")
    + phase("tune", "steps = 4, freeze = [semseg]")
)
DATA = ToyPart(images=10, val=2, test=2, bare=("depth",))


def built(**overrides):
    keys = {"balance": "lps(every = 3)", "train__save": 2, "train__schedule": "one_cycle", "eval__every": 4}
    return phased(PHASES, DATA, **(keys | overrides))


class Stops(Silent):
    def __init__(self, at):
        self.at = at

    def step(self, done):
        if done.step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


class Dies(Silent):
    """Ends as a power cut would: nothing is saved at that step."""

    def __init__(self, at):
        self.at = at

    def step(self, done):
        if done.step == self.at:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    train(built(), out, device="cpu")
    return out


def kept(out):
    index = RunFolder(out).checkpoints.index()
    names = {index.last, index.best}
    return [
        index,
        (out / "metrics.jsonl").read_bytes(),
        *((out / "checkpoints" / name / WEIGHTS).read_bytes() for name in sorted(names)),
    ]


@pytest.mark.parametrize("at", [[3], [4, 5, 6], [10], [11, 12, 14]], ids=str)
def test_interrupted_in_and_between_phases_a_run_ends_bit_for_bit_equal(tmp_path, whole, at):
    for i, step in enumerate(at):
        assert train(built(), tmp_path, device="cpu", resume=i > 0, report=Stops(step)).step == step
    train(built(), tmp_path, device="cpu", resume=True)
    assert kept(tmp_path) == kept(whole)


@pytest.mark.parametrize("at", [5, 7, 11, 15])
def test_killed_in_and_between_phases_a_run_ends_bit_for_bit_equal(tmp_path, whole, at):
    with pytest.raises(KeyboardInterrupt):
        train(built(), tmp_path, device="cpu", report=Dies(at))
    train(built(), tmp_path, device="cpu", resume=True)
    assert kept(tmp_path) == kept(whole)


def test_a_checkpoint_knows_its_phase(tmp_path, whole):
    train(built(), tmp_path, device="cpu", report=Stops(5))
    state = torch.load(RunFolder(tmp_path).last() / "state.pt", weights_only=True)
    assert (state["position"]["phase"], state["position"]["begun"]) == ("all", 5)
    assert not state["optimizer"]["state"]  # that of `all`, which has not begun


def test_the_steps_of_a_phase_that_is_over_cannot_be_changed(tmp_path):
    train(built(), tmp_path, device="cpu", report=Stops(7))
    with pytest.raises(
        RunError, match=r"in phase `all`, which began after step 5; .* it would be in `warm`"
    ) as caught:
        train(built(train__warm__steps=9), tmp_path, device="cpu", resume=True)
    assert caught.value.exit_code == USAGE
    longer = train(built(train__tune__steps=5), tmp_path, device="cpu", resume=True)
    assert longer.step == 16


def test_frozen_weights_are_those_of_the_phase_before_after_a_resume(tmp_path):
    train(built(), tmp_path, device="cpu", report=Stops(12))
    before = read_weights(RunFolder(tmp_path).last() / WEIGHTS)
    model = built()
    train(model, tmp_path, device="cpu", resume=True)
    after = read_weights(RunFolder(tmp_path).last() / WEIGHTS)
    fixed = [name for name in after if name.startswith("semseg")]
    assert fixed and all(torch.equal(before[name], after[name]) for name in fixed)
    assert replace(model.plan).steps == 15


@pytest.mark.parametrize("optimizer", ["adamw(weight_decay = 0.5)", "sgd(weight_decay = 0.5)"])
@pytest.mark.parametrize(
    "link", ["cross_stitch", "nddr", "kem(slots = 4, select = 4, heads = 2, etf = 8)", "mti"]
)
def test_what_only_a_resting_task_has_in_a_shared_link_does_not_even_decay(tmp_path, link, optimizer):
    text = NORMS.replace("task depth", f"task depth\ntask edges\nlinks {{ all via {link} }}")
    model = phased(phase("one", f"steps = 2, tasks = [semseg, edges], optimizer = {optimizer}"), text=text)
    before = {name: each.clone() for name, each in model.train.named_parameters()}
    resting = unneeded(model, ("semseg", "edges"))
    train(model, tmp_path, device="cpu")
    after = dict(model.train.named_parameters())
    assert resting and all(torch.equal(after[name], before[name]) for name in resting)
    if link == "cross_stitch":
        assert "cross_stitch_1.weight.1" in resting  # what depth reads


def unneeded(model, tasks) -> list[str]:
    """The weights on which none of these tasks' predictions depends."""
    predictions, extra = model.training_slice(tasks)(torch.rand(2, 3, 16, 24))
    total = sum(each.sum() for each in (*predictions.values(), *extra.values()))
    named = dict(model.train.named_parameters())
    grads = torch.autograd.grad(total, list(named.values()), allow_unused=True)
    return [name for name, grad in zip(named, grads, strict=True) if grad is None]
