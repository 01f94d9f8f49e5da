"""Joint-task regularisation: who learns from which term, what counts as a label, and what it costs."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from agreeing import KINDS, SIZE, embeddings, generator, gradients, only, row, spoilt, view
from torch import Tensor

from mtlc.nn.agreement import View
from mtlc.nn.embeddings import Binary, OneHot
from mtlc.nn.joint import Joint

MIXED: tuple[Sequence[str], ...] = (("depth", "tags"), (), KINDS, ("parts", "normals", "scene"))


def joint(*tasks: str, width: int = 2, **weights: float) -> Joint:
    torch.manual_seed(0)
    return Joint(embeddings(*tasks), width, **weights).double()


def two(*rows: Sequence[str]) -> tuple[View, View]:
    return view(*rows, seed=1), view(*rows, seed=2)


def descend(module: Joint, views: Sequence[View]) -> Tensor:
    loss = module(views, SIZE, generator())
    loss.sum().backward()
    return loss.detach()


# --- the formula


def by_hand(module: Joint, one: View, other: View, distance: float, reconstruct: float) -> Tensor:
    """One sample's loss, its tasks one after the other and the encoder copied."""

    def stack(of: View) -> tuple[Tensor, Tensor, Tensor]:
        known, said, mask = [], [], torch.ones(1, 1, *SIZE, dtype=torch.bool)
        for task in sorted(KINDS):
            embedding, prediction = embeddings()[task].double(), of.predictions[task]
            if of.present[task]:
                mask &= embedding.valid(of.labels[task])
                known.append(embedding.label(of.labels[task], SIZE).double())
                said.append(embedding.prediction(prediction.detach(), SIZE, None))
            else:
                known.append(embedding.prediction(prediction, SIZE, None))
                said.append(known[-1])
        return torch.cat(known, 1) * mask, torch.cat(said, 1) * mask, mask

    def apart(a: Tensor, b: Tensor) -> Tensor:
        return 1 - ((a * b).sum(1) / (a.square().sum(1) * b.square().sum(1)).sqrt().clamp(min=1e-24)).mean()

    def rebuilt(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        total, place = torch.zeros((), dtype=torch.float64), 0
        for task in sorted(KINDS):
            embedding = embeddings()[task]
            channels = slice(place, place := place + embedding.channels)
            total = total + embedding.reconstruction(output[:, channels], target[:, channels], mask)[0]
        return total

    frozen = copy.deepcopy(module.autoencoder).requires_grad_(False)
    known, said, _ = stack(one)
    network = apart(frozen(known)[0], frozen(said)[0])
    known, said, mask = (each.detach() for each in stack(other))
    (latent, output), (latent_said, output_said) = module.autoencoder(known), module.autoencoder(said)
    rest = rebuilt(output, known, mask) + rebuilt(output_said, said, mask)
    return distance * (network + reconstruct * apart(latent, latent_said)) + reconstruct * rest


def test_a_batch_of_mixed_label_sets_is_each_sample_s_formula_written_out(without_noise: None) -> None:
    module, (first, second) = joint(distance=3.0, reconstruct=1.7), two(*MIXED)
    holes(first), holes(second)
    loss = descend(module, (first, second))
    found = gradients(first)
    weights = {name: weight.grad.clone() for name, weight in module.named_parameters()}
    module.zero_grad()
    for place in range(len(MIXED)):
        alone = row(first, place), row(second, place)
        expected = by_hand(module, *alone, 3.0, 1.7)
        expected.backward()
        torch.testing.assert_close(loss[place], expected.detach(), rtol=1e-10, atol=1e-12)
        for task, gradient in gradients(alone[0]).items():
            torch.testing.assert_close(found[task][place], gradient[0], rtol=1e-8, atol=1e-12)
    for name, weight in module.named_parameters():
        torch.testing.assert_close(weights[name], weight.grad, rtol=1e-8, atol=1e-9, msg=name)


def holes(of: View) -> None:
    """Pixels that each label does not know."""
    of.labels["depth"][:, :, :9] = 0
    of.labels["parts"][:, 5:12, :7] = 255
    of.labels["normals"][:, :, :, -4:] = 0
    of.labels["edges"][:, :, -3:] = 255


def test_the_published_weights_are_the_default() -> None:
    views = two(*MIXED)
    expected = joint(distance=4.0, reconstruct=2.0)(views, SIZE, generator())
    assert torch.equal(joint()(views, SIZE, generator()), expected)


def test_the_terms_are_the_parts_of_the_loss_without_weights_and_carry_no_gradient() -> None:
    module = joint(distance=3.0, reconstruct=1.5)
    loss = module(two(*MIXED), SIZE, generator()).mean()
    apart, inner, rebuilt = (module.terms[key] for key in ("distance", "autoencoder", "reconstruction"))
    torch.testing.assert_close(loss.detach(), 3 * (apart + 1.5 * inner) + 1.5 * rebuilt)
    assert not any(term.requires_grad for term in module.terms.values())


def test_it_says_how_many_views_it_needs() -> None:
    assert Joint.views == (True, False)
    with pytest.raises(ValueError, match="2 further views, not 1"):
        joint()(two(*MIXED)[:1], SIZE)


# --- 1, 2: who learns from what


def test_the_network_s_term_teaches_neither_the_auto_encoder_nor_predictions_that_have_a_label() -> None:
    module, (first, second) = joint(distance=1.0, reconstruct=0.0), two(*MIXED)
    descend(module, (first, second))
    assert all((weight.grad == 0).all() for weight in module.parameters())
    for task, gradient in gradients(first).items():
        silent = first.present[task]
        assert (gradient[silent] == 0).all(), task
        assert (gradient[1].abs() < 1e-15).all(), task  # it has no label at all: nothing to compare with
        silent = silent | torch.tensor([False, True, False, False])
        assert (gradient[~silent].flatten(1) != 0).any(1).all(), task


def test_the_auto_encoder_s_terms_teach_the_network_nothing() -> None:
    module, (first, second) = joint(), two(*MIXED)
    descend(module, (first, second))
    assert all(said.grad is None for said in second.predictions.values())
    others = joint(), (view(*MIXED, seed=1), view(*MIXED, seed=77))
    descend(others[0], others[1])
    for task, gradient in gradients(first).items():
        torch.testing.assert_close(gradients(others[1][0])[task], gradient, rtol=0, atol=0)


def test_the_auto_encoder_learns_the_same_whatever_the_first_view_says() -> None:
    learnt = []
    for seed in (1, 9):
        module = joint()
        descend(module, (view(*MIXED, seed=seed), view(*MIXED, seed=2)))
        learnt.append([weight.grad for weight in module.parameters()])
    torch.testing.assert_close(*learnt, rtol=0, atol=0)
    assert all(weight.abs().sum() > 0 for weight in learnt[0])


def test_a_fully_labelled_sample_teaches_the_network_nothing_and_the_auto_encoder_something() -> None:
    module, (first, second) = joint(), two(KINDS, KINDS)
    assert (descend(module, (first, second)) > 0).all()
    assert module.terms["distance"] > 0
    assert all((gradient == 0).all() for gradient in gradients(first).values())
    assert all(weight.grad.abs().sum() > 0 for weight in module.parameters())


def test_a_sample_without_any_label_agrees_with_itself_and_its_loss_is_finite() -> None:
    module, (first, second) = joint(), two((), ())
    assert descend(module, (first, second)).isfinite().all()
    assert module.terms["distance"].abs() < 1e-12 and module.terms["autoencoder"].abs() < 1e-12
    assert module.terms["reconstruction"] > 0
    assert all(gradient.isfinite().all() for gradient in gradients(first).values())


# --- 3: the distance


def test_predictions_equal_to_the_labels_are_at_distance_0() -> None:
    module, (first, second) = joint(), two(KINDS, ("depth", "parts"))
    first, second = right(first), right(second)
    descend(module, (first, second))
    assert module.terms["distance"].abs() < 1e-12 and module.terms["autoencoder"].abs() < 1e-12


def right(of: View) -> View:
    """Predictions that are the labels, and certain of it."""
    label = of.labels
    said = {
        "parts": torch.nn.functional.one_hot(label["parts"], 4).movedim(-1, 1) * 1e4,
        "scene": torch.nn.functional.one_hot(label["scene"], 3) * 1e4,
        "edges": (2 * label["edges"] - 1) * 1e4,
        "tags": (2 * label["tags"] - 1) * 1e4,
        "depth": label["depth"],
        "normals": 5 * label["normals"],
        "size": label["size"],
    }
    return replace(of, predictions={task: each.double().requires_grad_() for task, each in said.items()})


@pytest.mark.parametrize("seed", range(5))
def test_distances_lie_between_0_and_1(seed: int) -> None:
    torch.manual_seed(seed)
    module = Joint(embeddings(), 2).double()
    rows = [KINDS, ("tags",), ("depth", "normals")]
    module((view(*rows, seed=seed), view(*rows, seed=seed + 9)), SIZE, generator(seed))
    for name in ("distance", "autoencoder"):
        assert 1e-6 < module.terms[name] <= 1


# --- 4: what it costs


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_sample_takes_four_encoder_passes_however_many_tasks_there_are(count: int) -> None:
    tasks, passes = KINDS[:count], []
    module = joint(*tasks)
    module.autoencoder.encoder.register_forward_hook(lambda _, inputs, __: passes.append(len(inputs[0])))
    module([only(each, tasks) for each in two(*MIXED[:3])], SIZE, generator())
    assert sum(passes) == 4 * 3 and len(passes) == 2


def test_every_channel_costs_the_same_parameters_and_a_task_none_besides() -> None:
    def count(*tasks: str) -> int:
        return sum(weight.numel() for weight in joint(*tasks, width=4).parameters())

    assert count("parts") == count("normals", "edges") == count("depth") + 3 * (10 * 4 + 1)


# --- 5: absent labels


@pytest.mark.parametrize(
    ("of_floats", "of_ids"), [(math.nan, 255), (math.inf, -1), (1.0, 2), (-1e30, 10**12)]
)
def test_what_stands_where_a_label_is_absent_changes_nothing_bit_for_bit(
    of_floats: float, of_ids: int
) -> None:
    seen = []
    for stored in (None, (of_floats, of_ids)):
        module, views = joint(), two(*MIXED)
        if stored:
            views = tuple(spoilt(each, of_floats=stored[0], of_ids=stored[1]) for each in views)
        loss = descend(module, views)
        seen.append([loss, *gradients(views[0]).values(), *(weight.grad for weight in module.parameters())])
    assert all(torch.equal(*pair) for pair in zip(*seen, strict=True))
    assert all(each.isfinite().all() for each in seen[1])


def test_a_label_that_says_nothing_counts_as_absent() -> None:
    rows = [("depth", "tags", "parts", "size")], [("parts",)]
    seen = []
    for given in rows:
        module, views = joint(), two(*given)
        for each in views:
            each.labels["depth"][:], each.labels["tags"][:, 2], each.labels["size"][:, 0] = 0, 255, math.nan
        seen.append([descend(module, views), *gradients(views[0]).values()])
    assert all(torch.equal(*pair) for pair in zip(*seen, strict=True))
    assert seen[0][1:][sorted(KINDS).index("tags")].abs().sum() > 0


def test_a_present_label_matters() -> None:
    module, (first, second) = joint(), two(*MIXED)
    expected = module((first, second), SIZE, generator())
    changes = {"parts": lambda x: (x + 1) % 4, "scene": lambda x: (x + 1) % 3, "normals": torch.neg}
    changes |= dict.fromkeys(("edges", "tags"), lambda x: 1 - x)
    for task in KINDS:
        label = changes.get(task, lambda x: 2 * x)(first.labels[task])
        changed = replace(first, labels=first.labels | {task: label})
        differs = module((changed, second), SIZE, generator()) != expected
        assert torch.equal(differs, first.present[task]), task


# --- 6: collapse


def trained(*, constant: bool, steps: int = 30) -> tuple[float, float, float]:
    """Loss, distance and reconstruction after some steps of the auto-encoder, whose encoder may be blind."""
    torch.manual_seed(0)
    tasks = ("depth", "parts")
    module = Joint(embeddings(*tasks), 4)
    first = smooth(only(view((), ("depth",), ("parts",), tasks, seed=1), tasks))
    if constant:
        first_layer = module.autoencoder.encoder.stages[0][0]
        first_layer.conv.weight.requires_grad_(False).zero_()
        first_layer.norm.bias.data.fill_(1.0)  # of zeros alone all cosines would be 0
    optimizer = torch.optim.Adam((w for w in module.parameters() if w.requires_grad), lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = module((first, first), SIZE, generator()).mean()
        loss.backward()
        optimizer.step()
    return float(loss.detach()), float(module.terms["distance"]), float(module.terms["reconstruction"])


def test_an_encoder_that_says_the_same_of_everything_has_a_higher_loss(without_noise: None) -> None:
    blind, sane = trained(constant=True), trained(constant=False)
    assert blind[1] < 1e-5
    assert blind[2] > 1.15 * sane[2]
    assert blind[0] > 1.15 * sane[0]


def smooth(of: View) -> View:
    """Labels and predictions in large patches, other ones in each sample."""
    patch = {
        task: torch.nn.functional.interpolate(each[:, :, :3, :3], SIZE)
        for task, each in of.predictions.items()
    }
    shapes = of.labels | {"parts": of.labels["parts"][:, :3, :3].double()[:, None]}
    maps = {task: torch.nn.functional.interpolate(each[:, :, :3, :3], SIZE) for task, each in shapes.items()}
    maps["parts"] = maps["parts"][:, 0].long()
    return replace(of, predictions={task: each.float() for task, each in patch.items()}, labels=maps)


# --- 7: the joint tensors


def test_joint_tensors_lie_within_0_and_1_are_one_hot_in_the_mask_and_0_outside_it() -> None:
    first = view(*MIXED, seed=1)
    holes(first)
    stacked = joint().stack(first, SIZE, generator())
    assert 0 < stacked.mask[3].float().mean() < 1 and stacked.mask[1].all()
    for each in (stacked.known, stacked.said):
        assert each.shape == (4, 19, *SIZE) and (each >= 0).all() and (each <= 1).all()
        assert (each * ~stacked.mask == 0).all()
        parts = dict(zip(sorted(KINDS), each.split(joint().channels, 1), strict=True))
        for task, embedding in embeddings().items():
            if isinstance(embedding, OneHot):
                assert torch.equal(parts[task].sum(1, keepdim=True), stacked.mask.double())
            if isinstance(embedding, OneHot | Binary):
                assert set(parts[task].unique().tolist()) == {0, 1}


def test_the_mask_is_where_all_labels_of_the_sample_are_known_and_is_the_same_for_both() -> None:
    first = view(("depth", "parts"), ("depth",), ("tags",), seed=1)
    holes(first)
    stacked = joint().stack(first, SIZE, generator())
    depth, parts = first.labels["depth"] > 0, first.labels["parts"][:, None] != 255
    expected = torch.stack([(depth & parts)[0], depth[1], torch.ones_like(depth[2])])
    assert torch.equal(stacked.mask, expected)
    somewhere = torch.cat([stacked.known, stacked.said], 1).abs().sum(1, keepdim=True) > 0
    assert torch.equal(somewhere, expected)


def test_a_task_without_label_has_the_same_draw_in_both() -> None:
    stacked = joint().stack(view((), ("depth",)), SIZE, generator())
    assert torch.equal(stacked.known[0], stacked.said[0])
    unlike = (stacked.known[1] != stacked.said[1]).flatten(1).any(1)
    assert unlike.nonzero().flatten().tolist() == [0]  # depth is the first by name


# --- 8: order


def test_the_order_in_which_tasks_are_given_changes_nothing() -> None:
    torch.manual_seed(0)
    turned = Joint(dict(reversed(embeddings().items())), 2).double()
    views = two(*MIXED)
    assert torch.equal(turned(views, SIZE, generator()), joint()(views, SIZE, generator()))
    assert turned.state_dict().keys() == joint().state_dict().keys()


def test_permuting_channels_and_the_first_and_last_convolutions_leaves_the_loss(without_noise: None) -> None:
    order = {"a": "parts", "b": "depth", "c": "normals", "d": "tags"}
    other = dict(zip(order, reversed(order.values()), strict=True))
    views, losses, built = two(*MIXED), [], []
    for names in (order, other):
        torch.manual_seed(0)
        module = Joint({name: embeddings()[task] for name, task in names.items()}, 2).double()
        built.append(module)
        if names is other:
            places = [place for task in other.values() for place in channels(order)[task]]
            convolutions = [
                (each.autoencoder.encoder.stages[0][0].conv, each.autoencoder.decoder.last[1])
                for each in built
            ]
            (first, last), (to_first, to_last) = convolutions
            to_first.weight.data = first.weight.data[:, places]
            to_last.weight.data, to_last.bias.data = last.weight.data[places], last.bias.data[places]
        losses.append(module([renamed(each, names) for each in views], SIZE, generator()))
    torch.testing.assert_close(*losses, rtol=1e-9, atol=1e-9)


def channels(names: dict[str, str]) -> dict[str, list[int]]:
    found, place = {}, 0
    for task in names.values():
        width = embeddings()[task].channels
        found[task] = list(range(place, place := place + width))
    return found


def renamed(of: View, names: dict[str, str]) -> View:
    def under(values: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: values[task] for name, task in names.items()}

    return View(under(of.predictions), under(of.labels), under(of.present), {})


# --- whole images, arithmetic


@pytest.mark.parametrize("task", ["tags", "scene", "size"])
def test_what_is_said_of_whole_images_takes_part(task: str) -> None:
    without, having = tuple(kind for kind in KINDS if kind != task), (task,)
    module, (first, second) = joint(), two(without, having)
    descend(module, (first, second))
    assert gradients(first)[task][0].abs().min() > 1e-6  # taught by the labels of the others
    dense = [task for task in ("depth", "parts") if gradients(first)[task][1].abs().max() > 0]
    assert dense == ["depth", "parts"]  # and its label teaches them


def test_a_half_precision_step_computes_in_32_bits() -> None:
    module = joint().float()
    views = [floats(each) for each in two(*MIXED)]
    expected = module(views, SIZE, generator())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = module(views, SIZE, generator())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def floats(of: View) -> View:
    said = {task: each.detach().float() for task, each in of.predictions.items()}
    return replace(of, predictions=said)


def test_random_numbers_come_from_the_generator_alone() -> None:
    module, views = joint(), two(*MIXED)
    losses = []
    for seed in (3, 3, 4):
        torch.manual_seed(len(losses))
        losses.append(module(views, SIZE, generator(seed)))
    assert torch.equal(losses[0], losses[1]) and not torch.equal(losses[0], losses[2])


def test_every_pair_of_kinds_can_be_regularised_jointly() -> None:
    for tasks in combinations(KINDS, 2):
        module, views = joint(*tasks), [only(each, tasks) for each in two((tasks[0],), (tasks[1],))]
        assert descend(module, views).isfinite().all()
        assert gradients(views[0])[tasks[1]][0].abs().sum() > 0, tasks
