"""What holds for every module of mtlc.nn: gradients, tracing to operators, export, compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map

from mtlc.nn.adapt import Fit, GiveBack
from mtlc.nn.aspp import Aspp
from mtlc.nn.attention import Attention
from mtlc.nn.cbam import Cbam
from mtlc.nn.coherence import Coherence
from mtlc.nn.decoders import ConvUp, Linear
from mtlc.nn.fpn import Fpn
from mtlc.nn.heads import AuxiliaryHead, DenseHead, FirstHead, PooledHead
from mtlc.nn.kem import Kem
from mtlc.nn.mti import Maps, Propagation, SqueezeExcite, Stream
from mtlc.nn.pad_net import PadNet
from mtlc.nn.residual import Residual
from mtlc.nn.scales import Scales
from mtlc.nn.sequential_attention import SequentialAttention
from mtlc.nn.timm import Timm
from mtlc.nn.tiny import Tiny
from mtlc.nn.trace_back import Auxiliary, Refine

LEVELS = ((8, 4), (16, 8), (32, 16))


def stream(channels: int = 16, stride: int = 4) -> Tensor:
    return torch.randn(2, channels, 96 // stride, 64 // stride)


def levels() -> list[Tensor]:
    return [stream(*level) for level in LEVELS]


def image(height: int = 93, width: int = 61) -> Tensor:
    return torch.rand(2, 3, height, width)


def kem(**keys: Any) -> Kem:
    plain = {"slots": 4, "select": 5, "heads": 2, "etf": 8, "residual": 1.0, "mask": "before", "norm": True}
    return Kem(dim=16, streams=2, **(plain | keys))


def timm() -> Timm:
    return Timm(
        model="mobilenetv3_small_050",
        pretrained=False,
        mean=None,
        std=None,
        eps=None,
        stages=None,
        taps=False,
        multiple=32,
    )


def refine(last: bool) -> Refine:
    return Refine(dim=16, back=8, level=0, last=last, reduction=4)


def scales() -> dict[str, Any]:
    """Two tasks whose decoders' levels have one width and several."""
    return {"dim": 16, "stride": 4, "levels": (((16, 8), (16, 16)), LEVELS[1:])}


def scaled() -> tuple[Any, ...]:
    """What a part reads that works at several scales: streams, and the levels below them."""
    return stream(), stream(), [stream(16, 8), stream(16, 16)], levels()[1:]


Case = tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]]]
CASES: dict[str, Case] = {
    "tiny": (lambda: Tiny(width=8, stages=None, taps=False, multiple=32), lambda: (image(),)),
    "timm": (timm, lambda: (image(),)),
    "fpn": (lambda: Fpn(inputs=LEVELS, dim=8), lambda: (levels(),)),
    "conv_up": (
        lambda: ConvUp(inputs=LEVELS, dim=8, depth=2, levels=(4, 8, 16), norm="batch"),
        lambda: (levels(),),
    ),
    "linear": (lambda: Linear(inputs=LEVELS, dim=8, levels=(4, 8, 16)), lambda: (levels(),)),
    "dense_head": (lambda: DenseHead(dim=16, outputs=3, stride=4), lambda: (stream(), image())),
    "pooled_head": (lambda: PooledHead(dim=32, outputs=3), lambda: (levels(),)),
    "auxiliary_head": (lambda: AuxiliaryHead(dim=16, outputs=3, stride=4), lambda: (stream(), image())),
    "attention": (lambda: Attention(dim=16, sources=2, heads=4), lambda: (stream(), stream(), stream())),
    "kem": (kem, lambda: (stream(), stream())),
    "kem_share": (lambda: kem(select=0.1, etf=None), lambda: (stream(), stream())),
    "kem_after": (lambda: kem(mask="after", etf=16, norm=False), lambda: (stream(), stream())),
    "coherence": (
        lambda: Coherence(dim=16, sources=(16, 8), reduction=4, residual=True),
        lambda: (stream(), stream(), stream(8)),
    ),
    "aspp": (
        lambda: Aspp(inputs=LEVELS[2:], dim=8, dilations=(1, 2), depth=1, stride=16),
        lambda: (levels()[2:],),
    ),
    "first_head": (
        lambda: FirstHead(dim=16, outputs=3, stride=4, level=None),
        lambda: (stream(), image()),
    ),
    "first_head_of_a_level": (
        lambda: FirstHead(dim=8, outputs=3, stride=4, level=0),
        lambda: (levels()[:1], image()),
    ),
    "pad_net": (lambda: PadNet(dim=16, sources=2), lambda: (stream(), stream(), stream())),
    "mti_maps": (lambda: Maps(**scales(), depth=1, narrow=2, reduction=2), scaled),
    "mti_stream": (
        lambda: Stream(dim=16, scales=2, sources=2),
        lambda: tuple([stream(), stream(16, 8)] for _ in range(3)),
    ),
    "propagation": (
        lambda: Propagation(dim=16, tasks=3, narrow=4, reduction=4),
        lambda: (stream(), stream(), stream()),
    ),
    "squeeze_excite": (lambda: SqueezeExcite(16, 4), lambda: (stream(),)),
    "residual": (lambda: Residual(16, 8), lambda: (stream(),)),
    "scales": (lambda: Scales(**scales()), scaled),
    "sequential_attention": (lambda: SequentialAttention(**scales(), heads=2), scaled),
    "cbam": (lambda: Cbam(16, 4), lambda: (stream(),)),
    "refine_inner": (lambda: refine(last=False), lambda: (stream(16, 16), levels()[:1])),
    "refine_last": (lambda: refine(last=True), lambda: (stream(16, 16), levels()[:1])),
    "auxiliary": (lambda: Auxiliary(dim=8, fused=16, outputs=3, stride=4), lambda: (stream(), image())),
    "fit": (lambda: Fit(channels=16, dim=8, stride=4, to_stride=16), lambda: (stream(),)),
    "give_back": (
        lambda: GiveBack(channels=16, dim=8, stride=4, at=16),
        lambda: (stream(), stream(8, 16), stream(8, 16)),
    ),
}


class Operators(fx.Tracer):
    """Traces down to torch's own modules and functions; a timm model stays whole."""

    def is_leaf_module(self, m: nn.Module, name: str) -> bool:
        return isinstance(m, Timm) or super().is_leaf_module(m, name)


def called(module: nn.Module, inputs: tuple[Any, ...]) -> fx.GraphModule:
    """One call of the module over one placeholder per tensor, as the compiler draws it."""
    graph = fx.Graph()
    count = iter(range(100))
    args = tree_map(lambda _: graph.placeholder(f"x{next(count)}"), inputs)
    graph.output(graph.call_module("part", args))
    return fx.GraphModule(nn.ModuleDict({"part": module}), graph)


def close(a: Any, b: Any) -> None:
    torch.testing.assert_close(tree_leaves(a), tree_leaves(b), atol=1e-5, rtol=1e-4)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[nn.Module, tuple[Any, ...]]:
    torch.manual_seed(0)
    make, inputs = CASES[request.param]
    return make(), inputs()


def test_a_gradient_reaches_every_parameter_and_every_input(case: tuple[nn.Module, tuple[Any, ...]]) -> None:
    module, inputs = case
    floats = [x.requires_grad_() for x in tree_leaves(inputs)]
    out = tree_leaves(module(*inputs))
    sum((x * torch.randn_like(x)).sum() for x in out).backward()
    used = [x for x in floats if x.shape[1] != 3 or isinstance(module, Tiny | Timm)]
    used = used[-1:] if isinstance(module, PooledHead) else used
    for name, value in [*module.named_parameters(), *((f"input {i}", x) for i, x in enumerate(used))]:
        assert value.grad is not None and value.grad.abs().sum() > 0, name


def test_it_traces_to_operators_with_the_same_result(case: tuple[nn.Module, tuple[Any, ...]]) -> None:
    module, inputs = case
    module.eval()
    whole = called(module, inputs)
    tracer = Operators()
    operators = fx.GraphModule(whole, tracer.trace(whole))
    close(operators(*tree_flatten(inputs)[0]), module(*inputs))


def test_it_exports_at_a_fixed_size_with_a_free_batch(case: tuple[nn.Module, tuple[Any, ...]]) -> None:
    module, inputs = case
    module.eval()
    flat = tuple(tree_flatten(inputs)[0])
    free = [{0: torch.export.Dim("batch", min=1, max=64)}] * len(flat)
    program = torch.export.export(called(module, inputs), flat, dynamic_shapes=tuple(free))
    more = [torch.cat([x, x[:1]]) for x in flat]
    expected = tree_leaves(module(*tree_map(lambda x: torch.cat([x, x[:1]]), inputs)))
    close(program.module()(*more), expected)


def test_it_compiles_without_a_graph_break(case: tuple[nn.Module, tuple[Any, ...]]) -> None:
    module, inputs = case
    module.eval()
    torch.compiler.reset()
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    close(compiled(*inputs), module(*inputs))


@pytest.mark.parametrize("precision", [torch.float64, torch.bfloat16], ids=str)
def test_it_computes_in_the_precision_of_its_weights(
    case: tuple[nn.Module, tuple[Any, ...]], precision: torch.dtype
) -> None:
    module, inputs = case
    out = module.eval().to(precision)(*tree_map(lambda x: x.to(precision), inputs))
    assert {x.dtype for x in tree_leaves(out)} == {precision}
