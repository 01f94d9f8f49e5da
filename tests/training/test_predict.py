"""Predictions for image files as people have them: of any size and mode, and now and then broken."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest
import torch
from PIL import Image
from toy import SPEC, toy

from mtlc import api
from mtlc.source import Source
from mtlc.training import predict as module
from mtlc.training.errors import FAILED, USAGE, RunError
from mtlc.training.find_images import find_images
from mtlc.training.finish import finish
from mtlc.training.predict import Failure, Prediction, predict, predict_to

DENSE = ("semseg", "depth", "normals", "edges", "saliency")

ROOMS = SPEC.replace("data rooms", "data rooms { size = 32x48 }").replace(
    "task depth\n", "task depth\ntask normals\ntask edges\ntask saliency\n"
)

TAGGED = """
data folder {
  root     = "."
  manifest = "tagged.yaml"
  size     = 32x48
}
shared encoder : tiny { width = 8 }
task tags
"""

MANIFEST = """
images: photos/{id}.png
splits: { train: [one] }
labels:
  tags: { file: tags.json, path: "tags.{id}", names: names, classes: [hat, shoe] }
"""


@pytest.fixture(scope="module")
def model():
    return api.build(api.load(Source("rooms.mtl", ROOMS)))


@pytest.fixture
def photo():
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def only(model, path, **keys):
    (found,) = predict(model, [path], device="cpu", **keys)
    return found


def saved(photo, path, **keys):
    photo.save(path, **keys)
    return path


def test_an_image_of_an_odd_size_gives_arrays_of_its_own_size(model, photo, tmp_path):
    arrays = only(model, saved(photo, tmp_path / "a.png")).arrays()
    assert {task: array.shape for task, array in arrays.items()} == {
        "semseg": (37, 53), "depth": (37, 53), "normals": (37, 53, 3), "edges": (37, 53), "saliency": (37, 53)
    }  # fmt: skip
    assert arrays.pop("semseg").dtype == np.uint8
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    assert np.linalg.norm(arrays["normals"], axis=-1) == pytest.approx(1, abs=1e-4)
    for task in ("edges", "saliency"):
        assert 0 <= arrays[task].min() <= arrays[task].max() <= 1


def test_it_is_computed_at_the_size_of_training_or_natively_at_its_own(model, photo, tmp_path):
    path = saved(photo, tmp_path / "a.png")
    assert {each.shape[-2:] for each in only(model, path).raw.values()} == {(32, 48)}
    assert {each.shape[-2:] for each in only(model, path, native=True).raw.values()} == {(37, 53)}


def test_an_image_of_the_training_size_is_given_to_the_model_as_it_stands(model, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    raw = only(model, saved(Image.fromarray(pixels), tmp_path / "a.png")).raw
    model.infer.eval()
    with torch.inference_mode():
        expected = model.infer(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    assert all(torch.allclose(raw[task], each[0], atol=1e-5) for task, each in expected.items())


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_every_mode_of_an_image_is_read(model, photo, tmp_path, mode):
    if mode == "I;16":
        image = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    else:
        image = photo.convert(mode)
    path = saved(image, tmp_path / ("a.tiff" if mode == "CMYK" else "a.png"))
    assert only(model, path).arrays()["depth"].shape == (37, 53)


def test_a_photo_is_turned_as_its_exif_entry_says(model, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    found = only(model, saved(photo, tmp_path / "a.jpg", exif=exif))
    assert found.image.size == (37, 53)
    assert found.arrays()["depth"].shape == (53, 37)


def test_only_the_tasks_that_are_wanted_are_computed(model, photo, tmp_path):
    path = saved(photo, tmp_path / "a.png")
    some = only(model, path, tasks=["depth"])
    assert set(some.raw) == {"depth"}
    assert torch.equal(some.raw["depth"], only(model, path).raw["depth"])
    with pytest.raises(RunError, match="`dept`") as caught:
        only(model, path, tasks=["dept"])
    assert caught.value.exit_code == USAGE


def test_files_are_written_for_each_image_of_a_folder(model, photo, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("b.png", "a.JPG", "a.png"):
        photo.save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no image")
    sheets, failures = predict_to(model, [tmp_path / "in"], tmp_path / "out", device="cpu")
    assert [path.name for path in sheets] == ["a_sheet.png", "a_2_sheet.png", "b_sheet.png"]
    assert not failures
    files = {path.name for path in (tmp_path / "out" / "a").iterdir()}
    assert files == {f"{task}.{kind}" for task in DENSE for kind in ("npy", "png")}
    assert np.load(tmp_path / "out" / "a" / "depth.npy").shape == (37, 53)
    with Image.open(tmp_path / "out" / "a" / "semseg.png") as coloured:
        assert (coloured.size, coloured.mode) == ((53, 37), "RGB")


def test_bad_images_are_named_and_the_others_go_on(model, photo, tmp_path):
    good = saved(photo, tmp_path / "good.png")
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:200])
    (tmp_path / "text.png").write_text("no image")
    told = []
    paths = [cut, tmp_path / "text.png", good]
    sheets, failures = predict_to(model, paths, tmp_path / "out", device="cpu", told=told.append)
    assert [failure.path for failure in failures] == paths[:2]
    assert all(str(failure.path) in failure.reason for failure in failures)
    assert told == [*failures, *sheets] and len(sheets) == 1


def test_an_image_that_the_device_has_no_memory_for_fails_alone(model, photo, tmp_path, monkeypatch):
    path = saved(photo, tmp_path / "a.png")
    monkeypatch.setattr(
        model.module("encoder"), "forward", lambda *_: raised(torch.OutOfMemoryError("no memory"))
    )
    found = only(model, path, native=True)
    assert isinstance(found, Failure) and "too little memory" in found.reason


def raised(error):
    raise error


def test_paths_that_lead_to_no_image_are_errors(model, tmp_path):
    with pytest.raises(RunError, match="is not there"):
        only(model, tmp_path / "nothing.png")
    with pytest.raises(RunError, match="holds no image"):
        only(model, tmp_path)
    with pytest.raises(RunError, match="no image is named"):
        list(predict(model, [], device="cpu"))


def test_a_full_disk_ends_it_with_one_error(model, photo, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.np, "save", full)
    with pytest.raises(RunError, match="no space left on device") as caught:
        predict_to(model, [saved(photo, tmp_path / "a.png")], tmp_path / "out", device="cpu")
    assert caught.value.exit_code == FAILED


def test_tags_are_written_as_probabilities_by_name(photo, tmp_path):
    (tmp_path / "tagged.yaml").write_text(MANIFEST)
    model = api.build(api.load(Source("tagged.mtl", TAGGED, tmp_path / "tagged.mtl")))
    sheets, failures = predict_to(model, [saved(photo, tmp_path / "a.png")], tmp_path / "out", device="cpu")
    assert sheets and not failures
    tags = json.loads((tmp_path / "out" / "a" / "tags.json").read_text())
    assert list(tags) == ["hat", "shoe"]
    assert all(0 <= each <= 1 for each in tags.values())


def test_classes_are_decided_after_resizing_as_if_all_scores_were_there_at_once():
    scores = torch.randn(5, 7, 9)
    expected = torch.nn.functional.interpolate(scores[None], (20, 31), mode="bilinear")[0].argmax(0)
    assert np.array_equal(finish("semseg", scores, (20, 31)), expected.numpy())
    assert finish("semseg", torch.randn(300, 2, 2), (2, 2)).dtype == np.uint16


def test_depth_keeps_its_metres_and_normals_their_length_when_resized():
    assert finish("depth", torch.full((1, 4, 4), 2.5), (9, 5)) == pytest.approx(2.5)
    normals = finish("normals", torch.tensor([0.0, 0.0, -3.0])[:, None, None].expand(3, 4, 4), (8, 8))
    assert normals == pytest.approx(np.broadcast_to([0, 0, -1], (8, 8, 3)))


def test_a_prediction_of_a_run_is_what_the_python_api_gives(model, photo, tmp_path):
    found = next(iter(api.predict(model, [saved(photo, tmp_path / "a.png")], device="cpu")))
    assert isinstance(found, Prediction)
    assert set(found.arrays()) == set(DENSE)


def test_a_folder_that_cannot_be_written_is_wrong_usage_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")
    model = toy()
    model.module("encoder").register_forward_pre_hook(lambda *_: pytest.fail("computed"))
    with pytest.raises(RunError, match=r"cannot write .*: not a directory") as caught:
        predict_to(model, [tmp_path], tmp_path / "file" / "maps", device="cpu")
    assert caught.value.exit_code == USAGE


def test_a_folder_of_folders_says_that_they_are_not_entered(tmp_path):
    (tmp_path / "inner").mkdir()
    with pytest.raises(RunError, match="holds no image") as caught:
        find_images([tmp_path])
    assert caught.value.hint == f"subfolders are not entered: name them, such as `{tmp_path / 'inner'}`"
