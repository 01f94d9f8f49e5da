"""The Python API: from a spec to a trained model and its predictions in ten lines.

    import mtlc

    spec = mtlc.load("specs/tiny.mtl", {"train.steps": 50})   # read and checked, or SpecError
    print(mtlc.check("specs/tiny.mtl"))                       # the diagnostics, none here
    module = mtlc.compile(spec, tasks=["depth"])              # a torch.fx module: image -> {"depth": map}
    model = mtlc.build(spec)                                  # train and infer graphs over one module tree
    run = mtlc.train(model, out="runs/tiny")                  # trains, evaluates, keeps checkpoints
    for each in mtlc.predict(run, ["photo.jpg"]):             # arrays by task, at the photo's size
        print(each.path, {task: array.shape for task, array in each.arrays().items()})

Only `compile`, `build`, `train` and `predict` import torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlc.consequences import settle
from mtlc.diagnostics import Diagnostic, Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph
from mtlc.parse import parse, parse_override
from mtlc.passes import run_passes
from mtlc.plan import Plan, plan
from mtlc.resolve import draft
from mtlc.source import Source
from mtlc.source import load as read
from mtlc.spec import Spec

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from mtlc.lower import Model
    from mtlc.training.predict import Failure, Prediction
    from mtlc.training.report import Report
    from mtlc.training.scores import Result

Overrides = Mapping[str, Any] | Iterable[str]


class SpecError(Exception):
    """A spec with mistakes; `diagnostics` are all of them, and the text shows each at its place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        from mtlc.report import text

        self.diagnostics = list(diagnostics)
        super().__init__("\n" + text(self.diagnostics))


def load(path: str | Path | Source, overrides: Overrides = (), *, plugins: bool = True) -> Spec:
    """Read and check a spec. Raises `SpecError` with every mistake, `SourceError` for an unreadable file.

    `overrides` are `{"train.steps": 50}` or `["train.steps=50"]`; texts are written as in a spec.
    """
    diagnostics = Diagnostics()
    found = front(path if isinstance(path, Source) else read(path), diagnostics, overrides, plugins=plugins)
    if found is None:
        raise SpecError(diagnostics)
    return found[0]


def check(path: str | Path | Source, overrides: Overrides = (), *, plugins: bool = True) -> list[Diagnostic]:
    """Every mistake and warning of a spec, in the order of the text; empty when there is none."""
    diagnostics = Diagnostics()
    front(path if isinstance(path, Source) else read(path), diagnostics, overrides, plugins=plugins)
    return list(diagnostics)


def front(
    source: Source, diagnostics: Diagnostics, overrides: Overrides = (), *, plugins: bool = True
) -> tuple[Spec, TaskGraph] | None:
    """Text to spec and graph: everything that can be known without torch. None if anything is wrong."""
    file = parse(source, diagnostics)
    given = [parse_override(each, diagnostics) for each in written(overrides)]
    spec = draft(file, diagnostics, overrides=[o for o in given if o is not None], plugins=plugins)
    if diagnostics.failed:  # what could be read may have mistakes of shape as well
        run_passes(expand(spec, diagnostics), diagnostics, after="shapes")
        settle(diagnostics)
        return None
    graph = graph_of(spec, diagnostics)
    if spec.phases and not diagnostics.failed:
        from mtlc.training.idle import look_at_phases

        look_at_phases(plan(spec, graph), diagnostics)
    return None if diagnostics.failed else (spec, graph)


def graph_of(spec: Spec, diagnostics: Diagnostics) -> TaskGraph:
    """The task graph of a spec after all passes."""
    return run_passes(expand(spec, diagnostics), diagnostics)


def written(overrides: Overrides) -> list[str]:
    """Overrides as `--set` takes them; Python's own values are written as a spec writes them."""
    if not isinstance(overrides, Mapping):
        return list(overrides)
    return [
        f"{path}={value if isinstance(value, str) else json.dumps(value)}"
        for path, value in overrides.items()
    ]


def planned(spec: Spec) -> Plan:
    """The plan of a spec. Raises `SpecError` where shapes do not fit."""
    diagnostics = Diagnostics()
    graph = graph_of(spec, diagnostics)
    if diagnostics.failed:
        raise SpecError(diagnostics)
    return plan(spec, graph)


def build(spec: Spec | str | Path) -> Model:
    """The model of a spec (or of the spec in a file) with fresh weights: `train` and `infer` over one module tree."""
    from mtlc.lower import lower

    return lower(planned(load(spec) if isinstance(spec, str | Path) else spec))


def compile(spec: Spec | str | Path, tasks: str | Iterable[str] | None = None) -> GraphModule:
    """The inference module of a spec (or of the spec in a file): image -> {task: prediction}.

    The image is float B x 3 x H x W in [0, 1], RGB: of 8 bits, divide by 255, and add the axis B to a single one.
    `tasks` is one name or several; by default all. Raises `KeyError` for a task that is not there, `ValueError`
    for none at all.
    """
    wanted = [tasks] if isinstance(tasks, str) else None if tasks is None else list(tasks)
    if wanted == []:
        raise ValueError("`tasks` is empty: name a task, or leave it out for all")
    model = build(spec)
    return model.infer if wanted is None else model.slice(wanted)


def train(
    model: Model,
    out: str | Path,
    *,
    device: str = "auto",
    resume: bool = False,
    steps: int | None = None,
    report: Report | None = None,
    tensorboard: bool = False,
    init: str | Path | None = None,
) -> Result:
    """Train a model into a run folder; `mtlc.training.loop.train` says what each option does."""
    from mtlc.training.loop import train as run

    return run(
        model,
        out,
        device=device,
        resume=resume,
        steps=steps,
        report=report,
        tensorboard=tensorboard,
        init=init,
    )


def trained(run: Result | str | Path, overrides: Overrides = (), *, plugins: bool = True) -> Model:
    """The model of a run with the weights that count: the best ones, or the last without a validation split."""
    from mtlc.training.run_folder import RunFolder

    weights = RunFolder(Path(run if isinstance(run, str | Path) else run.folder)).kept()
    return with_weights(build(load(spec_inside(weights), overrides, plugins=plugins)), weights)


def spec_inside(weights: Path) -> Source:
    """The spec in a file of weights; what it uses is looked for in its run folder, or beside the file."""
    from mtlc.training.checkpoint import read_spec
    from mtlc.training.own_parts import home

    return Source(f"the spec in {weights}", read_spec(weights), home(weights))


def with_weights(model: Model, weights: Path) -> Model:
    """The model with the weights of a checkpoint file, which must be of its spec."""
    from mtlc.training.checkpoint import load_weights
    from mtlc.training.own_parts import text

    load_weights(model.train, weights, text(model.plan.spec))
    return model


def predict(
    run: Model | Result | str | Path, images: str | Path | Iterable[str | Path], **options: Any
) -> Iterator[Prediction | Failure]:
    """Predictions for image files and folders; see `mtlc.training.predict.predict` for `tasks`, `native`, `device`."""
    from mtlc.lower import Model
    from mtlc.training.predict import predict as over

    paths = [images] if isinstance(images, str | Path) else images
    return over(run if isinstance(run, Model) else trained(run), paths, **options)
