"""Cross-task consistency: which pairs there are, who learns from them, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from agreeing import KINDS, SIZE, embeddings, generator, gradients, only, row, spoilt, view
from torch import Tensor

from mtlc.nn.agreement import View
from mtlc.nn.cross_task import CrossTask

FOUR = ("depth", "normals", "parts", "tags")
MIXED: tuple[Sequence[str], ...] = (("depth", "tags"), (), FOUR, ("parts", "normals"))


def pairwise(*tasks: str, weight: float = 1.0) -> CrossTask:
    torch.manual_seed(0)
    return CrossTask(embeddings(*tasks or FOUR), 2, weight).double()


def some(*rows: Sequence[str], tasks: Sequence[str] = FOUR, seed: int = 1) -> View:
    return only(view(*rows, seed=seed), tasks)


def descend(module: CrossTask, of: View) -> Tensor:
    loss = module([of], SIZE, generator())
    loss.sum().backward()
    return loss.detach()


def by_hand(module: CrossTask, of: View) -> Tensor:
    """One sample's loss without weight, pair by pair."""
    tasks, total = sorted(FOUR), torch.zeros((), dtype=torch.float64)
    for pair, (s, t) in enumerate((s, t) for s in tasks for t in tasks if s != t):
        if of.present[s] or not of.present[t]:
            continue
        source, target = embeddings(s)[s], embeddings(t)[t].double()
        mask = target.valid(of.labels[t]).expand(-1, -1, *SIZE)
        label = target.label(of.labels[t], SIZE).double()
        said = source.double().prediction(of.predictions[s], SIZE, None) * mask
        entered = module.enter[tasks.index(s)](said), module.enter[tasks.index(t)](label)
        a, b = (module.encoder(each, pair)[0] for each in entered)
        cosine = (a * b).sum(1) / (a.square().sum(1) * b.square().sum(1)).sqrt().clamp(min=1e-24)
        known = torch.nn.functional.adaptive_avg_pool2d(mask.double(), (1, 1))
        mean = torch.nn.functional.adaptive_avg_pool2d(label, (1, 1)) / known
        told = target.reconstruction(module.tell[tasks.index(t)](b), mean, known > 0)
        total = total + 1 - cosine.mean() + told[0]
    return total


def test_a_sample_s_loss_is_the_sum_over_its_pairs_of_one_without_and_one_with_a_label(
    without_noise: None,
) -> None:
    module, of = pairwise(weight=1.5), some(*MIXED)
    of.labels["depth"][:, :, :9], of.labels["parts"][:, :, :7] = 0, 255
    loss, found = descend(module, of), gradients(of)
    weights = {name: weight.grad.clone() for name, weight in module.named_parameters()}
    module.zero_grad()
    for place in range(len(MIXED)):
        alone = row(of, place)
        expected = 1.5 * by_hand(module, alone)
        torch.testing.assert_close(loss[place], expected.detach(), rtol=1e-10, atol=1e-12)
        if expected.requires_grad:
            expected.backward()
        for task, gradient in gradients(alone).items():
            torch.testing.assert_close(found[task][place], gradient[0], rtol=1e-8, atol=1e-12)
    for name, weight in module.named_parameters():
        torch.testing.assert_close(weights[name], weight.grad, rtol=1e-8, atol=1e-9, msg=name)


def test_the_network_learns_through_predictions_without_label_alone_and_the_mapping_as_well() -> None:
    module, of = pairwise(), some(*MIXED)
    descend(module, of)
    for task, gradient in gradients(of).items():
        silent = of.present[task] | torch.tensor([False, True, True, False])
        assert (gradient[silent] == 0).all(), task
        assert (gradient[~silent].flatten(1) != 0).any(1).all(), task
    assert module.encoder.stages[0][0].conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("rows", [(FOUR, FOUR), ((), ())])
def test_where_all_is_labelled_or_nothing_there_is_no_pair_and_no_loss(
    rows: tuple[Sequence[str], ...],
) -> None:
    module, of = pairwise(), some(*rows)
    assert descend(module, of).tolist() == [0, 0]
    assert all((gradient == 0).all() for gradient in gradients(of).values())
    assert module.terms == {"distance": 0, "reconstruction": 0}


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_encoder_passes_grow_with_the_number_of_ordered_pairs(count: int) -> None:
    """Over samples with every set of labels: each of the K (K - 1) pairs as often; two passes a pair and sample."""
    tasks, passes = KINDS[:count], []
    module = pairwise(*tasks)
    module.encoder.register_forward_hook(lambda _, inputs, __: passes.append((inputs[1], len(inputs[0]))))
    rows = [labelled for size in range(count + 1) for labelled in combinations(tasks, size)]
    module([some(*rows, tasks=tasks)], SIZE, generator())
    assert sorted({pair for pair, _ in passes}) == list(range(count * (count - 1)))
    assert sum(samples for _, samples in passes) == sum(2 * len(has) * (count - len(has)) for has in rows)
    assert {samples for _, samples in passes} == {2 * 2 ** (count - 2)}


def test_each_pair_has_a_space_of_its_own() -> None:
    module, of = pairwise(), some(("depth",))
    before = module([of], SIZE, generator())
    norms = [layer.norm for stage in module.encoder.stages for layer in stage]
    used = [pair for pair, (_, target) in enumerate(module.pairs) if module.names[target] == "depth"]
    for norm in norms:
        norm.scale.data[[pair for pair in range(12) if pair not in used]] = 7.0
    assert torch.equal(module([of], SIZE, generator()), before)
    norms[0].scale.data[used[0], 0] = 7.0
    assert not torch.equal(module([of], SIZE, generator()), before)


@pytest.mark.parametrize(("of_floats", "of_ids"), [(math.nan, 255), (1.0, 2), (math.inf, -1)])
def test_what_stands_where_a_label_is_absent_changes_nothing_bit_for_bit(
    of_floats: float, of_ids: int
) -> None:
    seen = []
    for stored in (False, True):
        module, of = pairwise(), some(*MIXED)
        of = spoilt(of, of_floats=of_floats, of_ids=of_ids) if stored else of
        loss = descend(module, of)
        seen.append([loss, *gradients(of).values(), *(weight.grad for weight in module.parameters())])
    assert all(torch.equal(*pair) for pair in zip(*seen, strict=True))


def test_distances_of_a_pair_lie_between_0_and_1() -> None:
    module = pairwise("depth", "parts")
    for seed in range(5):
        module([some(("depth",), seed=seed, tasks=("depth", "parts"))], SIZE, generator(seed))
        assert 0 < module.terms["distance"] <= 1


def test_a_mapping_that_says_the_same_of_everything_does_not_tell_the_label(without_noise: None) -> None:
    told = {}
    for constant in (True, False):
        module = pairwise("depth", "parts")
        of = some(*[("parts",)] * 3, tasks=("depth", "parts"))
        of.labels["parts"][:] = torch.tensor([0, 1, 2])[:, None, None]
        if constant:
            for norm in (layer.norm for stage in module.encoder.stages for layer in stage):
                norm.scale.requires_grad_(False).zero_()
                norm.shift.data.fill_(1.0)
        optimizer = torch.optim.Adam((w for w in module.parameters() if w.requires_grad), lr=0.03)
        for _ in range(25):
            optimizer.zero_grad()
            module([of], SIZE, generator()).mean().backward()
            optimizer.step()
        told[constant] = float(module.terms["reconstruction"])
    assert told[True] > 1.3 * told[False]


def test_the_order_in_which_tasks_are_given_changes_nothing() -> None:
    torch.manual_seed(0)
    turned = CrossTask(dict(reversed(embeddings(*FOUR).items())), 2, 1.0).double()
    of = some(*MIXED)
    assert torch.equal(turned([of], SIZE, generator()), pairwise()([of], SIZE, generator()))


@pytest.mark.parametrize("pair", list(combinations(KINDS, 2)), ids="-".join)
def test_every_pair_of_kinds_works_both_ways(pair: tuple[str, str]) -> None:
    module, of = pairwise(*pair), some(*[(task,) for task in pair], tasks=pair)
    assert (descend(module, of) > 0).all()
    for place, task in enumerate(pair):
        assert gradients(of)[task][1 - place].abs().sum() > 0
        assert gradients(of)[task].isfinite().all()


def test_a_half_precision_step_computes_in_32_bits() -> None:
    module, of = pairwise().float(), some(*MIXED)
    of = replace(of, predictions={task: each.detach().float() for task, each in of.predictions.items()})
    expected = module([of], SIZE, generator())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(module([of], SIZE, generator()), expected, rtol=0, atol=0)
