"""Losses against sums written out by hand, over whatever part of the labels is there."""

import math

import pytest
import torch

from mtlc.nn.losses import (
    L1,
    BalancedBce,
    Bce,
    CrossEntropy,
    ImageCrossEntropy,
    Mse,
    NumbersL1,
    SmoothL1,
    TagsBce,
    UnitL1,
)

NAN, INF = float("nan"), float("inf")


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def binary(*shape):
    return (noise(*shape) > 0.3).float()


def some(label, value, *, every=3):
    """The label with every third entry (of the flattened batch) replaced by a value that means absent."""
    label = label.clone()
    label.view(-1)[::every] = value
    return label


def directions(b, h, w):
    return torch.nn.functional.normalize(noise(b, 3, h, w), dim=1)


def holes(normals, value):
    normals = normals.clone()
    normals[:, :, ::2, 1] = value
    return normals


LABELS = {
    "cross_entropy": some(noise(4, 5, 6).abs().mul(2).long().clamp(max=4), 255),
    "l1": some(noise(4, 1, 5, 6).abs() + 0.5, 0.0),
    "unit_l1": holes(directions(4, 5, 6), 0.0),
    "bce": some(binary(4, 1, 5, 6), 255.0),
    "balanced_bce": some(binary(4, 1, 5, 6), 255.0),
    "balanced_bce auto": some(binary(4, 1, 5, 6), 255.0),
    "tags_bce": some(binary(4, 7), 255.0, every=5),
    "image_cross_entropy": torch.tensor([1, -1, 4, 0]),
    "numbers_l1": some(noise(4, 7), NAN, every=5),
    "mse": some(noise(4, 7), NAN, every=5),
    "smooth_l1": some(noise(4, 7), NAN, every=5),
}
LOSSES = {
    "cross_entropy": CrossEntropy(),
    "l1": L1(),
    "unit_l1": UnitL1(),
    "bce": Bce(),
    "balanced_bce": BalancedBce(positive=0.95),
    "balanced_bce auto": BalancedBce(positive=None),
    "tags_bce": TagsBce(),
    "image_cross_entropy": ImageCrossEntropy(),
    "numbers_l1": NumbersL1(),
    "mse": Mse(),
    "smooth_l1": SmoothL1(beta=0.5),
}
NUMBERS = dict.fromkeys(("numbers_l1", "mse", "smooth_l1"), NAN)
ABSENT = {"cross_entropy": 255, "l1": 0.0, "unit_l1": 0.0, "image_cross_entropy": -1} | NUMBERS
IDS = ("cross_entropy", "image_cross_entropy")
every_loss = pytest.mark.parametrize("name", LOSSES)


def prediction_for(name, label):
    shape = (len(label), 5, *label.shape[1:]) if name in IDS else label.shape
    return noise(*shape, seed=1).requires_grad_()


def case(name):
    label = LABELS[name]
    return LOSSES[name], prediction_for(name, label), label


def whole(loss, prediction, label):
    return loss(prediction, label, loss.measure(label))


def absent_mask(name, label):
    """Where nothing is labelled, in the shape of the prediction."""
    if name == "cross_entropy":
        return (label == 255).unsqueeze(1).expand(-1, 5, -1, -1)
    if name == "image_cross_entropy":
        return (label == -1).unsqueeze(1).expand(-1, 5)
    if name in NUMBERS:
        return label.isnan()
    if name == "unit_l1":
        return (label == 0).all(1, keepdim=True).expand_as(label)
    return label == (0 if name == "l1" else 255)


# --- the formulas, by hand ----------------------------------------------------------------------------------


def test_cross_entropy_is_the_sum_over_labelled_pixels_divided_by_their_number():
    scores = torch.tensor([[[[1.0, 0.0, 9.0]], [[2.0, 0.0, -9.0]]]])
    label = torch.tensor([[[1, 0, 255]]])
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert whole(CrossEntropy(), scores, label).item() == pytest.approx(expected, rel=1e-6)


def test_l1_is_in_metres_over_measured_pixels():
    label = torch.tensor([[[[1.0, 0.0, NAN, INF, -3.0, 4.0]]]])
    prediction = torch.tensor([[[[1.5, 7.0, 7.0, 7.0, 7.0, 2.0]]]])
    assert whole(L1(), prediction, label).item() == pytest.approx((0.5 + 2.0) / 2)


def test_unit_l1_forgets_the_length_of_the_prediction_and_counts_pixels_not_numbers():
    label = torch.tensor([[0.0, 0.0, -1.0], [0.6, 0.8, 0.0], [0.0, 0.0, 0.0]]).T.reshape(1, 3, 1, 3)
    prediction = torch.tensor([[3.0, 0.0, -4.0], [6.0, 8.0, 0.0], [1.0, 1.0, 1.0]]).T.reshape(1, 3, 1, 3)
    assert whole(UnitL1(), prediction, label).item() == pytest.approx((0.6 + 0.0 + 0.2) / 2, rel=1e-6)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_the_edge_loss_weighs_ones_by_w_and_zeros_by_one_minus_w():
    scores, label = [0.3, -1.2, 2.0], [1.0, 0.0, 1.0]
    terms = [
        -0.95 * y * math.log(sigmoid(x)) - 0.05 * (1 - y) * math.log(1 - sigmoid(x))
        for x, y in zip(scores, label, strict=True)
    ]
    got = whole(BalancedBce(0.95), torch.tensor([[[scores]]]), torch.tensor([[[label]]]))
    assert got.item() == pytest.approx(sum(terms) / 3, rel=1e-6)


def test_the_edge_loss_is_a_twentieth_of_the_librarys_with_positive_weight_19():
    loss, prediction, label = case("balanced_bce")
    valid = label != 255
    library = torch.nn.functional.binary_cross_entropy_with_logits(
        prediction[valid], label[valid], pos_weight=torch.tensor(19.0)
    )
    assert whole(loss, prediction, label).item() == pytest.approx(0.05 * library.item(), rel=1e-5)


def test_balanced_bce_without_a_weight_takes_the_batchs_share_of_zeros():
    label = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]], [[[255.0, 1.0, NAN, 0.0]]]])
    prediction = noise(2, 1, 1, 4, seed=1)
    fixed = whole(BalancedBce(4 / 6), prediction, label)
    assert whole(BalancedBce(None), prediction, label).item() == pytest.approx(fixed.item(), rel=1e-6)


def test_bce_is_the_mean_over_labelled_pixels():
    scores, label = torch.tensor([[[[0.5, -2.0, 8.0]]]]), torch.tensor([[[[1.0, 0.0, 255.0]]]])
    expected = -(math.log(sigmoid(0.5)) + math.log(1 - sigmoid(-2.0))) / 2
    assert whole(Bce(), scores, label).item() == pytest.approx(expected, rel=1e-6)


def test_tags_bce_is_the_mean_over_known_classes_and_images():
    scores = torch.tensor([[0.5, -2.0], [1.0, 3.0]])
    label = torch.tensor([[1.0, 0.0], [255.0, 1.0]])
    expected = -(math.log(sigmoid(0.5)) + math.log(1 - sigmoid(-2.0)) + math.log(sigmoid(3.0))) / 3
    assert whole(TagsBce(), scores, label).item() == pytest.approx(expected, rel=1e-6)


def test_image_cross_entropy_is_the_mean_over_labelled_images_and_255_is_a_class_like_any_other():
    scores = torch.zeros(3, 300)
    scores[0, 255] = 2.0
    expected = (math.log(299 + math.exp(2)) - 2 + math.log(300)) / 2
    got = whole(ImageCrossEntropy(), scores, torch.tensor([255, -1, 7]))
    assert got.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "terms"),
    [
        (NumbersL1(), (0.5, 3.0, 0.1)),
        (Mse(), (0.25, 9.0, 0.01)),
        (SmoothL1(beta=1.0), (0.125, 2.5, 0.005)),
        (SmoothL1(beta=0.2), (0.5 - 0.1, 3.0 - 0.1, 0.01 / 0.4)),
    ],
)
def test_losses_of_numbers_are_means_over_the_known_ones_of_all_images(loss, terms):
    prediction = torch.tensor([[1.5, -9.0], [2.0, 0.1], [7.0, 7.0]])
    label = torch.tensor([[1.0, NAN], [5.0, 0.0], [NAN, INF]])
    assert whole(loss, prediction, label).item() == pytest.approx(sum(terms) / 3, rel=1e-5)


def test_a_confident_binary_score_keeps_a_finite_loss_and_gradient():
    prediction = torch.tensor([[[[-200.0, 200.0]]]], requires_grad=True)
    for loss in (Bce(), BalancedBce(0.95), BalancedBce(None)):
        (gradient,) = torch.autograd.grad(whole(loss, prediction, torch.tensor([[[[1.0, 0.0]]]])), prediction)
        assert gradient.abs().min() > 0
        assert gradient.isfinite().all()


# --- what holds for every loss ------------------------------------------------------------------------------


@every_loss
def test_the_parts_of_a_batch_sum_to_the_whole_however_it_is_cut(name):
    loss, prediction, label = case(name)
    totals = loss.measure(label)
    for cuts in ([2, 2], [1, 3], [3, 0, 1]):
        pairs = list(zip(prediction.split(cuts), label.split(cuts), strict=True))
        assert torch.equal(sum(loss.measure(part) for _, part in pairs), totals)
        value = sum(loss(rows, part, totals) for rows, part in pairs)
        assert value.item() == pytest.approx(loss(prediction, label, totals).item(), rel=1e-6)
        (got,) = torch.autograd.grad(value, prediction)
        (expected,) = torch.autograd.grad(loss(prediction, label, totals), prediction)
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-9)


@every_loss
@pytest.mark.parametrize("junk", [1e30, NAN, INF, -INF])
def test_what_is_predicted_where_nothing_is_labelled_changes_no_bit(name, junk):
    loss, prediction, label = case(name)
    absent = absent_mask(name, label)
    assert absent.any()
    other = torch.where(absent, junk, prediction.detach()).requires_grad_()
    a, b = whole(loss, prediction, label), whole(loss, other, label)
    assert torch.equal(a, b)
    (ga,), (gb,) = torch.autograd.grad(a, prediction), torch.autograd.grad(b, other)
    assert torch.equal(ga, gb)
    assert (ga[absent] == 0).all()
    assert (ga[~absent] != 0).any()


@pytest.mark.parametrize("name", [name for name in LOSSES if LABELS[name].is_floating_point()])
def test_nan_in_a_label_means_absent(name):
    loss, prediction, label = case(name)
    absent = absent_mask(name, label)
    assert torch.equal(
        whole(loss, prediction, torch.where(absent, NAN, label)), whole(loss, prediction, label)
    )


@every_loss
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_a_batch_with_nothing_labelled_gives_zero_and_no_gradient(name):
    loss, prediction, label = case(name)
    with torch.autograd.detect_anomaly(check_nan=True):  # not even NaN times 0 on the way
        value = whole(loss, prediction, torch.full_like(label, ABSENT.get(name, 255)))
        (gradient,) = torch.autograd.grad(value, prediction)
    assert value.item() == 0
    assert (gradient == 0).all()


@every_loss
def test_no_row_at_all_gives_zero(name):
    loss, prediction, label = case(name)
    value = loss(prediction[:0], label[:0], loss.measure(label[:0]))
    assert value.item() == 0
    value.backward()


@every_loss
def test_the_loss_is_32_bits_wide_for_bf16_predictions_under_autocast(name):
    loss, prediction, label = case(name)
    narrow = prediction.detach().bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = whole(loss, narrow, label)
    assert value.dtype == torch.float32
    assert torch.equal(value, whole(loss, narrow.float(), label))


@every_loss
def test_the_counts_are_integers_that_do_not_round(name):
    loss, _, label = case(name)
    assert loss.measure(label).dtype == torch.int64
    assert loss.measure(label).ndim == 1


def test_a_prediction_of_another_shape_is_refused_instead_of_broadcast():
    with pytest.raises(ValueError, match=r"\(2, 1, 4, 4\) and \(2, 4, 4\)"):
        whole(L1(), noise(2, 1, 4, 4), noise(2, 4, 4))


def test_a_direction_of_length_zero_gets_a_finite_gradient():
    prediction = torch.zeros(1, 3, 2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(whole(UnitL1(), prediction, directions(1, 2, 2)), prediction)
    assert gradient.isfinite().all()
