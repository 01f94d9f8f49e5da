"""Reading images and arrays; whatever a decoder says becomes one clear `DataError`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from mtlc.data.errors import DataError

Array = NDArray[Any]
T = TypeVar("T")


def read_image(path: Path, what: str = "the image") -> Image.Image:
    """A photo as RGB, upright as its EXIF entry says. `what` names it in errors. Raises `DataError`."""
    return _guarded(path, what, lambda: _rgb(ImageOps.exif_transpose(_opened(path))))


def read_array(path: Path, what: str) -> Array:
    """The values of a label file as they stand: H×W, or H×W×channels. Raises `DataError`.

    A palette image gives its indices, a 16-bit one its 16 bits. `.npy` files hold one array.
    """
    array = _guarded(path, what, lambda: _values(path))
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or array.size == 0 or array.dtype.kind not in "buif":
        shape = "x".join(map(str, array.shape)) or "no"
        raise DataError(f"{what} is no picture: `{path}` holds {shape} values of type {array.dtype}")
    return array


def bits_of(array: Array) -> int:
    """How many bits a value of a label file has: 8, 16 or 32."""
    if array.dtype.kind == "b":
        return 8
    return 16 if array.dtype == np.int32 and array.max(initial=0) < 65536 else 8 * array.dtype.itemsize


def fitted(image: Image.Image, size: tuple[int, int]) -> Tensor:
    """A photo at a height and width, bilinear with antialiasing: uint8 H×W×3."""
    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image))


def _opened(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        # Large photos are nothing to warn of; the decoder's own limit still stops a decompression bomb.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path)
        image.load()
    return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")


def _values(path: Path) -> Array:
    if path.suffix.lower() == ".npy":
        return cast(Array, np.load(path, allow_pickle=False))
    image = _opened(path)
    if image.mode in ("LA", "RGBA", "PA"):
        image = image.convert({"LA": "L", "RGBA": "RGB", "PA": "P"}[image.mode])
    return np.array(image)


def _guarded(path: Path, what: str, read: Callable[[], T]) -> T:
    if path.is_file() and not path.stat().st_size:
        hint = "replace the file, or take its id out of the split"
        raise DataError(f"{what} cannot be read: `{path}` is empty (0 bytes)", hint)
    try:
        return read()
    except FileNotFoundError:
        hint = "put it there, or correct the pattern"
        raise DataError(f"{what} is not there: looked for `{path}`", hint) from None
    except PermissionError:
        raise DataError(f"{what} may not be read: `{path}`", "give this user the right to read it") from None
    except UnidentifiedImageError:
        hint = "save it as PNG, JPEG or TIFF"
        raise DataError(f"{what} `{path}` is no picture, or a damaged one", hint) from None
    except Exception as error:  # decoders raise many kinds on a broken file: struct, zlib, value errors
        reason = str(error).split("\n")[0] or type(error).__name__
        hint = "replace the file, or take its id out of the split"
        raise DataError(f"{what} cannot be read: `{path}` is damaged ({reason})", hint) from None
