"""One map as a picture, by the kind of its task. All pictures are H×W×3 uint8 RGB."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtlc.parts.tasks import likeness
from mtlc.training.pictures.palette import ABSENT, class_colours, depth_colours, grey_colours

Picture = NDArray[np.uint8]
Span = tuple[float, float]
IGNORE = 255
LEAST = 0.5  # metres from the nearest to the farthest that a depth's colours tell apart


def photo(image: Tensor) -> Picture:
    """A 3×H×W image of 0 to 1 as a picture."""
    return _bytes(image.detach().float().cpu().movedim(0, -1).numpy() * 255)


def colour(kind: str, value: Tensor, *, label: bool = False, span: Span | None = None) -> Picture:
    """A raw prediction of one image, or a `label`, in colours. What is not there is dark grey.

    - semseg, human_parts: a colour for each class; as prediction C×H×W scores, as label H×W class ids.
    - depth: pale yellow (near) to dark blue (far), over `span` in metres, by default that of `depth_span`.
    - normals: (n + 1) / 2 after turning y up and z towards the camera: red to the right, green up, blue to
      us, so that a wall we face is (128, 128, 255) and a floor (128, 255, 128).
    - edges, saliency: the probability, from black to white.
    """
    value = value.detach().float().cpu()
    match likeness(kind):
        case "semseg":
            return _classes(value if label else value.argmax(0), IGNORE if label else len(value))
        case "depth":
            return _depth(value[0], span or depth_span(value, label=label), label)
        case "normals":
            return _normals(value)
        case "edges" | "saliency":
            return _probability(value[0], label)
    raise ValueError(f"tasks of kind `{kind}` have no map to colour")


def overlay(image: Picture, colours: Picture, strength: float = 0.6) -> Picture:
    """Colours laid over a photo of the same size: 0 is the photo alone, 1 the colours alone."""
    return _bytes(image * (1 - strength) + colours * strength)


def depth_span(*maps: Tensor, label: bool = False) -> Span:
    """Nearest and farthest in metres, without the outermost 2 % at either end, over all the maps together.

    It is wide enough (`LEAST`, and a quarter of the farthest) that noise on one depth does not look like a scene.
    """
    values = torch.cat([each.detach().float().cpu()[_present(each.cpu(), True)] for each in maps])
    if not len(values):
        return 0.0, 1.0
    near, far = np.percentile(values.numpy(), [2, 98]).tolist()
    lacking = max(0.0, LEAST, far / 4) - (far - near)
    if lacking <= 0:
        return near, far
    start = near - lacking / 2
    start = max(start, 0.0) if near >= 0 else start
    return start, start + lacking + far - near


def _classes(ids: Tensor, ignore: int) -> Picture:
    classes = ids.long().numpy()
    present = (classes >= 0) & (classes != ignore)
    table = class_colours(int(classes[present].max(initial=0)) + 1)
    return _where(present, table[np.where(present, classes, 0)])


def _depth(metres: Tensor, span: Span, label: bool) -> Picture:
    near, far = span
    present = _present(metres, label).numpy()
    share = (np.where(present, metres.numpy(), near) - near) / (far - near)
    return _where(present, _ramp(depth_colours(), share))


def _present(metres: Tensor, label: bool) -> Tensor:
    """A label of 0 was not measured; a prediction of 0 is just near."""
    return torch.isfinite(metres) & ((metres > 0) | (not label))


def _normals(vectors: Tensor) -> Picture:
    length = vectors.norm(dim=0)
    present = torch.isfinite(length) & (length > 0)
    unit = torch.nn.functional.normalize(torch.where(present, vectors, 0.0), dim=0)
    shown = unit * torch.tensor([1.0, -1.0, -1.0]).reshape(3, 1, 1)
    return _where(present.numpy(), _bytes((shown.movedim(0, -1).numpy() + 1) / 2 * 255))


def _probability(value: Tensor, label: bool) -> Picture:
    share = value if label else value.sigmoid()
    present = ((share >= 0) & (share <= 1)).numpy()
    return _where(present, _ramp(grey_colours(), np.where(present, share.numpy(), 0.0)))


def _ramp(table: Picture, share: NDArray[np.floating]) -> Picture:
    row = np.round(np.clip(share, 0, 1) * (len(table) - 1)).astype(np.intp)
    shown: Picture = np.take(table, row, axis=0)
    return shown


def _where(present: NDArray[np.bool_], colours: Picture) -> Picture:
    shown: Picture = np.where(present[..., None], colours, np.array(ABSENT, np.uint8))
    return shown


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
