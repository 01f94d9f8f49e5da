"""Encoders cut into their stages: what computes each level from the one before it, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor, nn


def units(body: nn.Module, kept: Sequence[int]) -> list[list[nn.Module]] | None:
    """The modules of a timm feature extractor in the order they run, up to and with each level in `kept`.

    None where its forward is no plain chain of modules (hooks, several branches, token sequences).
    """
    chain = list(_chain(body))
    ends = [i for i, (_, ends) in enumerate(chain) if ends]
    if len(ends) <= max(kept):
        return None
    found, start = [], 0
    for feature in kept:
        modules = [module for module, _ in chain[start : ends[feature] + 1]]
        found.append([unit for module in modules for unit in _flat(module)])
        start = ends[feature] + 1
    return found


def _chain(body: nn.Module) -> Iterator[tuple[nn.Module, bool]]:
    """Each module of the forward pass, and whether a feature is taken behind it."""
    kind = type(body).__name__
    if kind == "FeatureListNet":
        for name, module in body.items():
            yield module, name in body.return_layers
    elif kind in ("EfficientNetFeatures", "MobileNetV3Features") and body.feature_hooks is None:
        stages = body._stage_out_idx
        yield body.conv_stem, False
        yield body.bn1, 0 in stages
        for number, block in enumerate(body.blocks, 1):
            yield block, number in stages


# Stages whose forward runs their children one after another, as a plain `Sequential` does.
CHAINS = ("Sequential", "ConvNeXtStage", "RegStage", "SwinTransformerStage")


def _flat(module: nn.Module) -> Iterator[nn.Module]:
    """A chain's own modules; what may run otherwise stays whole."""
    if type(module).__name__ not in CHAINS:
        yield module
        return
    for each in module.children():
        yield from _flat(each)


class Stage(nn.Module):
    """One stage of an encoder: B×C×h×w of the level before (or the padded image) to B×C'×h'×w'.

    With `nhwc` its modules work on B×h×w×C, of which the image is turned by the first of them.
    """

    def __init__(self, modules: Sequence[nn.Module], *, first: bool, nhwc: bool = False) -> None:
        super().__init__()
        self.units, self.first, self.nhwc = nn.ModuleList(modules), first, nhwc

    def forward(self, x: Tensor) -> Tensor:
        return self.tapped(x)[0]

    def tapped(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Its result, and what its last unit reads (MTAN looks at both)."""
        x = x.permute(0, 2, 3, 1) if self.nhwc and not self.first else x
        before = x
        for unit in self.units:
            before, x = x, unit(x)
        return (x.permute(0, 3, 1, 2), before.permute(0, 3, 1, 2)) if self.nhwc else (x, before)
