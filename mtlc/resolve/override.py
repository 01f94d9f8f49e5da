"""`--set path=value`: written into the blocks as if it stood last in the spec."""

from __future__ import annotations

from mtlc import schema
from mtlc.diagnostics import Diagnostics, suggest
from mtlc.parts.part import REGISTRY
from mtlc.resolve.blocks import KIND_ONLY, NAMED, Blocks, Merged
from mtlc.syntax import RELATIONS, Assign, Bare, Call, Let, Name, Override


def set_value(blocks: Blocks, override: Override, diagnostics: Diagnostics) -> None:
    """Write one `--set` into the blocks, as if it stood last in the spec."""
    words = [name.text for name in override.path]
    assign = Assign(override.path[-1], override.value, override.span)
    if words[0] == "let" and len(words) == 2 and words[1] in blocks.lets:
        blocks.lets[words[1]] = Let(override.path[1], override.value, override.span)
        return
    if (len(words) == 1 and words[0] in KIND_ONLY) or (words[0] == "data" and tuple(words) in blocks.blocks):
        _set_kind(blocks, override)
        return
    target, depth = _target(blocks, words, override)
    if target is None or len(words) != depth + 1:
        _unknown_path(blocks, override, diagnostics)
        return
    target.entries[words[-1]] = assign
    target.overridden.add(words[-1])


def _target(blocks: Blocks, words: list[str], override: Override) -> tuple[Merged | None, int]:
    """The block that a path names, and how many words of it that took."""
    keyword = words[0]
    if keyword in NAMED and len(words) > 1:
        if words[:2] == ["task", "all"]:
            made = Merged("task", "all", None, override.span, override.span.source)
            return blocks.blocks.setdefault(("task", "all"), made), 2
        return blocks.blocks.get((keyword, words[1])), 2
    if keyword == "data":
        return _data_set(blocks, words)
    if keyword in (*KIND_ONLY, "train", "eval"):
        block = blocks.one(keyword)
        if block is None:
            block = Merged(keyword, "", None, override.span, override.span.source)
            blocks.blocks[keyword, ""] = block
        if block is not None and len(words) > 1 and words[1] in block.inner:
            return block.inner[words[1]], 2
        return block, 1
    return None, 1


def _data_set(blocks: Blocks, words: list[str]) -> tuple[Merged | None, int]:
    """`data.photos.size` names one of several, `data.size` is of the only one."""
    sets = list(blocks.of("data"))
    named = blocks.blocks.get(("data", words[1])) if len(words) > 2 else None
    return (named, 2) if named else (sets[0] if len(sets) == 1 else None, 1)


def _set_kind(blocks: Blocks, override: Override) -> None:
    """`balance=uncertainty`, `data=rooms(size = 64x64)`, `data.photos=rooms`: another kind, its keys alone."""
    keyword, value = override.path[0].text, override.value
    name = "".join(word.text for word in override.path[1:])
    named = value.name if isinstance(value, Bare | Call) else Name(value.span.text, value.span)
    made = Merged(keyword, name, named, override.span, override.span.source)
    made.args = value.args if isinstance(value, Call) else ()
    for other in [] if name else list(blocks.of(keyword)):  # the one takes the place of several
        del blocks.blocks[keyword, other.name]
    blocks.blocks[keyword, name] = made


def _unknown_path(blocks: Blocks, override: Override, diagnostics: Diagnostics) -> None:
    words = [name.text for name in override.path]
    span = override.path[0].span.to(override.path[-1].span)
    message = f"there is nothing to set at `{'.'.join(words)}`"
    diagnostics.error("MTL112", message, span, hint=_hint(words, list(_paths(blocks)), blocks))


def _paths(blocks: Blocks) -> dict[str, None]:
    """What a key can be set of, in the order of the spec, then what may be there without a block."""
    found: list[str] = []
    for block in blocks.blocks.values():
        if block.keyword not in RELATIONS:
            path = f"{block.keyword}.{block.name}".rstrip(".")
            found += [path, *(f"{path}.{phase}" for phase in block.inner)]
    found += ["train", "eval", "balance", "task.all", *(f"let.{name}" for name in blocks.lets)]
    return dict.fromkeys(found)


def _hint(words: list[str], known: list[str], blocks: Blocks) -> str:
    """The way out of a path that names nothing."""
    head, last = ".".join(words[:-1]), words[-1]
    sets = [block.name for block in blocks.of("data")]
    if head == "data" and len(sets) > 1:
        return f"say of which data set: {', '.join(f'`data.{name}.{last}`' for name in sets)}"
    if ".".join(words) in known:
        return f"name a key of it: `{'.'.join(words)}.KEY=VALUE`"
    if words[0] in RELATIONS:
        empty = f"{words[0]} {{ }}"
        return f"relations stand in a file: write one that `use`s this one, with `{empty}` to take them out"
    if ".".join(words[:-2]) in known and _takes_part(words[-2]):
        return f"`{head}` is one value: write it whole, as in `{head}=NAME({last} = …)`"
    named = [each for each in known if each.split(".")[-1:] == words[-2:-1]]
    guess = named[0] if named else suggest(head, known)
    return f"did you mean `{guess}.{last}`?" if guess else f"paths begin with {', '.join(known)}"


def _takes_part(key: str) -> bool:
    """Whether the value of a key called so may be a part, with keys of its own."""
    every = (schema.keys(part) for parts in REGISTRY.values() for part in parts.values())
    return any(key in keys and schema.namespaces(keys[key].type) for keys in every)
