"""Everything a spec can name, as frozen dataclasses that import no torch: one file per kind of thing."""

from mtlc.parts import (  # noqa: F401  (they register)
    agreement,
    balance,
    data,
    decoders,
    distillation,
    encoders,
    gradients,
    layers,
    links,
    losses,
    mixing,
    protocols,
    tasks,
    training,
)
