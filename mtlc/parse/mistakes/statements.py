"""What is wrong at the top level: `use`, `let`, `mtl`, headers, entries without a block; and overrides."""

import re

from mtlc.parse.mistakes.trouble import Mistake, Trouble
from mtlc.parse.scan import NAME
from mtlc.syntax import KEYWORDS, RELATIONS, STATEMENTS

_PROSE = re.compile(rf"\W*(?:{NAME}\W+)*?(?:{NAME}[ \t]+){{4}}{NAME}")  # five words in a row


def use(t: Trouble) -> Mistake | None:
    if t.accepts != {"STRING"}:
        return None
    path = re.match(r"[^\s\"#,(){}]*", t.tail)
    wanted = path[0] if path and path[0] else "file.mtl"
    return t.gap("MTL031", "`use` has no path in quotes", "a text is expected", f'write `use "{wanted}"`')


def let(t: Trouble) -> Mistake | None:
    if not re.match(r"\s*let\b", t.head) or t.inside or not t.accepts <= {"NAME", "EQUAL"}:
        return None
    name = t.words[1] if len(t.words) > 1 else "name"
    wanted = "a name" if "NAME" in t.accepts else "`=`"
    return t.gap(
        "MTL032",
        f"`let` has no {wanted[2:] if wanted[0] == 'a' else wanted}",
        f"{wanted} is expected",
        f"write `let {name} = …`",
    )


def version(t: Trouble) -> Mistake | None:
    if t.accepts != {"LITERAL"}:
        return None
    return t.gap("MTL033", "`mtl` has no version number", "a number is expected", "write `mtl 1`")


def outside(t: Trouble) -> Mistake | None:
    """A key or a relation at the top level."""
    if t.inside or not {"_NL", "$END"} & t.accepts or not re.fullmatch(rf"(?:\s*{NAME})+\s*", t.head):
        return None
    words = " ".join(t.words)
    if t.found == "=" and t.words[0] in KEYWORDS:
        return t.here("MTL013", *_sign_of_block(t))
    if t.found == "=":
        hint = "write it in the block that it belongs to, such as `train { … }`"
        return t.at(
            NAME, "MTL013", f"the key `{words}` stands outside of any block", "a block is expected", hint
        )
    relates = t.found in ("->", "<->") or t.words[-1] == "via"
    if relates or (t.found in (",", "via") and re.search(r"\bvia\b|->", t.tail)):
        hint = "write it in a block: `links { … }`"
        return t.here("MTL013", "a relation stands outside of any block", "a block is expected", hint)
    return None


def _sign_of_block(t: Trouble) -> tuple[str, str, str]:
    """`shared encoder = tiny` and `balance = uncertainty`: a block with the sign of a key."""
    wanted = t.words[-1] if len(t.words) > 1 else t.words[0]
    value = re.match(rf"=\s*({NAME})?", t.tail)
    kind = value[1] if value and value[1] else "KIND"
    hint = f"write `{' '.join(t.words)} {': ' if len(t.words) > 1 else ''}{kind}`"
    if t.words[0] in (*RELATIONS, "train", "eval"):
        hint = f"write `{t.words[0]} {{ … }}`"
    return f"`{wanted}` is followed by `=`", "a kind or `{` is expected", hint


def header(t: Trouble) -> Mistake | None:
    """What does not belong to the beginning of a block, at the top level."""
    if t.inside or not ({"LBRACE", "COLON"} & t.accepts) or not t.found or not t.words:
        return None
    if _PROSE.match(t.piece):
        return Mistake(
            "MTL030",
            "this line is no statement",
            t.offset - len(t.head.lstrip()),
            t.offset + len(t.tail.rstrip()),
            "words side by side",
            "begin a comment with `#`",
        )
    if _starts_statement(t):
        return _second_statement(t)
    if t.found == ",":
        return _comma(t)
    keyword = t.words[0]
    if t.found == "(":
        return t.here(
            "MTL030",
            "a block has parentheses",
            "`{` is expected",
            "write the keys of a block in braces: `{ … }`",
        )
    if t.found[0].isdigit() or t.found[0] in "+-.":
        hint = "begin names with a letter"
        return t.here("MTL030", f"`{t.found}` is no name", "a name begins with a letter", hint)
    if t.found[0] == '"':
        return t.here(
            "MTL030",
            "the name of a block stands in quotes",
            "a name is expected",
            f"write `{keyword} {t.found[1:-1]}`",
        )
    if keyword == "balance":
        hint = "write one method, such as `balance uncertainty`"
        return t.here("MTL030", "`balance` takes one method by its name", "a name is expected", hint)
    if keyword in (*RELATIONS, "train", "eval"):
        return t.here(
            "MTL030",
            f"`{t.found}` does not belong to the beginning of `{keyword}`",
            "`{` is expected",
            f"write `{keyword} {{ … }}`",
        )
    shape = f"`{keyword} NAME : KIND {{ … }}`"
    return t.here(
        "MTL030",
        f"`{t.found}` does not belong to the beginning of a block",
        "`{` or a new line is expected",
        f"write {shape}",
    )


def _starts_statement(t: Trouble) -> bool:
    return t.found in STATEMENTS or bool(t.words and t.found == t.words[0])


def _second_statement(t: Trouble) -> Mistake:
    hint = "begin it on a new line"
    return t.here("MTL014", "two statements stand on one line", "the second one", hint, second=True)


def after_statement(t: Trouble) -> Mistake | None:
    if t.inside or not {"_NL", "$END"} & t.accepts or "NAME" in t.accepts:
        return None
    if re.match(NAME, t.found):
        return _second_statement(t)
    return _comma(t) if t.found == "," else None


def _comma(t: Trouble) -> Mistake:
    hint = "begin the next one on a new line"
    return t.here("MTL014", "statements are divided by a comma", "a new line is expected", hint)


def no_path(t: Trouble) -> Mistake | None:
    form = "write `path=value`, such as `train.steps=3`"
    if "EQUAL" in t.accepts:
        return t.here("MTL034", "an override has no `=`", "`=` is expected", form)
    if "NAME" in t.accepts and "LITERAL" not in t.accepts:
        return t.here("MTL034", "an override has no key", "a name is expected", form)
    return None


def after_override(t: Trouble) -> Mistake | None:
    if "$END" not in t.accepts or t.inside:
        return None
    hint = "write texts in double quotes, lists as `[a, b]`, and each `path=value` in its own `--set`"
    return t.here("MTL034", f"`{t.found}` follows a complete override", "not expected", hint)
