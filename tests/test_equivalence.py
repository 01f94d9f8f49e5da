"""The compiled model equals one written by hand: the wiring in plain Python, the links by their formulas."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlc.api import planned
from mtlc.lower import lower
from mtlc.nn.decoders import ConvUp
from mtlc.nn.fpn import Fpn
from mtlc.nn.heads import DenseHead
from mtlc.nn.tiny import Tiny

TASKS = {"semseg": 15, "depth": 1, "normals": 3}
DIM = 16
LEVELS = [(8, 4), (16, 8), (32, 16), (64, 32)]
STRIDES = [4, 8, 16, 32]
SPEC = f"""
data rooms
shared encoder : tiny {{ width = 8 }}
shared neck : fpn {{ dim = {DIM} }}
task all {{ decoder = conv_up(dim = {DIM}) }}
task semseg
task depth
task normals
links {{
  %s
}}
"""


class ByHand(nn.Module):
    """What a researcher would write: an encoder, a neck, and for each task a decoder and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Tiny(width=8, stages=None, taps=False, multiple=32)
        self.neck = Fpn(inputs=LEVELS, dim=DIM)
        for task, outputs in TASKS.items():
            decoder = ConvUp(
                inputs=[(DIM, s) for s in STRIDES], dim=DIM, depth=1, levels=STRIDES, norm="batch"
            )
            self.add_module(f"{task}_decoder", decoder)
            self.add_module(f"{task}_head", DenseHead(dim=DIM, outputs=outputs, stride=4))

    def decode(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, list[Tensor]]]:
        levels = self.neck(self.encoder(image))
        both = {task: self.get_submodule(f"{task}_decoder")(levels) for task in TASKS}
        return {task: stream for task, (stream, _) in both.items()}, {
            t: inner for t, (_, inner) in both.items()
        }

    def predict(self, streams: dict[str, Tensor], image: Tensor) -> dict[str, Tensor]:
        return {task: self.get_submodule(f"{task}_head")(streams[task], image) for task in TASKS}


Weights = dict[str, Tensor]


def under(weights: Weights, prefix: str) -> Weights:
    return {name[len(prefix) + 1 :]: w for name, w in weights.items() if name.startswith(f"{prefix}.")}


def norm(x: Tensor, w: Weights) -> Tensor:
    """Batch norm with the running statistics."""
    mean, var, scale, shift = (w[k][:, None, None] for k in ("running_mean", "running_var", "weight", "bias"))
    return (x - mean) / (var + 1e-5).sqrt() * scale + shift


def pointwise(x: Tensor, w: Weights) -> Tensor:
    made = torch.einsum("oi,bihw->bohw", w["weight"][:, :, 0, 0], x)
    return made + w["bias"][:, None, None] if "bias" in w else made


def cbam(x: Tensor, w: Weights) -> Tensor:
    """Woo et al. 2018: a two-layer perceptron of mean and maximum, then a 7×7 of maximum and mean."""

    def perceptron(v: Tensor) -> Tensor:
        hidden = torch.relu(v @ w["channel.0.weight"].T + w["channel.0.bias"])
        return hidden @ w["channel.2.weight"].T + w["channel.2.bias"]

    flat = x.flatten(2)
    gate = torch.sigmoid(perceptron(flat.mean(2)) + perceptron(flat.max(2).values))
    x = x * gate[:, :, None, None]
    seen = torch.stack([x.max(1).values, x.mean(1)], 1)
    return x * torch.sigmoid(F.conv2d(seen, w["place.weight"], padding=3))


# kem


def kem(streams: list[Tensor], w: Weights, heads: int, select: int) -> list[Tensor]:
    """SGW's three steps, head by head and slot by slot."""
    batch, dim, height, width = streams[0].shape
    tokens = torch.cat([x.flatten(2).mT for x in streams], 1)
    normed = F.layer_norm(tokens, (dim,), w["norm.weight"], w["norm.bias"])
    frame = w["etf.frame"]
    unit = normed / normed.norm(dim=-1, keepdim=True)
    read = dim**0.5 * (unit @ frame) @ frame.T
    part = dim // heads
    slices = [slice(part * h, part * (h + 1)) for h in range(heads)]
    maps = {name: w[f"{name}.weight"] for name in ("read_query", "read_key", "read_value")}
    updated = torch.zeros(batch, len(w["workspace"]), dim)
    for b in range(batch):
        for h in slices:
            query, key, value = (
                x @ maps[name].T for x, name in zip((w["workspace"], read[b], read[b]), maps, strict=True)
            )
            for slot, scores in enumerate(query[:, h] @ key[:, h].T / math.sqrt(part)):
                best = scores.argsort(descending=True)[:select]
                share = scores[best].exp() / scores[best].exp().sum()
                updated[b, slot, h] = share @ value[best][:, h]
    query = read @ w["write_query.weight"].T
    key, value = (updated @ w[f"write_{name}.weight"].T for name in ("key", "value"))
    written = [(query[..., h] @ key[..., h].mT / math.sqrt(part)).softmax(-1) @ value[..., h] for h in slices]
    changed = tokens + torch.cat(written, -1)
    return [x.mT.reshape(batch, dim, height, width) for x in changed.chunk(len(streams), 1)]


class KemByHand(ByHand):
    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights = under(weights, "kem_1")

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        streams, _ = self.decode(image)
        linked = kem(list(streams.values()), self.weights, heads=2, select=9)
        return self.predict(dict(zip(TASKS, linked, strict=True)), image)


# coherence and trace-back


def coherence(target: Tensor, others: list[Tensor], w: Weights) -> Tensor:
    """MT-CP's fusion with the whole n × n affinity."""
    gated = [x * torch.sigmoid(pointwise(x, under(w, f"mix.gates.{i}"))) for i, x in enumerate(others)]
    mixed = torch.relu(pointwise(torch.cat(gated, 1), under(w, "mix.fuse")))

    def branch(x: Tensor, name: str) -> Tensor:
        return norm(cbam(x, under(w, f"{name}.0")), under(w, f"{name}.1"))

    theta, phi = (torch.relu(branch(mixed, name)).flatten(2) for name in ("query", "key"))
    affinity = torch.softmax(theta.mT @ phi, -1)
    found = affinity @ branch(target, "value").flatten(2).mT
    return branch(found.mT.reshape(target.shape), "out")


def refine(so_far: Tensor, back: Tensor, w: Weights) -> tuple[Tensor, Tensor]:
    """MT-CP's refinement: the fused map, and what goes on."""
    back = cbam(back, under(w, "gate_back"))
    resized = F.interpolate(cbam(so_far, under(w, "gate_pred")), size=back.shape[2:], mode="bilinear")
    fused = torch.cat([resized, back], 1)
    return fused, fuse(fused, under(w, "fuse"))


def fuse(x: Tensor, w: Weights) -> Tensor:
    return torch.relu(norm(pointwise(x, under(w, "0")), under(w, "1")))


def auxiliary(fused: Tensor, stride: int, image: Tensor, w: Weights) -> Tensor:
    x = pointwise(fuse(fused, under(w, "pred")), under(w, "head.predict.0"))
    x = pointwise(fuse(x, under(w, "head.predict.1")), under(w, "head.predict.2"))
    whole = F.interpolate(x, scale_factor=stride, mode="bilinear")
    return whole[:, :, : image.shape[2], : image.shape[3]]


class TraceBackByHand(ByHand):
    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        streams, levels = self.decode(image)
        final, inner = {}, {}
        for task in TASKS:
            others = [streams[other] for other in TASKS if other != task]
            x = coherence(streams[task], others, under(self.weights, f"coherence_1_{task}"))
            for number, (stride, back) in enumerate(
                reversed(list(zip(STRIDES, levels[task], strict=True))), 1
            ):
                fused, x = refine(x, back, under(self.weights, f"{task}_refine_{number}"))
                if stride > 4:
                    name = f"{task}_auxiliary_{number}"
                    inner[name] = auxiliary(fused, stride, image, under(self.weights, name))
            final[task] = x
        return self.predict(final, image), inner


# pad_net


def pad_net(target: Tensor, others: list[Tensor], w: Weights) -> Tensor:
    """F + Σ σ(gate(F_a)) ⊙ content(F_a), 3×3."""
    for i, other in enumerate(others):
        gate = F.conv2d(other, w[f"gates.{i}.weight"], padding=1)
        target = target + torch.sigmoid(gate) * F.conv2d(other, w[f"contents.{i}.weight"], padding=1)
    return target


class PadNetByHand(ByHand):
    """Normals help the others, and are themselves predicted at the first stage alone."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        streams, _ = self.decode(image)
        final, first = dict(streams), {}
        for task in ("semseg", "depth"):
            others = [streams[other] for other in TASKS if other != task]
            final[task] = pad_net(streams[task], others, under(self.weights, f"pad_net_1_{task}"))
            name = f"{task}_auxiliary_1"
            score = pointwise(streams[task], under(self.weights, f"{name}.predict"))
            whole = F.interpolate(score, scale_factor=4, mode="bilinear")
            first[name] = whole[:, :, : image.shape[2], : image.shape[3]]
        return self.predict(final, image), first


@pytest.fixture
def compiled(spec):
    """A compiled model whose every tensor was moved away from its first value."""

    def make(links: str):
        model = lower(planned(spec(SPEC % links)))
        generator = torch.Generator().manual_seed(0)
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and "frame" not in name:
                noise = torch.rand(tensor.shape, generator=generator) - 0.5
                tensor.add_(noise.abs() if "running_var" in name else 0.2 * noise)
        model.train.eval()
        return model

    return make


def with_weights_of(by_hand: ByHand, weights: Weights) -> ByHand:
    by_hand.load_state_dict({name: weights[name] for name in by_hand.state_dict()})
    return by_hand.eval()


IMAGE = torch.rand(2, 3, 40, 53, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_a_compiled_three_task_kem_model_equals_the_hand_written_one(compiled):
    model = compiled("all via kem(slots = 5, select = 9, heads = 2, etf = 12)")
    by_hand = with_weights_of(KemByHand(model.state_dict()), model.state_dict())
    torch.testing.assert_close(model.infer(IMAGE), by_hand(IMAGE), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_compiled_three_task_trace_back_model_equals_the_hand_written_one(compiled):
    model = compiled("all -> all via coherence\n  all via trace_back")
    by_hand = with_weights_of(TraceBackByHand(model.state_dict()), model.state_dict())
    torch.testing.assert_close(model.train(IMAGE), by_hand(IMAGE), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.infer(IMAGE), by_hand(IMAGE)[0], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_compiled_three_task_pad_net_equals_the_hand_written_one(compiled):
    model = compiled("all -> semseg, depth via pad_net")
    by_hand = with_weights_of(PadNetByHand(model.state_dict()), model.state_dict())
    torch.testing.assert_close(model.train(IMAGE), by_hand(IMAGE), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.infer(IMAGE), by_hand(IMAGE)[0], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_comparison_sees_a_link_that_is_wired_wrongly(compiled):
    model = compiled("all via kem(slots = 5, select = 9, heads = 2, etf = 12)")
    by_hand = with_weights_of(KemByHand(model.state_dict()), model.state_dict())
    by_hand.weights["write_key.weight"] = by_hand.weights["write_key.weight"].flip(0)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(model.infer(IMAGE), by_hand(IMAGE), atol=1e-4, rtol=1e-4)
