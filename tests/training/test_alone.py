"""An image that is left alone in the last batch of an epoch, at a size at which batch norm cannot norm it."""

import pytest

import mtlc
from mtlc.source import Source
from mtlc.training.errors import RunError

SPEC = """data rooms { size = 32x32, images = 3, val = 0, test = 0 }
shared encoder : tiny
task depth
train { steps = 2, batch = 2 }
"""


def test_it_is_said_that_one_image_is_left_over_and_what_helps(tmp_path):
    model = mtlc.build(mtlc.load(Source("alone.mtl", SPEC)))
    with pytest.raises(RunError, match="one image by itself where its map is 1x1") as caught:
        mtlc.train(model, tmp_path / "run", device="cpu")
    assert caught.value.hint == (
        "the last batch of an epoch has 1 of 2 images: "
        "take another `train.batch` or a larger `data.size` than 32x32"
    )
