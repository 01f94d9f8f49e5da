"""Parts that do not take images of every size, beside the size of the data."""

from __future__ import annotations

from mtlc.diagnostics import Diagnostics
from mtlc.parts.encoders import Encoder
from mtlc.schema import literal
from mtlc.spec import Spec


def check_sizes(spec: Spec, diagnostics: Diagnostics) -> None:
    """Report each encoder that was made for another size than that of the images, and losses that need larger ones."""
    for line in spec.agree:
        if min(spec.data.size) < line.part.smallest:
            least, have = line.part.smallest, literal(spec.data.size)
            message = f"`{line.part.word}` needs sides of {least} pixels at least, and the data has {have}"
            hint = f"set a larger `size` on the data, {least}x{least} or more"
            diagnostics.error("MTL309", message, line.span, hint=hint)
    for layer in spec.layers.values():
        only = layer.part.only if isinstance(layer.part, Encoder) and layer.reads is None else None
        if only is not None and only != spec.data.size:
            assert isinstance(layer.part, Encoder)
            origin = spec.origins.get(f"{'shared' if layer.shared else 'layer'}.{layer.name}.model")
            wanted, have = literal(only), literal(spec.data.size)
            message = f"{layer.part.called()} takes images of {wanted} only, and the data has {have}"
            hint = f"set `size = {wanted}` on the data, or choose a model that takes any size"
            diagnostics.error("MTL309", message, origin.span if origin else layer.span, hint=hint)
