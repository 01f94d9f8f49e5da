"""Random task graphs with every link, task and balancer: each is built, takes a step, slices to equal outputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_step import batch_of
from toy import ToyPart

from mtlc.api import build, load
from mtlc.lower import Model
from mtlc.parts.balance import LossBalancer
from mtlc.parts.links import Link
from mtlc.parts.part import named
from mtlc.parts.tasks import Task
from mtlc.source import Source
from mtlc.training.balancing import balancing
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

KINDS = tuple(word for word, kind in named(Task).items() if kind.dense and kind.__module__[:5] == "mtlc.")
OF_IMAGES = tuple(word for word in named(Task) if word not in KINDS)
BALANCERS = tuple(word for word, part in named(LossBalancer).items() if part.__module__[:5] == "mtlc.")
LINKS = {word for word, part in named(Link).items() if part.__module__[:5] == "mtlc."}
CPU = torch.device("cpu")
DATA = 'data folder { root = ".", manifest = "every_kind.yaml", size = 16x24 }'
DIMS = st.sampled_from([8, 12])


@st.composite
def layers(draw) -> tuple[list[str], dict[str, list[int]]]:
    """Blocks of a tree of layers, and the names that tasks can read, with the strides they find there."""
    word, cut = draw(st.sampled_from(["shared", "layer"])), draw(st.booleans())
    blocks = ["shared early : tiny { width = 8, stages = [1, 2] }"] if cut else []
    blocks.append(f"{word} encoder : tiny {{ width = 8{', stages = [3, 4]' if cut else ''} }}")
    strides = {"early": [4, 8]} if cut else {}
    strides["encoder"] = [4, 8, 16, 32]
    for index in range(draw(st.integers(0, 2))):
        source = draw(st.sampled_from(list(strides)))
        own = not blocks[list(strides).index(source)].startswith("shared") or draw(st.booleans())
        strides[f"neck{index}"] = strides[source]
        keys = f"dim = {draw(DIMS)}, from = {source}"
        blocks.append(f"{'layer' if own else 'shared'} neck{index} : fpn {{ {keys} }}")
    return blocks, strides


@st.composite
def reads(draw, strides: dict[str, list[int]]) -> tuple[str, str]:
    """A layer that a task reads, and its decoder."""
    source = draw(st.sampled_from(list(strides)))
    some = st.lists(st.sampled_from(strides[source]), min_size=1, max_size=3, unique=True)
    return source, draw(decoders(st.just("auto") | some.map(str)))


@st.composite
def decoders(draw, levels: st.SearchStrategy[str]) -> str:
    kind = draw(st.sampled_from(["linear(", "conv_up(depth = 0, ", "conv_up(", "aspp(dilations = [1, 2], "]))
    return f"{kind}dim = {draw(DIMS)}, levels = {draw(levels)})"


@st.composite
def lines(draw, tasks: list[str], alike: bool) -> str:
    """One line of links, of any form, at any stride. Tasks whose decoders are alike have scales that meet."""
    order = draw(st.permutations(tasks))
    cut = draw(st.integers(1, len(tasks) - 1))
    ends = ", ".join(order[:cut]), ", ".join(order[cut:])
    at = draw(st.sampled_from(["none", "4", "8", "16", "32"]))
    forms = ["attention", "coherence", "pad_net", "kem", "mti", "sequential_attention", "trace_back"]
    form = draw(st.sampled_from(forms))
    if form in ("mti", "sequential_attention"):
        own = f"supervise = {draw(st.sampled_from(['0', '1']))}, depth = 1" if form == "mti" else "heads = 2"
        some = ", ".join(order[: draw(st.integers(1, len(tasks)))])
        return f"{some} via {form}({own}, at = {at if alike else 32})"
    if form == "trace_back":
        return f"{ends[0]} via trace_back(supervise = {draw(st.sampled_from(['0', '0.5']))}, reduction = 4)"
    if form == "kem":
        choices = {"select": ["5", "20%"], "etf": ["auto", "none", "5"], "dim": ["auto", "10"]}
        drawn = [f"{key} = {draw(st.sampled_from(values))}" for key, values in choices.items()]
        keys = ", ".join(["slots = 3, heads = 2", *drawn])
        some = ", ".join(order[: draw(st.integers(2, len(tasks)))])
        return f"{some} via kem({keys}, at = {at})"
    arrow = draw(st.sampled_from(["->", "<->"]))
    pair = f"all {arrow} all" if draw(st.booleans()) else f"{ends[0]} {arrow} {ends[1]}"
    own = {"attention": "heads = 2", "coherence": "reduction = 4", "pad_net": "supervise = 0.5"}[form]
    return f"{pair} via {form}({own}, at = {at})"


@st.composite
def within(draw, blocks: list[str], readers: list[str]) -> list[str]:
    """Perhaps a line that runs within the encoder, over the tasks that read it."""
    shared = any(block.startswith("shared encoder") for block in blocks)
    forms = ["none"] if shared else ["none", "cross_stitch", "nddr"]
    if shared and not any(block.startswith("shared neck") for block in blocks):
        forms.append("mtan")
    form = draw(st.sampled_from(forms))
    return [] if form == "none" or len(readers) < 2 else [f"all via {form}(at = encoder)"]


@st.composite
def specs(draw) -> str:
    blocks, strides = draw(layers())
    tasks = [f"t{index}" for index in range(draw(st.integers(2, 3)))]
    readers = []
    alike = draw(st.none() | reads(strides))
    for task in tasks:
        source, decoder = alike or draw(reads(strides))
        blocks.append(
            f"task {task} : {draw(st.sampled_from(KINDS))} {{ from = {source}, decoder = {decoder} }}"
        )
        readers += [task] if 32 in strides[source] else []  # so it reads the whole encoder
    for kind in draw(st.sets(st.sampled_from(OF_IMAGES))):  # `all` leaves them out, and no line names them
        blocks.append(f"task {kind} {{ from = {draw(st.sampled_from(list(strides)))} }}")
    links = draw(within(blocks, readers)) + draw(st.lists(lines(tasks, alike is not None), max_size=2))
    blocks += ["links {", indent("\n".join(links), "  "), "}", "train { batch = 4 }"]
    return "\n".join([DATA, *blocks]) + "\n"


def step(model: Model, words: Iterable[str]) -> None:
    """A training step with each of these balancers; half of the images lack some of the labels."""
    batch = batch_of(model)
    for word in words:
        balance = named(LossBalancer)[word]()
        plan = replace(model.plan, spec=replace(model.plan.spec, balance=balance))
        before = {name: value.clone() for name, value in model.train.named_parameters()}
        own = Learner(model, plan, legs(plan)[0], balancing(plan, CPU), Scaler(CPU, "fp32"), CPU)
        taken = own(batch, 0)
        assert set(taken.losses) == set(model.plan.tasks)
        after = dict(model.train.named_parameters())
        assert all(torch.isfinite(value).all() for value in after.values())
        assert any(not torch.equal(after[name], value) for name, value in before.items())


def test_random_task_graphs_build_take_a_step_and_slice_to_equal_outputs() -> None:
    seen: set[str] = set()
    some = st.lists(st.sampled_from(BALANCERS), min_size=2, max_size=2, unique=True)

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(
        specs(),
        st.sampled_from([(32, 32), (31, 33), (17, 40)]),
        st.sets(st.sampled_from(KINDS)),
        some,
        st.data(),
    )
    def check(
        text: str, size: tuple[int, int], bare: set[str], words: list[str], data: st.DataObject
    ) -> None:
        spec = load(Source("random.mtl", text, Path(__file__)))
        model = build(replace(spec, data=ToyPart(bare=tuple(bare))))
        seen.update(each.part.word for each in (*spec.links, *spec.tasks.values()))
        seen.update(words)
        step(model, words)
        model.train.eval()
        image = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
        kept = data.draw(st.lists(st.sampled_from(list(model.plan.tasks)), min_size=1, unique=True))
        with torch.no_grad():
            whole, part = model.infer(image), model.slice(kept)(image)
        for task, each in whole.items():
            assert each.shape[2:] == (image.shape[2:] if model.plan.tasks[task].part.dense else ())
        assert set(part) == set(kept)
        assert all(torch.equal(part[task], whole[task]) for task in kept)

    check()
    assert seen >= {*LINKS, *KINDS, *OF_IMAGES, *BALANCERS}, (
        "a link, a kind of task or a method was never met"
    )
