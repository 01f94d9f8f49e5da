"""Metrics against counts and rankings done by hand; every kind against the catalogue's list of names."""

import math

import pytest
import torch

from mtlc.parts.part import named
from mtlc.parts.tasks import Task
from mtlc.training.metrics import metric_for

NAN, INF = float("nan"), float("inf")
KINDS = {
    "semseg": ((2, 4, 5, 6), lambda: torch.randint(0, 4, (2, 5, 6)), 255),
    "depth": ((2, 1, 5, 6), lambda: torch.rand(2, 1, 5, 6) + 0.1, 0.0),
    "normals": ((2, 3, 5, 6), lambda: torch.nn.functional.normalize(torch.randn(2, 3, 5, 6), dim=1), 0.0),
    "edges": ((2, 1, 5, 6), lambda: (torch.rand(2, 1, 5, 6) > 0.6).float(), 255.0),
    "saliency": ((2, 1, 5, 6), lambda: (torch.rand(2, 1, 5, 6) > 0.6).float(), 255.0),
    "tags": ((2, 4), lambda: (torch.rand(2, 4) > 0.5).float(), 255.0),
    "human_parts": ((2, 4, 5, 6), lambda: torch.randint(0, 4, (2, 5, 6)), 255),
    "classify": ((2, 4), lambda: torch.randint(0, 4, (2,)), -1),
    "regress": ((2, 4), lambda: torch.randn(2, 4), NAN),
}
ROWS = ("classify",)  # one entry an image
every_kind = pytest.mark.parametrize("kind", KINDS)


def batch(kind, seed=0):
    torch.manual_seed(seed)
    shape, label, _ = KINDS[kind]
    return torch.randn(shape), label()


def judged(kind, *batches, classes=4):
    metric = metric_for(kind, classes)
    for prediction, label in batches:
        metric.update(prediction, label)
    return metric


def same(one, other):
    return one == pytest.approx(other, nan_ok=True)


# --- what holds for every kind ------------------------------------------------------------------------------


@every_kind
def test_the_figures_are_those_of_the_catalogue(kind):
    assert set(judged(kind, batch(kind)).result()) == {m.name for m in named(Task)[kind].metrics}


def test_every_kind_of_the_catalogue_has_a_metric():
    own = [word for word, part in named(Task).items() if part.__module__.startswith("mtlc.")]
    assert sorted(own) == sorted(KINDS)


@every_kind
def test_the_figures_do_not_depend_on_how_the_split_is_cut_into_batches(kind):
    (p1, l1), (p2, l2) = batch(kind, 1), batch(kind, 2)
    together = judged(kind, (torch.cat([p1, p2]), torch.cat([l1, l2])))
    apart = judged(kind, (p1, l1), (p2[:1], l2[:1]), (p2[1:], l2[1:]))
    assert same(apart.result(), together.result())
    assert apart.counted == together.counted
    assert apart.counted["images"] == 4


@every_kind
@pytest.mark.parametrize("junk", [1e9, -1e9])
def test_what_is_predicted_where_nothing_is_labelled_does_not_matter(kind, junk):
    prediction, label = batch(kind)
    absent = KINDS[kind][2]
    label[..., 0] = absent
    other = prediction.clone()
    other[(0,) if kind in ROWS else (..., 0)] = junk
    assert judged(kind, (other, label)).result() == judged(kind, (prediction, label)).result()
    entries = label[:, :1].numel() if kind == "normals" else label.numel()
    counted = judged(kind, (prediction, label)).counted
    assert next(iter(counted.values())) == entries - entries // label.shape[-1]


@every_kind
def test_an_image_with_an_empty_label_is_not_counted(kind):
    prediction, label = batch(kind)
    label[1] = KINDS[kind][2]
    metric = judged(kind, (prediction, label))
    assert metric.counted["images"] == 1
    assert same(metric.result(), judged(kind, (prediction[:1], label[:1])).result())


@every_kind
@pytest.mark.parametrize("rows", [0, 2])
def test_nothing_labelled_gives_no_number(kind, rows):
    prediction, label = batch(kind)
    metric = judged(kind, (prediction[:rows], torch.full_like(label, KINDS[kind][2])[:rows]))
    assert all(math.isnan(value) for value in metric.result().values())
    assert set(metric.counted.values()) == {0}
    assert all(math.isnan(value) for value in metric_for(kind, 4).result().values())


@every_kind
def test_predictions_of_16_bits_with_a_gradient_are_accepted(kind):
    prediction, label = batch(kind)
    narrow = prediction.bfloat16()
    assert same(
        judged(kind, (narrow.requires_grad_(), label)).result(),
        judged(kind, (narrow.detach().float(), label)).result(),
    )


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="`pose`"):
        metric_for("pose", 3)


# --- each kind ----------------------------------------------------------------------------------------------


def scores(*classes, count=4):
    return torch.nn.functional.one_hot(torch.tensor([[classes]]), count).movedim(-1, 1).float().flatten(2, 3)


def ids(*classes):
    return torch.tensor([[classes]])


def test_miou_counts_over_the_split_and_leaves_out_what_is_neither_there_nor_predicted():
    metric = metric_for("semseg", 4)
    metric.update(scores(0, 0, 1, 1).reshape(1, 4, 1, 4), ids(0, 1, 1, 255))
    metric.update(scores(0, 0, 0, 2).reshape(1, 4, 1, 4), ids(0, 0, 0, 0))
    ious = [4 / 6, 1 / 2, 0 / 1]  # class 3 is nowhere; class 2 is only predicted
    assert metric.result()["miou"] == pytest.approx(sum(ious) / 3)
    assert metric.result()["accuracy"] == pytest.approx(5 / 7)
    assert metric.per_class == pytest.approx([*ious, NAN], nan_ok=True)
    assert metric.counted == {"pixels": 7, "images": 2}


def test_a_prediction_on_an_ignored_pixel_is_no_false_positive():
    metric = metric_for("semseg", 2)
    metric.update(scores(0, 1, count=2).reshape(1, 2, 1, 2), ids(0, 255))
    assert metric.result() == {"miou": 1.0, "accuracy": 1.0}


def depths(*values):
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_depth_errors_are_over_all_measured_pixels_and_not_over_images():
    metric = metric_for("depth", 0)
    metric.update(depths(1.0, 9.0, 9.0, 9.0), depths(2.0, 0.0, NAN, INF))
    metric.update(depths(5.0, 2.0, 4.5, 9.0), depths(4.0, 4.0, 4.5, -1.0))
    assert metric.result() == pytest.approx(
        {"rmse": math.sqrt(6 / 4), "abs_err": 4 / 4, "abs_rel": (1 / 2 + 1 / 4 + 2 / 4) / 4}
    )
    assert metric.counted == {"pixels": 4, "images": 2}


def vectors(*rows):
    return torch.tensor(rows).T.reshape(1, 3, 1, -1)


def test_the_normals_error_is_the_angle_whatever_the_length_of_the_prediction():
    metric = metric_for("normals", 0)
    prediction = vectors([0.0, 0.0, -7.0], [0.0, 3.0, 0.0], [0.1, 0.0, 0.0], [1.0, 1.0, 0.0])
    label = vectors([0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    metric.update(prediction, label)
    assert metric.result() == pytest.approx({"mean_err": (0 + 90 + 180 + 45) / 4, "within_11": 1 / 4})


@pytest.mark.parametrize("degrees", [1e-4, 1.0, 11.24, 11.26, 90.0, 179.999])
def test_angles_of_any_size_are_exact(degrees):
    angle = math.radians(degrees)
    metric = metric_for("normals", 0)
    metric.update(
        torch.tensor([math.cos(angle), math.sin(angle), 0.0], dtype=torch.float64).reshape(1, 3, 1, 1),
        torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64).reshape(1, 3, 1, 1),
    )
    assert metric.result()["mean_err"] == pytest.approx(degrees, rel=1e-9)
    assert metric.result()["within_11"] == (degrees < 11.25)


def test_a_direction_of_length_zero_is_off_by_90_degrees():
    metric = metric_for("normals", 0)
    metric.update(vectors([0.0, 0.0, 0.0]), vectors([0.0, 0.6, -0.8]))
    assert metric.result()["mean_err"] == pytest.approx(90)


def logits(*probabilities):
    return torch.logit(torch.tensor(probabilities, dtype=torch.float64)).reshape(1, 1, 1, -1)


def truth(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


def test_edge_f1_is_per_pixel_at_one_half_over_the_split():
    metric = metric_for("edges", 0)
    metric.update(logits(0.9, 0.6, 0.4, 0.1), truth(1, 0, 1, 0))
    metric.update(logits(0.51, 0.49, 0.7, 0.99, 0.99), truth(1, 0, 0, 255, NAN))
    assert metric.result() == {"f1": pytest.approx(2 * 2 / (2 * 2 + 2 + 1))}
    assert metric.counted == {"pixels": 7, "images": 2}


def test_a_score_of_zero_is_not_found():
    metric = metric_for("edges", 0)
    metric.update(torch.zeros(1, 1, 1, 2), truth(1, 0))
    assert metric.result() == {"f1": 0.0}


def by_hand(probabilities, labels, threshold, beta_squared):
    pairs = list(zip(probabilities, labels, strict=True))
    right = sum(p > threshold and y == 1 for p, y in pairs)
    found, there = sum(p > threshold for p in probabilities), sum(labels)
    if not right:
        return 0.0
    precision, recall = right / found, right / there
    return (1 + beta_squared) * precision * recall / (beta_squared * precision + recall)


def test_max_f_is_the_best_over_thresholds_from_005_to_095_with_beta_squared_03():
    generator = torch.Generator().manual_seed(3)
    probabilities = (torch.rand(400, generator=generator) * 0.98 + 0.01).tolist()
    labels = [int(p + noise > 0.75) for p, noise in zip(probabilities, torch.rand(400).tolist(), strict=True)]
    metric = metric_for("saliency", 0)
    metric.update(logits(*probabilities), truth(*labels))
    expected = max(by_hand(probabilities, labels, t / 20, 0.3) for t in range(1, 20))
    assert metric.result()["max_f"] == pytest.approx(expected)
    right = sum(p > 0.5 and y == 1 for p, y in zip(probabilities, labels, strict=True))
    either = sum(p > 0.5 or y == 1 for p, y in zip(probabilities, labels, strict=True))
    assert metric.result()["iou"] == pytest.approx(right / either)


@pytest.mark.parametrize(
    ("zero", "one", "best"),
    [(0.94, 0.97, 1.0), (0.96, 0.97, 1.3 / 2.3), (0.03, 0.06, 1.0), (0.03, 0.04, 0.0)],
)
def test_the_thresholds_of_max_f_span_005_to_095(zero, one, best):
    metric = metric_for("saliency", 0)
    metric.update(logits(zero, one), truth(0, 1))
    assert metric.result()["max_f"] == pytest.approx(best)


def average_precision(scores, labels):
    """The definition, threshold by threshold: the sum of (R_n - R_{n-1}) P_n."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        found = [y for s, y in zip(scores, labels, strict=True) if s >= threshold]
        recall = sum(found) / sum(labels)
        total += (recall - recall_before) * sum(found) / len(found)
        recall_before = recall
    return total


def test_average_precision_of_a_small_ranking():
    metric = metric_for("tags", 1)
    metric.update(torch.tensor([[0.1], [0.4], [0.35], [0.8]]), torch.tensor([[0.0], [0.0], [1.0], [1.0]]))
    assert metric.result()["map"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_map_follows_its_definition_with_and_without_ties(levels):
    generator = torch.Generator().manual_seed(levels)
    prediction = torch.randint(0, levels, (60, 5), generator=generator).float() - levels / 2
    label = (torch.rand(60, 5, generator=generator) > 0.7).float()
    label[:, 3] = 0  # a class that no image has
    label[::4, 1] = 255
    expected = []
    for c in (0, 1, 2, 4):
        known = label[:, c] != 255
        expected.append(average_precision(prediction[known, c].tolist(), label[known, c].tolist()))
    metric = judged("tags", (prediction[:25], label[:25]), (prediction[25:], label[25:]), classes=5)
    assert metric.result()["map"] == pytest.approx(sum(expected) / 4)
    assert math.isnan(metric.per_class[3])


def test_tag_f1_is_one_figure_over_all_known_pairs_at_one_half():
    prediction = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 0.1, 9.0]])
    label = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 255.0]])
    metric = judged("tags", (prediction, label), classes=3)
    assert metric.result()["f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert metric.counted == {"pairs": 5, "images": 2}


def test_accuracy_is_over_labelled_images_and_its_mean_over_the_classes_that_some_image_has():
    metric = metric_for("classify", 4)
    said = torch.nn.functional.one_hot(torch.tensor([0, 0, 1, 2, 3, 1]), 4).float()
    metric.update(said[:3], torch.tensor([0, 1, 1]))
    metric.update(said[3:], torch.tensor([1, -1, -1]))
    assert metric.result() == pytest.approx({"accuracy": 2 / 4, "mean_accuracy": (1 / 1 + 1 / 3) / 2})
    assert metric.per_class == pytest.approx([1.0, 1 / 3, NAN, NAN], nan_ok=True)
    assert metric.counted == {"images": 4}
    assert [row["labelled images"] for row in metric.by_class()] == [1, 3, 0, 0]
    assert [row["predicted images"] for row in metric.by_class()] == [2, 1, 1, 0]
    assert metric.confusion[1].tolist() == [1, 1, 1, 0]  # label by prediction


def test_numbers_are_judged_over_all_known_ones_and_r2_value_by_value():
    prediction = torch.tensor([[1.0, 10.0, 5.0], [2.0, 30.0, 5.0], [4.0, 9.9, 9.0], [0.0, 0.0, 0.0]])
    label = torch.tensor([[1.0, 20.0, 7.0], [3.0, 10.0, 7.0], [5.0, NAN, 7.0], [NAN, NAN, NAN]])
    metric = judged("regress", (prediction[:1], label[:1]), (prediction[1:], label[1:]), classes=3)
    errors = [0, 1, 1, 10, 20, 2, 2, 2]
    r2 = (1 - (0 + 1 + 1) / (4 + 0 + 4), 1 - (100 + 400) / (25 + 25))  # the third value never changes
    assert metric.result() == pytest.approx(
        {
            "mae": sum(errors) / 8,
            "rmse": math.sqrt(sum(e * e for e in errors) / 8),
            "r2": sum(r2) / 2,
        }
    )
    assert metric.counted == {"values": 8, "images": 3}
    rows = metric.by_class()
    assert [row["mae"] for row in rows] == pytest.approx([2 / 3, 15, 2])
    assert [row["r2"] for row in rows] == pytest.approx([*r2, NAN], nan_ok=True)
    assert [row["known images"] for row in rows] == [3, 2, 3]


def test_r2_does_not_lose_a_small_spread_about_a_large_mean():
    label = 1e6 + torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    metric = judged("regress", (label + 0.5, label), classes=1)
    assert metric.result()["r2"] == pytest.approx(1 - 4 * 0.25 / 5)


def test_r2_of_one_image_is_not_defined():
    assert math.isnan(judged("regress", (torch.zeros(1, 1), torch.ones(1, 1)), classes=1).result()["r2"])


def test_a_binary_confusion_is_label_by_prediction_at_a_half():
    metric = metric_for("edges", 0)
    prediction = torch.tensor([2.0, 2.0, -2.0, -2.0, -2.0, 5.0]).reshape(1, 1, 2, 3)
    label = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 255.0]).reshape(1, 1, 2, 3)
    metric.update(prediction, label)
    assert metric.confusion.tolist() == [[2, 1], [1, 1]]


def test_each_tag_has_the_images_behind_its_figure():
    metric = metric_for("tags", 2)
    metric.update(
        torch.tensor([[2.0, -1.0], [1.0, -3.0], [-1.0, 4.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 255.0], [1.0, 0.0]]),
    )
    first, second = metric.by_class()
    assert (first["tagged images"], first["predicted images"], first["known images"]) == (2, 2, 3)
    assert (second["tagged images"], second["predicted images"], second["known images"]) == (0, 1, 2)
    assert first["average precision"] == pytest.approx((1 + 2 / 3) / 2) and math.isnan(
        second["average precision"]
    )
