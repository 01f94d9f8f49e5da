"""Consistency of two views: which predictions learn, from what, and how much."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from agreeing import KINDS, SIZE, embeddings, gradients, row, spoilt, view
from torch import Tensor

from mtlc.nn.agreement import View
from mtlc.nn.consistency import Consistency

MIXED: tuple[Sequence[str], ...] = (("depth", "tags"), (), KINDS, ("parts", "normals", "scene"))


def consistency(weight: float = 1.0) -> Consistency:
    return Consistency(embeddings(), weight)


def descend(module: Consistency, of: View) -> Tensor:
    loss = module([of], SIZE)
    loss.sum().backward()
    return loss.detach()


FARTHEST = {"parts": 2, "scene": 2, "tags": 5, "size": 2, "depth": 1, "edges": 1, "normals": 1}


def by_hand(of: View) -> float:
    """One sample's loss without weight."""
    found = []
    for task in (task for task in KINDS if not of.present[task]):
        now, before = of.predictions[task][0].detach(), of.before[task][0]
        match task:
            case "parts" | "scene":
                now, before = now.softmax(0), before.softmax(0)
            case "edges" | "tags":
                now, before = now.sigmoid(), before.sigmoid()
            case "normals":
                now, before = (torch.nn.functional.normalize(each, dim=0) / 2 for each in (now, before))
            case _:
                mean = 2.0 if task == "depth" else 0.0
                now, before = (torch.special.ndtr(each - mean) for each in (now, before))
        found.append(float((now - before).square().sum(0).mean() / FARTHEST[task]))
    return sum(found) / max(1, len(found))


def test_a_sample_s_loss_is_the_mean_squared_difference_over_its_tasks_without_label() -> None:
    module, of = consistency(weight=3.0), view(*MIXED)
    loss, found = descend(module, of), gradients(of)
    for place in range(len(MIXED)):
        alone = row(of, place)
        assert loss[place].item() == pytest.approx(3 * by_hand(alone), rel=1e-12)
        descend(module, alone)
        for task, gradient in gradients(alone).items():
            torch.testing.assert_close(found[task][place], gradient[0], rtol=1e-10, atol=0)
    assert loss[2] == 0
    torch.testing.assert_close(module.terms["difference"] * 3, module([row(of, 3)], SIZE)[0].detach())


def test_tasks_without_label_learn_from_the_first_view_and_those_with_one_do_not() -> None:
    module, of = consistency(), view(*MIXED)
    for each in of.before.values():
        each.requires_grad_()
    descend(module, of)
    assert all(each.grad is None for each in of.before.values())
    for task, gradient in gradients(of).items():
        assert (gradient[of.present[task]] == 0).all()
        assert (gradient[~of.present[task]].flatten(1).abs().sum(1) > 0).all()


def test_equal_predictions_have_no_loss_and_opposite_ones_at_most_the_weight() -> None:
    module, of = consistency(weight=2.0), view((), ())
    of.before.update({task: each.detach() for task, each in of.predictions.items()})
    assert module([of], SIZE).tolist() == [0, 0]
    for task, each in of.predictions.items():
        scale = 1 if task == "normals" else 1e6
        of.before[task] = -scale * each.detach()
        of.predictions[task] = scale * each.detach()
    assert 1.5 < module([of], SIZE).max() <= 2.0


def test_nothing_is_drawn() -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    consistency()([view(*MIXED)], SIZE)
    assert torch.equal(state, torch.get_rng_state())


def test_a_descent_step_brings_the_predictions_nearer_to_those_of_the_first_view() -> None:
    module, of = consistency(), view((), ("depth",))
    before = descend(module, of)
    for each in of.predictions.values():
        each.data -= 0.5 * each.grad
    assert (module([of], SIZE) < before).all()


def test_a_label_s_content_matters_only_in_whether_there_is_any() -> None:
    of = view(*MIXED)
    expected = consistency()([of], SIZE)
    spoiled = spoilt(of, of_floats=math.nan, of_ids=10**9)
    assert torch.equal(consistency()([spoiled], SIZE), expected)
    of.labels["depth"][0] = 0  # a label that says nothing counts as absent
    assert consistency()([of], SIZE)[0] != expected[0]


def test_it_learns_nothing_itself_and_keeps_mean_and_spread() -> None:
    module = consistency()
    assert not list(module.parameters())
    assert {name.rsplit(".", 1)[-1] for name in module.state_dict()} == {"mean", "std"}
    assert Consistency.views == (True,)
