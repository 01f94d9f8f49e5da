"""Which tasks each parameter serves, and in words how the gradient of a step is found."""

from __future__ import annotations

import pytest

from mtlc.analyse.gradients import backward, table
from mtlc.analyse.partition import partition
from mtlc.api import load, planned
from mtlc.cli import main
from mtlc.source import Source

BASE = """
data rooms {{ size = 32x32 }}
shared encoder : tiny {{ width = 8 }}
{neck}
task all {{ decoder = linear(dim = 8) }}
task semseg
task depth
task edges {{ from = encoder, decoder = linear(dim = 8, levels = [4, 8]) }}
{links}
balance {balance}
"""


def spec(balance="equal", neck="shared neck : fpn { dim = 8 }", links=""):
    return load(Source("s.mtl", BASE.format(balance=balance, neck=neck, links=links)))


def found(**keys):
    return partition(planned(spec(**keys)))


def test_an_encoders_last_stage_serves_those_who_read_its_last_level():
    serves = found().serves
    assert serves["encoder.stages.0.0.0.weight"] == ("semseg", "depth", "edges")
    assert serves["encoder.stages.3.0.0.weight"] == ("semseg", "depth")
    assert serves["neck.smooth.0.weight"] == ("semseg", "depth")
    assert serves["depth_head.predict.weight"] == ("depth",)


def test_a_links_weights_for_one_target_are_that_targets_own():
    serves = found(links="links { semseg, depth via nddr }", neck="").serves
    own = {tasks for name, tasks in serves.items() if name.startswith("nddr_1.")}
    assert own == {("semseg",), ("depth",)}


def test_what_no_loss_depends_on_serves_nobody():
    text = BASE.format(balance="equal", neck="shared neck : fpn { dim = 8 }", links="")
    text = text.replace("linear(dim = 8)", "linear(dim = 8, levels = [4])")
    assert "neck.smooth.3.weight" in partition(planned(load(Source("s.mtl", text)))).sets[()]
    assert () not in found().sets


def test_the_table_has_every_set_and_names_the_parts_of_a_module_that_is_split():
    said = table(found())
    assert said.startswith("all tasks: ")
    assert "\nsemseg, depth: " in said
    assert "of it stages.2.0.0.weight" in said
    assert sum(line.startswith("edges: ") for line in said.splitlines()) == 1


@pytest.mark.parametrize(
    ("balance", "words"),
    [
        ("equal", ["one backward pass, of the weighted sum of the losses"]),
        ("upgrad", ["2 sets of tasks", "3 backward passes, one for each task", "are kept until weights are known"]),
        ("upgrad { scope = joint, every = 4 }", ["one weight for each task, anew", "between: 1 backward pass,"]),
        ("upgrad { every = 4 }", ["between: 2 backward passes,"]),
        ("mgda { on = last_shared }", ["down to `encoder`", "1 backward pass, of the weighted sum"]),
    ],
)  # fmt: skip
def test_how_a_step_is_done_is_told(balance, words):
    said = backward(spec(balance).gradients, found(balance=balance))
    for each in words:
        assert each in said


def test_the_commands_print_them(tmp_path, capsys):
    file = tmp_path / "s.mtl"
    file.write_text(BASE.format(balance="upgrad { every = 2 }", neck="", links=""))
    for command in (["compile", str(file), "--emit", "gradients"], ["explain", str(file), "balance"]):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert not ended.value.code
        out = capsys.readouterr().out
        assert "upgrad(every = 2): weights for each of 2 sets of tasks, anew every 2 steps" in out
    assert "balance.gradients.every" in out
    assert "default: the spec names no loss-level method" in out


@pytest.mark.parametrize(
    ("balance", "words"),
    [("dwa", ["dwa"]), ("upgrad", ["upgrad"]), ("lps { gradients = mgda }", ["lps", "mgda"])],
)
def test_a_spec_names_all_its_methods(balance, words):
    assert [each.word for each in spec(balance).balancing] == words
