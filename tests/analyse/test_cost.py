"""Parameters and multiply-adds, counted against sums done by hand."""

from __future__ import annotations

import pytest

from mtlc.analyse.cost import cost
from mtlc.api import build, planned

SPEC = """
data rooms { size = 64x32 }
shared encoder : tiny { width = 8 }
task semseg { decoder = linear(dim = 16, levels = [8]) }
task depth { decoder = conv_up(dim = 16, levels = [8, 16]) }
"""


@pytest.fixture
def costs(spec):
    def count(text: str):
        found = cost(planned(spec(text)))
        return found, {each.step.name: each for each in found.steps}

    return count


def test_a_pointwise_convolution_costs_inputs_times_outputs_for_each_cell(costs):
    _, steps = costs(SPEC)
    cells = 8 * 4
    assert steps["semseg_decoder"].parameters == 16 * 16 + 16
    assert steps["semseg_decoder"].multiply_adds == 16 * 16 * cells
    assert steps["depth_head"].parameters == 16 + 1
    assert steps["depth_head"].multiply_adds == 16 * cells


def test_a_decoder_costs_its_laterals_and_its_3x3_blocks(costs):
    _, steps = costs(SPEC)
    fine, coarse = 8 * 4, 4 * 2
    assert steps["depth_decoder"].multiply_adds == 16 * 16 * fine + 32 * 16 * coarse + 9 * 16 * 16 * fine
    laterals, block, batch_norm = 16 * 16 + 32 * 16 + 2 * 16, 9 * 16 * 16, 2 * 16
    assert steps["depth_decoder"].parameters == laterals + block + batch_norm


def test_attention_is_counted_with_both_of_its_products(costs):
    _, steps = costs(SPEC + "links { semseg -> depth via attention }\n")
    cells, maps = 8 * 4, 4 * 16 * 16
    assert steps["attention_1_depth"].multiply_adds == cells * maps + 2 * cells * cells * 16


def test_parameters_are_those_of_the_real_model(costs, spec):
    text = SPEC + "links {\n all via kem(etf = 8, heads = 2) then trace_back\n all -> all via coherence\n}\n"
    found, _ = costs(text)
    model = build(spec(text))
    learned = sum(p.numel() for p in model.train.parameters())
    assert found.total.parameters + found.training.parameters == learned
    assert found.total.parameters == sum(p.numel() for p in model.infer.parameters())


def test_the_total_is_what_all_sets_of_tasks_have_together(costs):
    found, _ = costs(SPEC + "links { all via trace_back }\n")
    sets = [found.of(tasks) for tasks in found.sharing.groups]
    assert sum(each.parameters for each in sets) == found.total.parameters
    assert sum(each.multiply_adds for each in sets) == found.total.multiply_adds
    assert found.training.parameters > 0


def test_a_task_alone_needs_its_own_and_what_it_shares(costs):
    found, steps = costs(SPEC)
    own, encoder = found.of(("depth",)), steps["encoder"]
    assert found.needed("depth").parameters == own.parameters + encoder.parameters
    assert own.multiply_adds == steps["depth_decoder"].multiply_adds + steps["depth_head"].multiply_adds


def test_a_large_model_is_counted_without_weights(costs):
    found, steps = costs(
        'data nyud\nshared encoder : timm { model = "swin_small_patch4_window7_224" }\ntask semseg\n'
    )
    assert 48e6 < steps["encoder"].parameters < 50e6
    assert found.size == (448, 576)
