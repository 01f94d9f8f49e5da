"""One training step each: by mtlc, by TorchJD, and by a loop of `torch.autograd.grad`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from step_overhead import ByHand, losses_by_hand
from torch import Tensor, nn

from mtlc.api import build, load
from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.source import Source
from mtlc.training.balancing import balancing
from mtlc.training.device import placed
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

from .setting import BATCHES, EVERY, METHODS, TASKS, WEIGHTS, Method, Size

Step = Callable[[Batch], None]


def make(kind: str, method: str, size: Size, dtype: torch.dtype) -> tuple[Step, Model]:
    """What takes a step and leaves its gradient in `.grad`, and the model that it trains. First weights depend neither
    on the kind (`mtlc`, `every`, `equal`, `loop`, `sequential`, `batched`) nor on the method."""
    chosen = METHODS[method]
    balance = {"equal": "equal", "every": chosen.spec(every=EVERY)}.get(kind, chosen.spec())
    model = build(load(Source("step.mtl", size.spec(balance))))
    placed(model.train.to(dtype), torch.device(size.device))
    match kind:
        case "loop":
            return Loop(model), model
        case "sequential":
            return TorchJd(model, chosen, 1), model
        case "batched":
            return TorchJd(model, chosen, None), model
    return Mtlc(model, size), model


def batches(model: Model, size: Size, dtype: torch.dtype) -> list[Batch]:
    """On the device already: only steps are timed."""

    def converted(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    some = [batch for batch, _ in zip(loader(model.plan).batches(0), range(BATCHES), strict=False)]
    return [
        replace(
            batch,
            images=converted(batch.images),
            labels={task: converted(label) for task, label in batch.labels.items()},
        ).to(torch.device(size.device))
        for batch in some
    ]


def shared(model: Model) -> list[nn.Parameter]:
    """The parameters that all tasks reach."""
    return [*model.module("encoder").parameters(), *model.module("neck").parameters()]


class Mtlc:
    """As `mtlc run` trains."""

    def __init__(self, model: Model, size: Size) -> None:
        plan, device = model.plan, torch.device(size.device)
        scaler = Scaler(device, "fp32")
        self._learner = Learner(model, plan, legs(plan)[0], balancing(plan, device), scaler, device)
        self._steps = 0

    def __call__(self, batch: Batch) -> None:
        self._learner(batch, self._steps)
        self._steps += 1


class Plain(ABC):
    """The step as a researcher writes it; what becomes of the losses is said by those who inherit."""

    def __init__(self, model: Model) -> None:
        self.model = ByHand(model.module).train()
        self.shared = shared(model)
        self.own = [
            [*model.module(f"{task}_decoder").parameters(), *model.module(f"{task}_head").parameters()]
            for task in TASKS
        ]
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, weight_decay=1e-4, fused=True)

    def __call__(self, batch: Batch) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        images = batch.images.to(memory_format=torch.channels_last)
        levels = self.model.levels(images)
        losses = losses_by_hand(self.model.predictions(levels, images), dict(batch.labels))
        self.descend([WEIGHTS.get(task, 1.0) * losses[task] for task in TASKS], levels)
        self.optimizer.step()

    @abstractmethod
    def descend(self, losses: list[Tensor], levels: Sequence[Tensor]) -> None:
        """Give every parameter its gradient."""


class Loop(Plain):
    """A call of `torch.autograd.grad` for each task, and mtlc's function from inner products to weights.

    Gradients stay where autograd wrote them and are joined in place: a matrix of them would be copies.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        gradients = balancing(model.plan, torch.device("cpu")).gradients
        assert gradients is not None
        self.method = gradients.chooser.method

    def descend(self, losses: list[Tensor], levels: Sequence[Tensor]) -> None:
        rows, count = [], len(self.shared)
        for place, (loss, own) in enumerate(zip(losses, self.own, strict=True), 1):
            found = torch.autograd.grad(loss, [*self.shared, *own], retain_graph=place < len(losses))
            rows.append(found[:count])
            for parameter, gradient in zip(own, found[count:], strict=True):
                parameter.grad = gradient
        weights = self.method(gram(rows).cpu().numpy(), TASKS).tolist()
        for place, parameter in enumerate(self.shared):
            first, *others = (row[place] for row in rows)
            first.mul_(weights[0])
            for other, weight in zip(others, weights[1:], strict=True):
                first.add_(other, alpha=weight)
            parameter.grad = first


def gram(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Inner products K×K, float64, of rows that are lists of tensors."""
    flat = [[each.as_strided((each.numel(),), (1,)) for each in row] for row in rows]  # as they lie in memory
    found = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=flat[0][0].device)
    for i, one in enumerate(flat):
        for j, other in enumerate(flat[: i + 1]):
            dots = torch.stack([torch.dot(a, b) for a, b in zip(one, other, strict=True)])
            found[i, j] = found[j, i] = dots.sum(dtype=torch.float64)
    return found


class TorchJd(Plain):
    """TorchJD's `mtl_backward` and `jac_to_grad`, as its documentation has them.

    `chunk`: a backward pass for each task (1), or one for all by `vmap` (None).
    """

    def __init__(self, model: Model, method: Method, chunk: int | None) -> None:
        import torchjd.aggregation as theirs
        from torchjd.autojac import jac_to_grad, mtl_backward

        super().__init__(model)
        self.chunk, self.aggregator = chunk, method.torchjd(theirs)
        self.mtl_backward, self.jac_to_grad = mtl_backward, jac_to_grad

    def descend(self, losses: list[Tensor], levels: Sequence[Tensor]) -> None:
        self.mtl_backward(losses, features=levels, parallel_chunk_size=self.chunk)
        self.jac_to_grad(self.shared, self.aggregator)
