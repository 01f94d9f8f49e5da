"""The beginnings of blocks: which keywords there are, and whether a block takes the name and kind it is given."""

from __future__ import annotations

from mtlc.diagnostics import Diagnostics, suggest
from mtlc.resolve.blocks import KIND_ONLY, NAMED, RESERVED, told
from mtlc.resolve.meant import meant
from mtlc.syntax import KEYWORDS, RELATIONS, Block

NAMELESS = (*RELATIONS, "train", "eval")  # and without a kind
_SHOWN = {"task": "task depth", "shared": "shared encoder : tiny", "layer": "layer encoder : tiny"}


def unknown_block(block: Block, diagnostics: Diagnostics) -> set[str]:
    """Report a block of no known keyword; gives the words that it may have declared."""
    guess = meant(block.keyword.text, KEYWORDS)
    named = {part.text for part in (block.keyword, block.name, block.kind) if part}
    if not told(block.keyword.span, diagnostics):
        hint = f"did you mean `{guess}`?" if guess else f"blocks are {', '.join(KEYWORDS)}"
        hint = "write it in `train { … }`" if block.keyword.text == "phase" else hint
        message = f"there is no block `{block.keyword.text}`"
        diagnostics.error("MTL201", message, block.keyword.span, "unknown block", hint=hint)
    return named | ({guess} if guess else set(KEYWORDS))


def header_fits(block: Block, declares: str, diagnostics: Diagnostics) -> bool:
    """Whether a block has the name and the kind that its keyword wants; reports it otherwise.

    `declares` is the name that the block declares, or empty.
    """
    keyword, name, kind = block.keyword.text, block.name, block.kind
    code, label, span = "MTL218", "", block.keyword.span
    if keyword in NAMED and name is None:
        message, hint = f"`{keyword}` needs a name", f"write `{_SHOWN[keyword]}`"
    elif keyword in NAMELESS and (extra := name or kind):
        what, span = "name" if name else "kind", extra.span
        message, hint = f"`{keyword}` takes no {what}", f"write `{keyword} {{ … }}`"
    elif keyword in KIND_ONLY and kind is not None and not declares:
        message, span = f"`{keyword}` takes only a kind: a spec has one", kind.span
        label, hint = "one name too many", f"write `{keyword} {kind.text}`"
        if keyword == "data":
            message, label = "this data set has no name before its kind", ""
            hint += f", or `data NAME : {kind.text}` where there are several"
    elif name is not None and kind is not None and (keyword, name.text) == ("task", "all"):
        message, span = "`task all` takes no kind: it is what all tasks have", kind.span
        hint = "write `task all { … }`"
    elif name is not None and declares in RESERVED and (keyword, name.text) != ("task", "all"):
        code, message, span = "MTL207", f"`{name.text}` is reserved", name.span
        hint = "choose another name"
    else:
        return True
    diagnostics.error(code, message, span, label, hint=hint)
    return False


def is_phase(block: Block, holder: str, diagnostics: Diagnostics) -> bool:
    """Whether a block in the block `holder` is a phase of training, the only one that may stand in another."""
    keyword, name, kind = block.keyword.text, block.name, block.kind
    span = block.header
    message = f"`{holder}` holds no block `{keyword}`"
    if holder in RELATIONS:
        hint = "write a relation, such as `all via kem`"
    elif keyword in KEYWORDS:
        hint = f"blocks do not stand in each other: close `{holder}` before it"
    elif keyword == "phase" and holder != "train":
        hint = "phases stand side by side in `train`"
    elif keyword == "phase" and name is None:
        message, hint = "a phase needs a name", "write `phase NAME { steps = … }`"
    elif keyword == "phase" and name is not None and kind is not None:
        message, hint, span = "a phase takes no kind", f"write `phase {name.text} {{ … }}`", kind.span
    elif keyword == "phase":
        return True
    elif holder == "train" and name and suggest(keyword, ["phase"]):
        hint = "did you mean `phase`?"
    else:
        hint = f"write a value: `{keyword} = {name.text if name else 'NAME'}(…)`"
    diagnostics.error("MTL217", message, span, hint=hint)
    return False
