"""What stands on the boxes, wires and stages of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mtlc.parts.part import AUTO, Levels, Part
from mtlc.render.measure import TITLE_SIZE, cut, wrap
from mtlc.schema import keys, literal, set_keys
from mtlc.spec import Line, Spec

MOST_KEYS = 3


def shape(levels: Levels) -> str:
    """`64 @ 1/4`, for several levels `64 @ 1/4…1/32`, for one vector per image `12`."""
    channels = _ends([str(level.channels) for level in levels])
    return f"{channels} @ {strides(levels)}" if levels[0].stride else channels


def strides(levels: Levels) -> str:
    """`1/4…1/32`, or `1/8` for a single level."""
    return _ends([stride(level.stride) for level in levels])


def stride(pixels: int) -> str:
    return f"1/{pixels}"


def _ends(items: Sequence[str]) -> str:
    return items[0] if len(set(items)) == 1 else f"{items[0]}…{items[-1]}"


def settings(part: Part) -> dict[str, str]:
    """The keys of a part as the spec writes them, `slots = 32`, without those that are off or inferred."""
    said = {}
    for key in keys(type(part)).values():
        value = getattr(part, key.attribute)
        if value is not None and value is not AUTO and not isinstance(value, bool):
            said[key.name] = f"{key.name} = {value if isinstance(value, str) else literal(value)}"
    return said


def call(part: Part) -> str:
    """`kem(slots = 32, select = 64, heads = 4, …)`: what the spec sets, the first keys, `…` for others."""
    said, chosen = settings(part), set_keys(part)
    shown = [*(name for name in said if name in chosen), *(name for name in said if name not in chosen)]
    kept = set(shown[: max(MOST_KEYS, sum(name in chosen for name in said))])
    listed = [text for name, text in said.items() if name in kept] + ["…"] * (len(kept) < len(said))
    return f"{part.word}({', '.join(listed)})" if said else part.word


def title(spec: Spec, number: int) -> str:
    return f"stage {number}: {spec.links[number - 1].part.word}"


def stage(spec: Spec, number: int, room: float) -> tuple[str, ...]:
    """`stage 1: kem`, its settings, and who takes part where that is not every task that could."""
    line = spec.links[number - 1]
    _, bracket, keys = call(line.part).partition("(")
    said = [cut(title(spec, number), room, TITLE_SIZE, bold=True)]
    said += wrap(bracket + keys, room, 3) if bracket else ()
    return (*said, *(() if _everybody(spec, line) else wrap(_who(line), room, 2)))


def _everybody(spec: Spec, line: Line) -> bool:
    dense = {name for name, task in spec.tasks.items() if task.part.dense}
    ends = (line.sources, line.sources if line.targets is None else line.targets)
    return dense <= set(ends[0] + ends[1]) if line.mutual else all(dense <= set(end) for end in ends)


def _who(line: Line) -> str:
    ends = [line.sources] if line.targets is None else [line.sources, line.targets]
    return (" <-> " if line.mutual else " -> ").join(", ".join(end) for end in ends)


def shared_by(users: Iterable[str], everybody: Iterable[str]) -> str:
    """`shared by all`, `shared by depth, normals`, or `for depth alone`."""
    names = list(users)
    if len(names) == 1:
        return f"for {names[0]} alone"
    return "shared by all" if len(names) == len(list(everybody)) else f"shared by {', '.join(names)}"
