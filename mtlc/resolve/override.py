"""`--set path=value`: written into the blocks as if it stood last in the spec."""

from __future__ import annotations

from mtlc.diagnostics import Diagnostics, suggest
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
    written = ".".join(name.text for name in override.path)
    known = [
        f"{b.keyword}.{b.name}".rstrip(".") for b in blocks.blocks.values() if b.keyword not in RELATIONS
    ]
    known += ["train", "eval", "balance", "task.all", *(f"let.{name}" for name in blocks.lets)]
    known = list(dict.fromkeys(known))
    *head, last = (name.text for name in override.path)
    guess = suggest(".".join(head), known)
    hint = f"paths begin with {', '.join(known)}"
    if not head and last in known:
        hint = f"name a key of it: `{last}.KEY=VALUE`"
    elif named := [each for each in known if head and each.split(".")[-1] == head[-1]]:
        hint = f"did you mean `{named[0]}.{last}`?"
    elif written.split(".")[0] in RELATIONS:
        empty = f"{written.split('.')[0]} {{ }}"
        hint = f"relations stand in a file: write one that `use`s this one, with `{empty}` to take them out"
    elif guess and guess != ".".join(head):
        hint = f"did you mean `{guess}.{last}`?"
    sets = [block.name for block in blocks.of("data")]
    if head == ["data"] and len(sets) > 1:
        hint = f"say of which data set: {', '.join(f'`data.{name}.{last}`' for name in sets)}"
    span = override.path[0].span.to(override.path[-1].span)
    diagnostics.error("MTL112", f"there is nothing to set at `{written}`", span, hint=hint)
