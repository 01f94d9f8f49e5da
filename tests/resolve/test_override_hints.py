"""Where a path of `--set` names nothing, the hint names what is there."""

from __future__ import annotations

import pytest

SPEC = """
data rooms
shared encoder : tiny
task depth
task edges
links { all via kem }
train { phase warm { steps = 3 } }
"""


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("train=3", "name a key of it: `train.KEY=VALUE`"),
        ("train.warm=3", "name a key of it: `train.warm.KEY=VALUE`"),
        ("task.depth=semseg", "name a key of it: `task.depth.KEY=VALUE`"),
        ("task.all=2", "name a key of it: `task.all.KEY=VALUE`"),
        ("shared.encoder=tiny(width = 8)", "name a key of it: `shared.encoder.KEY=VALUE`"),
        ("train.optimizer.lr=1", "write it whole, as in `train.optimizer=NAME(lr = …)`"),
        ("train.warm.optimizer.lr=1", "write it whole, as in `train.warm.optimizer=NAME(lr = …)`"),
        ("train.wram.steps=1", "did you mean `train.warm.steps`?"),
        ("train.cool.steps=1", "paths begin with data, shared.encoder,"),
        ("depth.weight=2", "did you mean `task.depth.weight`?"),
        ("warm.steps=2", "did you mean `train.warm.steps`?"),
        ("links=3", "relations stand in a file"),
    ],
)
def test_the_hint_names_what_can_be_set(found, override, hint):
    (only,) = found(SPEC, override)
    assert only.code == "MTL112" and hint in only.hint
