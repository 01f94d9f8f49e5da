"""Embeddings: values in [0, 1], what counts as known, draws, gradients, and mean and spread of numbers."""

from __future__ import annotations

import math

import pytest
import torch
from agreeing import KINDS, SIZE, UNKNOWN, embeddings, generator, labels, predictions
from torch import Tensor

from mtlc.nn.embeddings import Binary, OneHot, Squashed, Unit

NAN = math.nan


def task(kind: str) -> tuple:
    return embeddings(kind)[kind], labels(2)[kind], predictions(2)[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_labels_and_predictions_become_maps_of_the_image_s_size_within_0_and_1(kind: str) -> None:
    embedding, label, said = task(kind)
    shape = (2, embedding.channels, *SIZE)
    drawn = embedding.prediction(20 * said, SIZE, generator())
    for each in (embedding.label(label, SIZE), drawn, embedding.soft(20 * said, SIZE)):
        assert each.shape == shape
        assert each.min() >= 0 and each.max() <= 1 and each.max() > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_pass_to_predictions_whole_images_too(kind: str) -> None:
    embedding, _, said = task(kind)
    for embed in (lambda x: embedding.prediction(x, SIZE, generator()), lambda x: embedding.soft(x, SIZE)):
        said = said.detach().requires_grad_()
        maps = embed(said)
        (maps * torch.randn(maps.shape, dtype=torch.float64, generator=generator())).sum().backward()
        assert (said.grad != 0).all() and said.grad.isfinite().all()


@pytest.mark.parametrize("kind", [*UNKNOWN, "size"])
def test_an_unknown_pixel_is_not_valid_and_0_and_an_unknown_whole_image_as_well(kind: str) -> None:
    embedding, label, _ = task(kind)
    assert embedding.valid(label).all()
    assert embedding.valid(label).shape == (2, 1, *((1, 1) if embedding.whole_image else SIZE))
    (label[:1] if kind == "scene" else label[0, ..., :1]).fill_(UNKNOWN.get(kind, NAN))
    valid = embedding.valid(label).expand(-1, 1, *SIZE)
    assert valid[1].all() and not valid[0, ..., 0].any()
    assert valid[0, ..., 1:].all() or embedding.whole_image
    assert (embedding.label(label, SIZE)[0, :, :, 0] == 0).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("parts", "scene")])
@pytest.mark.parametrize("value", [NAN, math.inf, -math.inf])
def test_what_is_not_finite_is_not_known_and_never_gets_into_the_map(kind: str, value: float) -> None:
    embedding, label, _ = task(kind)
    label[:, 0] = value
    assert not embedding.valid(label).any()
    assert (embedding.label(label, SIZE) == 0).all()


@pytest.mark.parametrize("value", [-7, 4, 999])
def test_a_class_that_is_none_of_the_classes_is_not_known(value: int) -> None:
    label = torch.full((1, *SIZE), value)
    assert not OneHot(4).valid(label).any()
    assert (OneHot(4).label(label, SIZE) == 0).all()


def test_class_255_of_an_image_is_a_class_where_there_are_as_many() -> None:
    assert OneHot(300, whole_image=True).valid(torch.tensor([255, 299, -1, 300])).flatten().tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert not OneHot(300).valid(torch.full((1, 2, 2), 255)).any()


def test_of_a_label_with_one_unknown_tag_nothing_is_known() -> None:
    label = torch.tensor([[0.0, 1, 255], [1, 1, 0]])
    assert Binary(3, whole_image=True).valid(label).flatten().tolist() == [False, True]


def test_a_label_s_map_holds_its_classes_tags_and_directions() -> None:
    assert OneHot(3).label(torch.tensor([[[2, 0]]]), (1, 2))[0, :, 0].tolist() == [[0, 1], [0, 0], [1, 0]]
    tags = Binary(2, whole_image=True).label(torch.tensor([[1.0, 0]]), (1, 2))
    assert tags[0, :, 0].tolist() == [[1, 1], [0, 0]]
    direction = torch.tensor([0.0, 0, -1]).reshape(1, 3, 1, 1)
    assert Unit().label(direction, (1, 1)).flatten().tolist() == [0.5, 0.5, 0]
    assert Unit().soft(7 * direction, (1, 1)).flatten().tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("kind", ["parts", "scene", "edges", "tags"])
def test_what_is_drawn_is_exactly_0_or_1_and_one_class_of_several(kind: str) -> None:
    embedding, _, said = task(kind)
    drawn = embedding.prediction(said, SIZE, generator())
    assert set(drawn.unique().tolist()) == {0, 1}
    if isinstance(embedding, OneHot):
        assert (drawn.sum(1) == 1).all()


@pytest.mark.parametrize("kind", ["parts", "edges"])
def test_draws_follow_the_predicted_probabilities(kind: str) -> None:
    embedding = embeddings(kind)[kind]
    scores = (
        torch.tensor([1.0, 0, -1, 0.5])[: embedding.channels].reshape(1, -1, 1, 1).expand(1, -1, 200, 200)
    )
    shares = embedding.prediction(scores, (200, 200), generator()).mean((0, 2, 3))
    torch.testing.assert_close(shares, embedding.soft(scores, (200, 200)).mean((0, 2, 3)), atol=0.01, rtol=0)


@pytest.mark.parametrize("kind", ["parts", "scene", "edges", "tags"])
def test_draws_come_from_the_given_generator_alone(kind: str) -> None:
    embedding, _, said = task(kind)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again = (embedding.prediction(said, SIZE, generator()) for _ in range(2))
    assert torch.equal(first, again) and torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first, embedding.prediction(said, SIZE, generator(4)))


@pytest.mark.parametrize("kind", ["scene", "tags"])
def test_of_a_whole_image_there_is_one_draw_not_one_a_pixel(kind: str) -> None:
    embedding, _, said = task(kind)
    drawn = embedding.prediction(said, SIZE, generator())
    assert (drawn == drawn[..., :1, :1]).all()


def test_the_gradient_of_a_draw_is_that_of_the_softmax_with_the_same_noise() -> None:
    scores = torch.randn(1, 3, 1, 1, dtype=torch.float64, generator=generator(), requires_grad=True)
    noise = -torch.empty_like(scores).exponential_(generator=generator(5)).log()
    up = torch.tensor([1.0, -2, 0.5]).reshape(1, 3, 1, 1)
    (expected,) = torch.autograd.grad((up * (scores + noise).softmax(1)).sum(), scores)
    drawn = OneHot(3).prediction(scores, (1, 1), generator(5))
    assert drawn.argmax() == (scores + noise).argmax()
    torch.testing.assert_close(torch.autograd.grad((up * drawn).sum(), scores)[0], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_embedded_in_32_bits(kind: str) -> None:
    embedding, _, said = task(kind)
    assert embedding.prediction(said.bfloat16(), SIZE, generator()).dtype == torch.float32
    assert embedding.prediction(said, SIZE, generator()).dtype == torch.float64


# --- reconstruction


def outputs(kind: str) -> tuple[Tensor, Tensor]:
    embedding, label, _ = task(kind)
    shape = (2, embedding.channels, *SIZE)
    return torch.randn(shape, dtype=torch.float64, generator=generator()), embedding.label(
        label, SIZE
    ).double()


ERRORS = {
    "parts": lambda x, y: -(y * x.sigmoid().log() + (1 - y) * (1 - x.sigmoid()).log()).sum(0),
    "edges": lambda x, y: -(y * x.sigmoid().log() + (1 - y) * (1 - x.sigmoid()).log()).mean(0),
    "depth": lambda x, y: (x.sigmoid() - y).abs().mean(0),
    "normals": lambda x, y: 1 - (x * (2 * y - 1)).sum(0) / x.norm(dim=0) / (2 * y - 1).norm(dim=0),
}
ERRORS |= {"scene": ERRORS["parts"], "tags": ERRORS["edges"], "size": ERRORS["depth"]}


@pytest.mark.parametrize("kind", KINDS)
def test_reconstruction_is_the_mean_error_of_the_mask_s_pixels_of_each_sample(kind: str) -> None:
    output, target = outputs(kind)
    mask = torch.rand(2, 1, *SIZE, generator=generator()) > 0.6
    found = embeddings(kind)[kind].reconstruction(output, target, mask)
    for row in range(2):
        torch.testing.assert_close(found[row], ERRORS[kind](output[row], target[row])[mask[row, 0]].mean())


@pytest.mark.parametrize("kind", KINDS)
def test_reconstruction_is_0_where_the_mask_is_empty_and_its_gradient_finite(kind: str) -> None:
    output, target = outputs(kind)
    output[:] = 0  # a zero vector has no direction
    output.requires_grad_()
    mask = torch.zeros(2, 1, *SIZE, dtype=torch.bool)
    mask[1, 0, 0, 0] = True
    found = embeddings(kind)[kind].reconstruction(output, target * mask, mask)
    assert found[0] == 0 and found[1] > 0
    found.sum().backward()
    assert output.grad.isfinite().all() and (output.grad[0] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_greatest_squared_distance_of_a_pixel_is_what_it_says(kind: str) -> None:
    embedding = embeddings(kind)[kind]
    far = torch.eye(embedding.channels)[:2] if isinstance(embedding, OneHot) else torch.tensor([[0.0], [1.0]])
    if kind == "normals":
        far = Unit().soft(torch.tensor([[1.0, 2, 3], [-1, -2, -3]])[..., None, None], (1, 1)).flatten(1)
    far = far.expand(2, embedding.channels)
    assert (far[0] - far[1]).square().sum().item() == pytest.approx(embedding.farthest)


# --- mean and spread


def test_mean_and_spread_are_those_of_all_known_entries_of_all_labels() -> None:
    numbers = torch.rand(5, 1, 6, 7, generator=generator()) * 3 + 1
    numbers[0, 0, :3], numbers[1, 0, 0, 0], numbers[2, 0, 1] = 0.0, NAN, math.inf
    numbers[3] = 0.0
    known = numbers[(numbers > 0) & numbers.isfinite()].double()
    for parts in ([numbers], list(numbers), [numbers[:2], numbers[2:]]):
        squashed = Squashed(1)
        squashed.fit(parts)
        torch.testing.assert_close(squashed.mean, known.mean().float()[None])
        torch.testing.assert_close(squashed.std, known.std(correction=0).float()[None])


def test_each_number_of_an_image_has_its_own_mean_and_spread() -> None:
    numbers = torch.tensor([[1.0, -100], [3.0, NAN], [NAN, -300], [5.0, -500]])
    for parts in ([numbers], list(numbers)):
        squashed = Squashed(2, whole_image=True)
        squashed.fit(parts)
        torch.testing.assert_close(squashed.mean, torch.tensor([3.0, -300]))
        torch.testing.assert_close(squashed.std, torch.tensor([8 / 3, 80000 / 3]).sqrt())


def test_numbers_far_from_0_lose_no_spread_to_rounding() -> None:
    numbers = 1e6 + 4e3 * torch.rand(1000, 1, dtype=torch.float64, generator=generator())
    squashed = Squashed(1, whole_image=True).double()
    squashed.fit([numbers.float()])
    expected = numbers.float().double().std(correction=0).item()
    assert squashed.std.item() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("value", "std"), [(4.0, 0.004), (-4.0, 0.004), (0.0, 1.0)])
def test_numbers_that_are_all_the_same_still_have_a_spread(value: float, std: float) -> None:
    squashed = Squashed(1, whole_image=True)
    squashed.fit([torch.full((3, 1), value)])
    assert squashed.std.item() == pytest.approx(std)
    assert squashed.soft(torch.tensor([[value]]), (1, 1)).item() == 0.5


def test_what_is_never_known_is_told() -> None:
    with pytest.raises(ValueError, match="no label has a known value: mean"):
        Squashed(1).fit([torch.zeros(1, 4, 4), torch.full((1, 4, 4), NAN)])
    with pytest.raises(ValueError, match="channel 2 of 2"):
        Squashed(2, whole_image=True).fit([torch.tensor([[1.0, NAN]])])
    with pytest.raises(ValueError, match="no label"):
        Squashed(1).fit([])


def test_numbers_enter_through_the_normal_distribution_s_function_of_their_channel() -> None:
    squashed = Squashed(2, whole_image=True).double()
    squashed.mean.copy_(torch.tensor([1.0, -2])), squashed.std.copy_(torch.tensor([0.5, 4]))
    found = squashed.soft(torch.tensor([[1.5, -6.0]], dtype=torch.float64), (1, 1)).flatten()
    expected = [0.5 * (1 + math.erf(z / math.sqrt(2))) for z in (1, -1)]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_mean_and_spread_are_saved() -> None:
    assert set(Squashed(3).state_dict()) == {"mean", "std"}
