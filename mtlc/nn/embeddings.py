"""How a task's predictions and labels enter a joint tensor: as channels with values in [0, 1].

One class for what the numbers mean, as in joint-task regularisation (Nishi, Kim, Li & Pfister, CVPR 2024).
What a whole image says (`whole_image`) enters as a map that is the same everywhere. All is computed in 32 bits,
in 64 where predictions are.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Size = tuple[int, int]
IGNORE = 255
ABSENT_CLASS = -1  # of a whole image, whose classes may be more than 255
SMALLEST_LENGTH = 1e-6  # a shorter direction has none
SMALLEST_SPREAD = 1e-3  # of numbers, as a share of their mean


class Embedding(nn.Module):
    """Brings one kind of task into a joint tensor of `channels` maps with values in [0, 1].

    `farthest` is the greatest squared distance between two values of a pixel.
    """

    channels: int
    whole_image: bool = False
    farthest: float = 1.0

    def valid(self, label: Tensor) -> Tensor:
        """Bool B×1×H×W, or B×1×1×1 of a whole image: where all of a label's numbers are known."""
        raise NotImplementedError

    def label(self, label: Tensor, size: Size) -> Tensor:
        """B×C×H×W for `size` (H, W): the label, 0 where it is not valid. Never NaN, whatever stands there."""
        raise NotImplementedError

    def prediction(self, prediction: Tensor, size: Size, generator: torch.Generator | None) -> Tensor:
        """B×C×H×W: the prediction, drawn where the kind is discrete; gradients pass."""
        return self.soft(prediction, size)

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        """B×C×H×W: the prediction without drawing; probabilities where the kind is discrete."""
        raise NotImplementedError

    def reconstruction(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """B: how far an auto-encoder's raw output is from an embedded target, both B×C×H×W.

        Mean over the pixels of `mask` (bool B×1×H×W); 0 where it is empty.
        """
        error = torch.where(mask, self.error(output, target), 0.0)
        return error.flatten(1).sum(1) / mask.flatten(1).sum(1).clamp(min=1)

    def error(self, output: Tensor, target: Tensor) -> Tensor:
        """B×1×H×W: what `reconstruction` takes the mean of."""
        raise NotImplementedError


class OneHot(Embedding):
    """One class of several. Label B×H×W int64 (255 = ignored), or B of a whole image (-1 = absent).

    A prediction (scores) is drawn by straight-through Gumbel-softmax at temperature 1 (Jang, Gu & Poole, ICLR
    2017): exactly one-hot, with the gradient of the softmax. Reconstruction: binary cross-entropy of each
    class, summed over the classes.
    """

    farthest = 2.0

    def __init__(self, classes: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image = classes, whole_image

    def valid(self, label: Tensor) -> Tensor:
        absent = ABSENT_CLASS if self.whole_image else IGNORE
        known = (label != absent) & (label >= 0) & (label < self.channels)
        return _with_axes(known.unsqueeze(1))

    def label(self, label: Tensor, size: Size) -> Tensor:
        ids = torch.arange(self.channels, device=label.device).reshape(-1, 1, 1)
        classes = _with_axes(label.unsqueeze(1)) == ids
        return _spread((classes & self.valid(label)).float(), size)

    def prediction(self, prediction: Tensor, size: Size, generator: torch.Generator | None) -> Tensor:
        scores = _exact(prediction)
        soft = (scores + _gumbel(scores, generator)).softmax(1)
        hard = torch.zeros_like(soft).scatter_(1, soft.argmax(1, keepdim=True), 1.0)
        return _spread(_straight_through(hard, soft), size)

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        return _spread(_exact(prediction).softmax(1), size)

    def error(self, output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none").sum(1, keepdim=True)


class Binary(Embedding):
    """Things that hold or do not, each on its own: edges, saliency, tags.

    Label B×C×H×W, or B×C of a whole image, in {0, 1}; anything else (255, NaN) is not known. A prediction
    (scores before the sigmoid) is drawn as one of two classes, as in `OneHot`. Reconstruction: binary
    cross-entropy, mean over the channels.
    """

    def __init__(self, channels: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image, self.farthest = channels, whole_image, float(channels)

    def valid(self, label: Tensor) -> Tensor:
        return _with_axes(_decided(label).all(1, keepdim=True))

    def label(self, label: Tensor, size: Size) -> Tensor:
        return _spread(torch.where(self.valid(label), _with_axes(label), 0.0), size)

    def prediction(self, prediction: Tensor, size: Size, generator: torch.Generator | None) -> Tensor:
        scores = _exact(prediction)
        soft = (scores + _gumbel(scores, generator) - _gumbel(scores, generator)).sigmoid()
        return _spread(_straight_through((soft > 0.5).to(soft.dtype), soft), size)

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        return _spread(_exact(prediction).sigmoid(), size)

    def error(self, output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none").mean(1, keepdim=True)


class Squashed(Embedding):
    """Numbers: depth in metres (above 0 where measured), or the numbers of a whole image (finite where known).

    Label and prediction B×C×H×W, or B×C of a whole image. They enter through the distribution function of a
    normal with each channel's `mean` and `std`, which `fit` takes from the labels. Reconstruction: absolute
    difference between the output's sigmoid and the target, mean over the channels.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int, whole_image: bool = False) -> None:
        super().__init__()
        self.channels, self.whole_image, self.farthest = channels, whole_image, float(channels)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def fit(self, labels: Iterable[Tensor]) -> None:
        """Take `mean` and `std` (C each) over all known entries of labels, of single samples or of batches.

        Numbers that hardly differ count as spread by a thousandth of their mean. Raises `ValueError` where a
        channel has no known entry.
        """
        # Plain sums do: in 64 bits a spread of a thousandth of the mean still has nine digits.
        sums = torch.zeros(3, self.channels, dtype=torch.float64)
        for label in labels:
            columns = label if self.whole_image else label.movedim(-3, -1)
            columns = columns.reshape(-1, self.channels).cpu()
            known = self._known(columns)
            columns = torch.where(known, columns, 0.0).double()
            sums += torch.stack([known.double().sum(0), columns.sum(0), columns.square().sum(0)])
        self._take(*sums)

    def _take(self, count: Tensor, total: Tensor, squares: Tensor) -> None:
        empty = (count == 0).nonzero().flatten().tolist()
        if empty:
            which = f" of channel {empty[0] + 1} of {self.channels}" if self.channels > 1 else ""
            raise ValueError(f"no label has a known value{which}: mean and spread cannot be estimated")
        mean = total / count
        std = (squares / count - mean.square()).clamp(min=0).sqrt()
        std = torch.maximum(std, SMALLEST_SPREAD * mean.abs())
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > 0, std, 1.0))

    def valid(self, label: Tensor) -> Tensor:
        return _with_axes(self._known(label).all(1, keepdim=True))

    def label(self, label: Tensor, size: Size) -> Tensor:
        return _spread(torch.where(self.valid(label), self._squash(_with_axes(label)), 0.0), size)

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        return _spread(self._squash(_with_axes(_exact(prediction))), size)

    def error(self, output: Tensor, target: Tensor) -> Tensor:
        return (output.sigmoid() - target).abs().mean(1, keepdim=True)

    def _known(self, numbers: Tensor) -> Tensor:
        return torch.isfinite(numbers) if self.whole_image else (numbers > 0) & (numbers < torch.inf)

    def _squash(self, numbers: Tensor) -> Tensor:
        mean, std = (each.to(numbers.dtype).reshape(-1, 1, 1) for each in (self.mean, self.std))
        return torch.special.ndtr((numbers - mean) / std)


class Unit(Embedding):
    """Directions: surface normals, B×3×H×W. A label that is the zero vector, or not finite, is absent.

    Both are made of unit length, then brought from [-1, 1] to [0, 1]. Reconstruction: 1 - the cosine between
    the output and the target's direction.
    """

    channels = 3

    def valid(self, label: Tensor) -> Tensor:
        size = label.abs().sum(1, keepdim=True)
        return (size > 0) & (size < torch.inf)  # false for NaN, too

    def label(self, label: Tensor, size: Size) -> Tensor:
        return torch.where(self.valid(label), self.soft(label, size), 0.0)

    def soft(self, prediction: Tensor, size: Size) -> Tensor:
        return (F.normalize(_exact(prediction), dim=1, eps=SMALLEST_LENGTH) + 1) / 2

    def error(self, output: Tensor, target: Tensor) -> Tensor:
        return 1 - F.cosine_similarity(output, 2 * target - 1, dim=1, eps=SMALLEST_LENGTH).unsqueeze(1)


def _decided(label: Tensor) -> Tensor:
    return (label == 0) | (label == 1)


def _exact(prediction: Tensor) -> Tensor:
    """In 32 bits, unless it has 64."""
    return prediction if prediction.dtype == torch.float64 else prediction.float()


def _with_axes(values: Tensor) -> Tensor:
    """B×C of a whole image as B×C×1×1; maps stay as they are."""
    return values[..., None, None] if values.dim() == 2 else values


def _spread(values: Tensor, size: Size) -> Tensor:
    """What a whole image says as a map that is the same everywhere."""
    return _with_axes(values).expand(-1, -1, *size)


def _gumbel(like: Tensor, generator: torch.Generator | None) -> Tensor:
    drawn = torch.empty_like(like, requires_grad=False).exponential_(generator=generator)
    return -drawn.clamp(min=torch.finfo(like.dtype).tiny).log()


def _straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """Exactly `hard`, with the gradient of `soft`."""
    return hard + (soft - soft.detach())
