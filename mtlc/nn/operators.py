"""torchvision beside a torch built for another device: the two operators whose absence stops its import."""

from __future__ import annotations

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_fragments: list[torch.library.Library] = []


def declare_missing_operators() -> None:
    """Make `import torchvision` work where its compiled part does not load (one for CUDA beside a CPU torch).

    timm imports torchvision but never calls these operators. Where the import works, nothing is declared.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _fragments.append(torch.library.Library("torchvision", "FRAGMENT"))  # lives as long as the process
        for schema in SCHEMAS:
            _fragments[-1].define(schema)
