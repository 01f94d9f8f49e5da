"""Colours of predictions and labels, and the contact sheet they make."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtlc.training.pictures import Panel, colour, contact_sheet, label_panel, overlay, panel, photo
from mtlc.training.pictures.colour import depth_span
from mtlc.training.pictures.oklab import from_rgb, to_rgb
from mtlc.training.pictures.palette import ABSENT, class_colours, depth_colours
from mtlc.training.pictures.panel import Number, Tag
from mtlc.training.pictures.sheet import tile_size

NAN, INF = float("nan"), float("inf")
MAPS = ("semseg", "human_parts", "depth", "normals", "edges", "saliency")
KINDS = (*MAPS, "tags", "classify", "regress")
NAMES = (
    "background",
    "hair",
    "skin",
    "a very long name of a class that fits into no column",
    "chapéu",
)

# Machado, Oliveira and Fernandes, 2009, at full severity; on linear light
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
]
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]


def closest(lab):
    """The least distance between any two colours."""
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + 9 * np.eye(len(lab))
    return distances.min()


def seen_by(matrix, colours):
    share = np.asarray(colours) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ np.array(matrix).T
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def pair(kind, height=32, width=48, classes=5):
    """A prediction of one image and its label."""
    generator = torch.Generator().manual_seed(0)
    noise = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    image = (height, width)
    return {
        "semseg": lambda: (noise(classes, *image), noise(classes, *image).argmax(0)),
        "human_parts": lambda: (noise(classes, *image), noise(classes, *image).argmax(0)),
        "depth": lambda: (noise(1, *image) + 3, noise(1, *image).abs() + 1),
        "normals": lambda: (noise(3, *image), torch.nn.functional.normalize(noise(3, *image), dim=0)),
        "edges": lambda: (noise(1, *image), (noise(1, *image) > 0).float()),
        "saliency": lambda: (noise(1, *image), (noise(1, *image) > 0).float()),
        "tags": lambda: (noise(classes), (noise(classes) > 0).float()),
        "classify": lambda: (noise(classes), noise(classes).argmax()),
        "regress": lambda: (noise(classes), noise(classes)),
    }[kind]()


# --- colours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "apart"), [(2, 0.2), (10, 0.12), (40, 0.08), (150, 0.045), (300, 0.03)])
def test_any_two_classes_look_different(classes, apart):
    colours = class_colours(classes)
    assert colours.shape == (classes, 3)
    assert closest(from_rgb(np.vstack([colours, [ABSENT]]).astype(float))) > apart


@pytest.mark.parametrize("sight", [DEUTERANOPIA, PROTANOPIA])
def test_the_first_ten_classes_stay_apart_for_the_colour_blind(sight):
    assert closest(from_rgb(seen_by(sight, np.vstack([class_colours(10), [ABSENT]])))) > 0.07


def test_a_class_keeps_its_colour_whatever_the_number_of_classes():
    assert np.array_equal(class_colours(60)[:12], class_colours(12))


def test_oklab_and_back_is_the_same_colour():
    colours = class_colours(200)
    assert np.array_equal(to_rgb(from_rgb(colours.astype(float))), colours)


def test_depth_darkens_evenly_from_near_to_far():
    steps = np.diff(from_rgb(depth_colours()[::8].astype(float))[:, 0])  # every eighth: bytes are rounded
    assert steps.mean() < -0.015
    assert steps.std() < 0.08 * -steps.mean()


def test_segmentation_shows_the_class_of_the_highest_score_and_ignores_255_in_labels():
    scores = torch.tensor([[[2.0, 0.0]], [[1.0, 3.0]]])
    assert np.array_equal(colour("semseg", scores)[0], class_colours(2))
    ids = colour("semseg", torch.tensor([[1, 255]]), label=True)
    assert ids[0].tolist() == [class_colours(2)[1].tolist(), list(ABSENT)]


def test_a_prediction_may_have_more_than_255_classes():
    scores = torch.zeros(300, 1, 1)
    scores[255] = 1
    assert colour("semseg", scores)[0, 0].tolist() == class_colours(256)[255].tolist()


def test_depth_runs_over_its_span_and_clamps_beyond():
    near, far = depth_colours()[0].tolist(), depth_colours()[-1].tolist()
    metres = torch.tensor([[[0.5, 1.0, 3.0, 5.0, 99.0]]])
    shown = colour("depth", metres, span=(1.0, 5.0))[0].tolist()
    assert shown == [near, near, depth_colours()[128].tolist(), far, far]


def test_depth_that_was_not_measured_is_dark_grey_in_a_label_and_near_in_a_prediction():
    metres = torch.tensor([[[0.0, NAN, INF, 2.0]]])
    label = colour("depth", metres, label=True, span=(1.0, 5.0))[0].tolist()
    assert label[:3] == [list(ABSENT)] * 3
    prediction = colour("depth", metres, span=(1.0, 5.0))[0].tolist()
    assert prediction[0] == depth_colours()[0].tolist()
    assert prediction[1] == list(ABSENT)


def test_the_span_leaves_out_the_outermost_two_in_a_hundred_and_what_is_absent():
    metres = torch.cat([torch.linspace(1, 5, 1000), torch.tensor([0.0, NAN, INF] * 5)]).reshape(1, 1, -1)
    assert depth_span(metres, label=True) == pytest.approx((1.08, 4.92), abs=0.01)


@pytest.mark.parametrize("value", [0.0, NAN, 2.0])
def test_a_span_of_nothing_or_of_one_depth_is_no_error(value):
    near, far = depth_span(torch.full((1, 2, 2), value), label=True)
    assert near < far


@pytest.mark.parametrize(("least", "most"), [(0.106, 0.124), (3.0, 3.1), (40.0, 41.0)])
def test_noise_on_one_depth_has_nearly_one_colour(least, most):
    metres = torch.linspace(least, most, 256).reshape(1, 16, 16)
    near, far = depth_span(metres)
    assert 0 <= near <= least and far >= most and far - near > 0.499
    drawn = colour("depth", metres).reshape(-1, 3).astype(int)
    assert np.ptp(drawn, axis=0).max() < 70 and np.ptp(depth_colours().astype(int), axis=0).max() > 150


def test_colours_that_only_one_image_has_are_named_so():
    metres = torch.tensor([[[1.0, 2.0]]])
    assert panel("depth", "depth", metres, span=(0.1, 10.0)).note == ""
    assert "own span" in panel("depth", "depth", metres).note


@pytest.mark.parametrize(
    ("kind", "whole", "hole"),
    [
        ("semseg", torch.ones(2, 2), torch.tensor([[1.0, 255.0], [1.0, 1.0]])),
        ("depth", torch.ones(1, 2, 2), torch.tensor([[[1.0, 0.0], [1.0, 1.0]]])),
        ("normals", -torch.ones(3, 2, 2), torch.tensor([[-1.0, 0.0], [-1.0, -1.0]]).expand(3, 2, 2)),
        ("edges", torch.ones(1, 2, 2), torch.tensor([[[1.0, 255.0], [1.0, 1.0]]])),
    ],
)
def test_dark_grey_is_explained_where_a_label_shows_it(kind, whole, hole):
    prediction = torch.ones(2, 2, 2) if kind == "semseg" else whole
    for label, said in ((whole, False), (hole, True)):
        for shown in (panel("t", kind, prediction, label), label_panel("t", kind, label)):
            assert ("dark grey" in shown.note) == said
    assert "dark grey" not in panel("t", kind, prediction).note


def test_tags_have_the_height_of_both_maps_beside_them():
    image = np.zeros((256, 256, 3), np.uint8)
    tags = Panel("tags", tags=tuple(Tag(f"t{n}", 0.9, n == 15) for n in range(16)))
    drawn = [
        ink(contact_sheet(image, [maps, tags])) - ink(contact_sheet(image, [maps, Panel("tags")]))
        for maps in (Panel("maps", image), Panel("maps", image, image))
    ]
    assert drawn[1] > drawn[0] + 5 * 20 * 100  # five bars more: none is cut off


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        ((0, 0, -1), (128, 128, 255)),  # a wall that we face
        ((0, -2, 0), (128, 255, 128)),  # a floor, of any length
        ((1, 0, 0), (255, 128, 128)),  # to the right
        ((0, 0, 0), ABSENT),
        ((NAN, 0, 1), ABSENT),
    ],
)
def test_normals_are_red_to_the_right_green_up_and_blue_to_us(vector, expected):
    shown = colour("normals", torch.tensor(vector, dtype=torch.float32).reshape(3, 1, 1))
    assert shown[0, 0].tolist() == list(expected)


@pytest.mark.parametrize("kind", ["edges", "saliency"])
def test_probabilities_run_from_black_to_white_and_255_in_a_label_is_dark_grey(kind):
    assert colour(kind, torch.tensor([[[-50.0, 0.0, 50.0]]]))[0, :, 0].tolist() == [0, 128, 255]
    label = colour(kind, torch.tensor([[[0.0, 1.0, 255.0]]]), label=True)[0].tolist()
    assert label == [[0, 0, 0], [255, 255, 255], list(ABSENT)]


def test_tags_have_no_map():
    with pytest.raises(ValueError, match="`tags`"):
        colour("tags", torch.zeros(3))


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("label", [False, True])
def test_every_map_has_the_size_of_its_image(kind, label):
    shown = colour(
        kind,
        pair(kind, 7, 11)[label].requires_grad_(kind not in ("semseg", "human_parts") or not label),
        label=label,
    )
    assert shown.shape == (7, 11, 3)
    assert shown.dtype == np.uint8


def test_a_photo_is_rounded_and_clipped():
    assert photo(torch.tensor([[[-1.0, 0.5, 2.0]]]).expand(3, 1, 3))[0, :, 0].tolist() == [0, 128, 255]


def test_an_overlay_mixes_photo_and_colours():
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert overlay(black, white, 0.0).max() == 0
    assert overlay(black, white, 1.0).min() == 255
    assert overlay(black, white, 0.2)[0, 0, 0] == 51
    assert overlay(white, black, 0.2)[0, 0, 0] == 204


# --- panels -------------------------------------------------------------------------------------------------


def test_the_legend_names_the_classes_of_prediction_and_label_the_largest_first():
    scores = torch.nn.functional.one_hot(torch.tensor([[1, 1, 1, 2]]), 5).movedim(-1, 0).float()
    shown = panel("parts", "semseg", scores, torch.tensor([[1, 0, 2, 255]]), names=NAMES)
    assert [swatch.name for swatch in shown.swatches] == ["hair", "skin", "background"]
    assert shown.swatches[0].colour == tuple(class_colours(2)[1].tolist())


def test_a_class_without_a_name_goes_by_its_number():
    assert panel("parts", "semseg", torch.eye(3).reshape(3, 1, 3)).swatches[0].name == "class 0"


def test_depth_and_its_label_share_one_scale_in_metres():
    shown = panel(
        "depth", "depth", torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[2.0, 9.0]]]), span=(1.0, 9.0)
    )
    assert (shown.bar.low, shown.bar.high) == ("1 m", "9 m")
    assert np.array_equal(shown.prediction[0, 1], shown.label[0, 0])
    free = panel("depth", "depth", torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[2.0, 9.0]]]))
    assert np.array_equal(free.prediction[0, 1], free.label[0, 0])
    assert (free.bar.low, free.bar.high) == ("1.06 m", "8.58 m")


def test_tags_are_those_predicted_or_labelled_and_at_least_three():
    scores = torch.tensor([-9.0, 2.0, -1.0, -2.0, -8.0])
    unlabelled = panel("tags", "tags", scores, names=NAMES)
    assert [tag.name for tag in unlabelled.tags] == ["hair", "skin", NAMES[3]]
    labelled = panel("tags", "tags", scores, torch.tensor([1.0, 1.0, 0.0, 255.0, 0.0]), names=NAMES)
    assert [(tag.name, tag.labelled) for tag in labelled.tags] == [
        ("hair", True), ("skin", False), (NAMES[3], None), ("background", True)
    ]  # fmt: skip
    assert labelled.tags[0].probability == pytest.approx(0.8808, abs=1e-4)


def test_human_parts_look_like_any_map_of_classes():
    scores, label = pair("human_parts")
    parts, classes = (panel("task", kind, scores, label, names=NAMES) for kind in ("human_parts", "semseg"))
    assert parts.swatches == classes.swatches
    assert np.array_equal(parts.prediction, classes.prediction) and np.array_equal(parts.label, classes.label)


def test_the_classes_of_an_image_are_the_most_probable_and_the_labelled_one():
    scores = torch.tensor([-9.0, 2.0, -1.0, 1.0, -8.0])
    bare = panel("room", "classify", scores, names=NAMES)
    assert [(tag.name, tag.labelled) for tag in bare.tags] == [
        ("hair", None), (NAMES[3], None), ("skin", None)
    ]  # fmt: skip
    assert bare.note == "" and sum(tag.probability for tag in bare.tags) == pytest.approx(1, abs=1e-3)
    labelled = panel("room", "classify", scores, torch.tensor(4), names=NAMES)
    assert [tag.labelled for tag in labelled.tags] == [False, False, False, True]
    assert labelled.tags[-1].name == "chapéu" and labelled.note
    assert panel("room", "classify", scores, torch.tensor(-1), names=NAMES) == replace(bare, title="room")


def test_numbers_stand_beside_what_the_label_knows_of_them():
    shown = panel("pose", "regress", torch.tensor([1.5, -2.0]), torch.tensor([1.0, NAN]), names=("up", "on"))
    assert shown.numbers == (Number("up", 1.5, 1.0), Number("on", -2.0, None)) and shown.note
    for label in (None, torch.tensor([NAN, NAN])):
        bare = panel("pose", "regress", torch.tensor([1.5, -2.0]), label, names=("up", "on"))
        assert [each.labelled for each in bare.numbers] == [None, None] and not bare.note


# --- sheets -------------------------------------------------------------------------------------------------


def find(sheet, picture):
    """How often a picture stands on the sheet, pixel for pixel."""
    page = np.asarray(sheet).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(page, picture.shape)[:, :, 0]
    corners = np.argwhere((windows[:, :, 0, 0] == picture[0, 0]).all(-1))
    return sum(np.array_equal(windows[y, x], picture) for y, x in corners)


@pytest.mark.parametrize("size", [(64, 64), (192, 128), (256, 174), (300, 640), (1, 1), (7, 1000), (1000, 7)])
def test_a_sheet_of_every_kind_and_any_size_is_of_moderate_size(size):
    panels = [panel(kind, kind, *pair(kind, *size), names=NAMES) for kind in KINDS]
    sheet = contact_sheet(np.zeros((*size, 3), np.uint8), panels, title="0001.jpg")
    assert sheet.width <= 1900
    assert sheet.height <= 2600


@pytest.mark.parametrize(
    ("size", "tile"), [((64, 64), (256, 256)), ((192, 128), (256, 384)), ((300, 200), (200, 300))]
)
def test_small_images_are_enlarged_by_whole_factors(size, tile):
    assert tile_size(*size) == tile


@pytest.mark.parametrize("size", [(480, 640), (4000, 3000), (5, 9000), (9000, 5)])
def test_large_images_are_shrunk_in_proportion(size):
    width, height = tile_size(*size)
    assert max(width, height) == 420
    assert width / height == pytest.approx(size[1] / size[0], rel=0.01) or min(width, height) == 1


def test_photo_prediction_and_label_stand_on_the_sheet_unsmoothed():
    generator = np.random.default_rng(0)
    image, *maps = generator.integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
    sheet = contact_sheet(image, [Panel("task", *maps)])
    for each in (image, *maps):
        assert find(sheet, each.repeat(4, axis=0).repeat(4, axis=1)) == 1


def text_at(sheet, y, height=19):
    """The darkness of each pixel in a strip of the sheet."""
    return 255 - np.asarray(sheet.convert("L"))[y : y + height].astype(int)


def test_each_map_has_its_own_name_right_above_it():
    """The same strip of words stands above the prediction with a label and without; another above the label."""
    image, one, two = (np.full((256, 256, 3), grey, np.uint8) for grey in (10, 20, 30))
    both, alone = (contact_sheet(image, [Panel("task", *maps)]) for maps in ((one, two), (one,)))
    page = np.asarray(both)
    tops = [int(np.argwhere((page == grey).all(-1))[0][0]) for grey in (20, 30)]
    names = [text_at(both, top - 24)[:, 300:] for top in tops]
    assert names[0].sum() > 0 and names[1].sum() > 0 and not np.array_equal(*names)
    assert np.array_equal(names[0], text_at(alone, tops[0] - 24)[:, 300:])
    assert int(np.argwhere((page == 10).all(-1))[0][0]) == tops[0], "the photo stands beside the prediction"


def ink(sheet):
    """How many pixels are not paper."""
    return int((np.asarray(sheet) != 255).any(-1).sum())


def test_note_and_title_are_drawn():
    image = np.zeros((64, 64, 3), np.uint8)
    bare = ink(contact_sheet(image, [Panel("task", image)]))
    assert ink(contact_sheet(image, [Panel("task", image, note="how to read it")])) > bare + 100
    assert ink(contact_sheet(image, [Panel("task", image)], title="0001.jpg")) > bare + 100


def test_the_scale_runs_over_all_its_colours():
    image = np.zeros((256, 256, 3), np.uint8)
    bar = panel("depth", "depth", *pair("depth")).bar
    page = np.asarray(contact_sheet(image, [Panel("depth", bar=bar)])).reshape(-1, 3)
    drawn = {tuple(pixel) for pixel in page.tolist()}
    assert {tuple(row) for row in bar.colours.tolist()} <= drawn


def test_tags_are_drawn_with_bars_and_dots():
    image = np.zeros((64, 64, 3), np.uint8)
    inks = [
        ink(contact_sheet(image, [Panel("tags", tags=(Tag("hair", p, labelled),))]))
        for p, labelled in [(0.2, None), (0.9, None), (0.9, False), (0.9, True)]
    ]
    assert inks == sorted(set(inks))
    assert inks[1] > inks[0] + 1000  # the bar, not just other digits


def test_numbers_are_drawn_with_their_labels():
    image = np.zeros((64, 64, 3), np.uint8)
    rows = [(Number("up", 1.5, None),), (Number("up", 1.5, 1.25),), (Number("up", 1.5, 1.25),) * 2]
    inks = [ink(contact_sheet(image, [Panel("pose", numbers=row)])) for row in rows]
    assert inks == sorted(set(inks))
    many = contact_sheet(
        image, [Panel("pose", numbers=(Number("a long name of a value", -1.2e-7, 1e9),) * 99)]
    )
    assert many.height < 500


def test_legend_colours_are_on_the_sheet():
    shown = panel("parts", "semseg", *pair("semseg", 64, 64), names=NAMES)
    sheet = contact_sheet(np.zeros((64, 64, 3), np.uint8), [Panel("parts", swatches=shown.swatches)])
    for swatch in shown.swatches:
        assert find(sheet, np.full((10, 10, 3), swatch.colour)) >= 1


def test_many_tasks_wrap_into_even_rows():
    image = np.zeros((420, 420, 3), np.uint8)
    widths = [contact_sheet(image, [Panel("task", image)] * tasks).width for tasks in (3, 4, 5)]
    assert widths[0] > widths[2] > widths[1] - 1  # four columns; three and two; three and three


def test_the_sheet_is_the_same_every_time():
    sheets = [
        contact_sheet(np.zeros((64, 64, 3), np.uint8), [panel(k, k, *pair(k)) for k in KINDS]).tobytes()
        for _ in range(2)
    ]
    assert sheets[0] == sheets[1]


def titled(*titles):
    image = np.zeros((64, 64, 3), np.uint8)
    return [contact_sheet(image, [Panel(title, image)]).tobytes() for title in titles]


@pytest.mark.parametrize(("name", "bare"), [("chapéu", "chapeu"), ("шляпа", "?????"), ("καπέλο", "??????")])
def test_latin_greek_and_cyrillic_names_are_written_as_they_are(name, bare):
    written, boxes, without = titled(name, "\ufffe" * len(name), bare)
    assert written not in (boxes, without)


def test_accents_that_stand_alone_are_joined_to_their_letters():
    joined, apart = titled("chapéu", "chape\u0301u")
    assert joined == apart


def test_signs_that_the_font_lacks_become_their_plain_letters_or_question_marks():
    odd, plain = titled("ｈat 帽\n\u0007", "hat ???")
    assert odd == plain
