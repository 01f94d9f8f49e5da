"""What is predicted of a plan's cost is what hooks count on the real model while it runs."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import Tensor, nn

from mtlc.analyse.cost import cost
from mtlc.api import build, planned

SPEC = """
data rooms {{ size = 64x96 }}
{}
task all {{ decoder = conv_up(dim = 16) }}
task semseg
task depth
task normals {{ decoder = aspp(dim = 16, dilations = [1, 2]) }}
task classify {{ label = largest }}
{}
"""
SHARED = "shared encoder : tiny { width = 8 }\nshared neck : fpn { dim = 16 }"
MASKED = "shared encoder : tiny { width = 8 }\nlayer neck : fpn { dim = 16 }"
OWN = """
shared early : timm { model = "resnet18", stages = [1, 2] }
layer late : timm { model = "resnet18", stages = [3, 4, 5] }
"""


class Counter:
    """Multiply-adds of convolutions and linear maps, from the shapes that pass through them."""

    def __init__(self, module: nn.Module) -> None:
        self.found = 0
        for each in module.modules():
            if isinstance(each, nn.Conv2d | nn.Linear):
                each.register_forward_hook(self.count)

    def count(self, module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            self.found += out.numel() * prod(module.kernel_size) * module.in_channels // module.groups
        else:
            self.found += out.numel() * module.in_features


@pytest.mark.parametrize(
    ("layers", "links"),
    [
        (SHARED, ""),
        (SHARED, "links { semseg, depth -> semseg, depth via pad_net }"),
        (SHARED, "links { semseg, depth via trace_back }"),
        (OWN, "links { semseg, depth via nddr }"),
        (
            SHARED.replace("neck : fpn", "other : fpn").replace("shared other", "layer other"),
            "links { all via mtan(at = encoder) }",
        ),
    ],
)
def test_parameters_and_multiply_adds_are_those_that_hooks_count(spec, layers, links):
    text = SPEC.format(layers, links)
    predicted = cost(planned(spec(text))).total
    model = build(spec(text)).infer.eval()
    counter = Counter(model)
    with torch.no_grad():
        model(torch.rand(1, 3, 64, 96))
    assert predicted.multiply_adds == counter.found > 0
    assert predicted.parameters == sum(each.numel() for each in model.parameters())
