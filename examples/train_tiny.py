"""From a spec to predictions in Python: load, check, compile, build, train, predict, and changing values.

python examples/train_tiny.py [STEPS]
"""

import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image

import mtlc
from mtlc.data.open import open_data
from mtlc.spec import Spec

SPEC = Path(__file__).parent.parent / "specs" / "tiny.mtl"


def main(steps: int = 100) -> None:
    assert mtlc.check(SPEC) == []  # every mistake would be here, with its place and a way out

    small = {"train.steps": steps, "data.images": 8 * steps, "data.val": 16, "data.test": 16}
    spec = mtlc.load(SPEC, small)  # the same as --set on the command line

    depth_only = mtlc.compile(spec, tasks=["depth"])  # a torch.fx module without what depth does not need
    print(depth_only.code)
    print(depth_only(torch.rand(1, 3, 97, 131))["depth"].shape)  # any image size

    with tempfile.TemporaryDirectory() as folder:
        model = mtlc.build(spec)
        run = mtlc.train(model, Path(folder) / "run")
        print(run.test.metrics if run.test else "no test split")
        for each in mtlc.predict(run, photos(spec, Path(folder) / "photos")):
            print(each.path.name, {task: array.shape for task, array in each.arrays().items()})


def photos(spec: Spec, folder: Path) -> Path:
    """Some rooms as image files; a folder of your own photos serves as well."""
    folder.mkdir()
    rooms = open_data(spec.data, "test")
    for index in range(4):
        pixels = (rooms.load(index).image.permute(1, 2, 0) * 255).byte().numpy()
        Image.fromarray(pixels).save(folder / f"room-{index}.png")
    return folder


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
