"""Everything a spec can name, as frozen dataclasses that import no torch: one file per kind of thing."""

from mtlc.parts import balance, data, decoders, distillation, encoders, layers, links, losses, mixing, tasks, training  # noqa: F401  (they register)
