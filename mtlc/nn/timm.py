"""Encoders from the timm library: any model that gives its inner features, at any image size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .cut import Stage, units
from .image import checked
from .operators import declare_missing_operators
from .pad import pad
from .weights import load

declare_missing_operators()

import timm  # noqa: E402  (after the declarations that its import needs)

# What lets a model take images of other sizes than it was trained at; a family knows one of these or neither.
ANY_SIZE = ({"dynamic_img_size": True}, {"strict_img_size": False}, {})


def features(model: str) -> nn.Module:
    """The timm model as a feature extractor with random weights, set up for images of any size."""
    for keys in ANY_SIZE[:-1]:
        try:
            return timm.create_model(model, pretrained=False, features_only=True, **keys)
        except TypeError:
            continue
    return timm.create_model(model, pretrained=False, features_only=True)


def kept(body: nn.Module) -> list[int]:
    """Which features become levels: of each stride the last, finest first; of a plain ViT the last block."""
    last = {stride: i for i, stride in enumerate(body.feature_info.reduction())}
    return [last[stride] for stride in sorted(last)]


def levels(body: nn.Module) -> list[list[int]]:
    """(channels, stride) of each level, finest first."""
    channels, strides = body.feature_info.channels(), body.feature_info.reduction()
    return [[channels[i], strides[i]] for i in kept(body)]


def nhwc(body: nn.Module) -> bool:
    """Whether its features are B×H×W×C."""
    return str(getattr(body, "output_fmt", "NCHW")).endswith("NHWC")


def set_eps(body: nn.Module, eps: float) -> None:
    """What batch norms add to variances: weights made by another library may have been trained with another one."""
    for each in body.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.eps = eps


class Timm(nn.Module):
    """RGB in [0, 1], B×3×H×W, to the levels of the timm model `model`, finest first, each B×C×h×w.

    The image is normalised by `mean` and `std`, then padded with zeros to a multiple of `multiple` pixels.
    None is timm's configuration of the model, whichever weights are loaded later: what a saved model computes
    must not depend on which packages were there. (The packaged `efficientnet_lite0` was itself trained with
    127/255 and 128/255; its stored batch statistics fit these better.) Weights are random until
    `load_pretrained`. `stages` and `taps` are as in `Tiny`.
    """

    def __init__(
        self,
        *,
        model: str,
        pretrained: bool,
        mean: tuple[float, ...] | None,
        std: tuple[float, ...] | None,
        eps: float | None,
        stages: Sequence[int] | None,
        taps: bool,
        multiple: int,
    ) -> None:
        super().__init__()
        self.model, self.pretrained, self.multiple, self.taps = model, pretrained, multiple, taps
        self.chosen, self.first = stages, not stages or stages[0] == 1
        body = features(model)
        if eps is not None:
            set_eps(body, eps)
        if stages or taps:
            self.stages = nn.ModuleList(self._stages(body))
        else:
            self.body, self.kept, self.nhwc = body, kept(body), nhwc(body)
            self.strides = [stride for _, stride in levels(body)]
        config = body.pretrained_cfg
        self.register_buffer("mean", _per_channel(config["mean"] if mean is None else mean), persistent=False)
        self.register_buffer("std", _per_channel(config["std"] if std is None else std), persistent=False)

    def forward(self, x: Tensor | list[Tensor]) -> list[Tensor] | tuple[list[Tensor], list[Tensor]]:
        if self.first:
            x = pad((checked(x) - self.mean) / self.std, self.multiple)
        return self._cut(x) if hasattr(self, "stages") else self._whole(x)

    def _whole(self, image: Tensor) -> list[Tensor]:
        found = self.body(image)
        chosen = [found[i].permute(0, 3, 1, 2) if self.nhwc else found[i] for i in self.kept]
        return [_on_grid(x, image, stride) for x, stride in zip(chosen, self.strides, strict=True)]

    def _cut(self, x: Tensor | list[Tensor]) -> list[Tensor] | tuple[list[Tensor], list[Tensor]]:
        levels, taps = [] if self.first else list(x), []
        x = x if self.first else levels[-1]
        for stage in self.stages:
            x, tap = stage.tapped(x)
            levels.append(x)
            taps.append(tap)
        return (levels, taps) if self.taps else levels

    def _stages(self, body: nn.Module) -> list[Stage]:
        """The chosen stages of a whole body."""
        found = units(body, kept(body))
        chosen = self.chosen or range(1, len(found) + 1)
        return [Stage(found[i - 1], first=i == 1, nhwc=nhwc(body)) for i in chosen]

    def load_pretrained(self) -> str | None:
        """Load the weights if `pretrained` is set, and say where they came from. Raises `WeightsError`."""
        if not self.pretrained:
            return None
        if not hasattr(self, "stages"):
            return load(self.body, self.model)
        whole = features(self.model)
        source = load(whole, self.model)
        self.stages.load_state_dict(nn.ModuleList(self._stages(whole)).state_dict())
        return source


def _on_grid(level: Tensor, image: Tensor, stride: int) -> Tensor:
    """The level as large as its stride says; a few models convolve without padding and give a little less."""
    size = image.shape[2] // stride, image.shape[3] // stride
    return level if level.shape[2:] == size else F.interpolate(level, size=size, mode="bilinear")


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)
