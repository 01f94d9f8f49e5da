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
    if len(words) == 1 and words[0] in KIND_ONLY:
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
    if keyword in (*KIND_ONLY, "train", "eval"):
        block = blocks.one(keyword)
        if block is None and keyword != "data":
            block = Merged(keyword, "", None, override.span, override.span.source)
            blocks.blocks[keyword, ""] = block
        if block is not None and len(words) > 1 and words[1] in block.inner:
            return block.inner[words[1]], 2
        return block, 1
    return None, 1


def _set_kind(blocks: Blocks, override: Override) -> None:
    """`balance=uncertainty`, `data=rooms(size = 64x64)`: another kind, its keys alone."""
    keyword, value = override.path[0].text, override.value
    named = value.name if isinstance(value, Bare | Call) else Name(value.span.text, value.span)
    made = Merged(keyword, "", named, override.span, override.span.source)
    made.args = value.args if isinstance(value, Call) else ()
    blocks.blocks[keyword, ""] = made


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
    elif guess and guess != ".".join(head):
        hint = f"did you mean `{guess}.{last}`?"
    span = override.path[0].span.to(override.path[-1].span)
    diagnostics.error("MTL112", f"there is nothing to set at `{written}`", span, hint=hint)
