"""What is wrong inside a block, a call or a list: values, commas, relations."""

import re

from mtlc.parse.mistakes.trouble import Mistake, Trouble
from mtlc.parse.scan import NAME

_VALUE_STARTS = frozenset(("LITERAL", "STRING", "DOLLAR", "LSQB"))


def entry_start(t: Trouble) -> Mistake | None:
    if t.inside in ("(", "["):
        return _argument_start(t)
    if t.head.strip():
        return None
    if t.found == ",":
        return t.here("MTL015", "a comma too many", "nothing before it", "remove it")
    if t.found == "{":
        return t.here(
            "MTL030", "a block has no keyword", "`{` begins a line", "write `{` on the line of its keyword"
        )
    if t.found == "=":
        return t.here("MTL012", "a value has no key", "a key is expected before this", "write `key = value`")
    if t.found in ("->", "<->"):
        return t.here(
            "MTL023", f"no task stands before `{t.found}`", "a task is expected", "write `source -> target`"
        )
    if t.found and t.found[0] == '"':
        return t.here(
            "MTL012", "a text stands alone", "a key is expected", "write names without quotes: `key = value`"
        )
    if t.found and (t.found[0].isdigit() or t.found[0] in "+-."):
        hint = "begin names with a letter, and a line with a name"
        return t.here("MTL012", f"`{t.found}` is no name", "a name is expected", hint)
    if t.found and not t.found[0].isalpha():
        return t.here("MTL007", f"`{t.found}` means nothing here", "a name is expected", "remove it")
    return None


def _argument_start(t: Trouble) -> Mistake | None:
    if t.found != "=":
        return None
    if t.inside == "[":
        return t.here(
            "MTL016", "a list has a key", "`,` or `]` is expected", "write the values alone: `[a, b]`"
        )
    return t.here("MTL012", "a value has no key", "a key is expected before this", "write `key = value`")


def no_value(t: Trouble) -> Mistake | None:
    if not t.accepts >= _VALUE_STARTS:
        return None
    if t.found == "," and t.inside in ("[", "(") and t.key is None:
        return t.here("MTL015", "a comma too many", "no value before it", "remove it")
    if t.found == "{":
        hint = "write the keys of a value in parentheses: `name(key = …)`"
        return t.here("MTL011", f"`{t.key}` has a block as its value", "a value is expected", hint)
    if t.found == "(":
        hint = "write the name of a part before it, or a list: `[a, b]`"
        return t.here("MTL011", "parentheses stand alone", "a name is expected before this", hint)
    if not t.stops:
        return None
    if t.key is None:
        return t.here("MTL011", "a value is missing", "a value is expected", "write one")
    hint = f"write a value after `=`, or remove `{t.key}`"
    return t.at(rf"{NAME}\s*=", "MTL011", f"`{t.key}` has no value", "nothing after `=`", hint)


def no_name(t: Trouble) -> Mistake | None:
    """A part, a task, a kind or a name of `let` is expected."""
    if t.accepts != {"NAME"}:
        return None
    if t.last in ("via", "then"):
        hint = f"write a part after `{t.last}`, such as `{t.last} attention`"
        return t.gap("MTL021", f"`{t.last}` names no part", "a part is expected", hint)
    if t.last in ("->", "<->", ","):
        hint = f"write a task after `{t.last}`, or `all`"
        return t.gap("MTL023", f"no task stands after `{t.last}`", "a task is expected", hint)
    if t.last == "$":
        return t.at(
            r"\$", "MTL011", "`$` names nothing", "a name is expected", "write the name of a `let`: `$name`"
        )
    if t.last == ":":
        hint = "write a kind, a word that begins with a letter, or remove `:`"
        return t.gap("MTL030", "`:` is followed by no kind", "a kind is expected", hint)
    return None


def no_via(t: Trouble) -> Mistake | None:
    """Names were read in a body: `=`, an arrow or `via` must follow."""
    if "VIA" not in t.accepts:
        return None
    alone = bool(re.fullmatch(rf"\s*{NAME}\s*", t.head))
    if t.last == "via":
        arrow = re.search(r"(<?->)\s*via\s*$", t.head)
        message = f"no task stands after `{arrow[1]}`" if arrow else "no task stands before `via`"
        return t.at(
            "via", "MTL023", message, "a task is expected before this", "write a task there, or `all`"
        )
    if alone and not t.relates:
        return _no_equals(t)
    if t.found == "=":
        return t.gap(
            "MTL016", "one `=` follows several names", "one key is expected", "write each key with its value"
        )
    if alone and t.stops:
        return t.at(NAME, "MTL020", "a relation has no `via`", "`via` is expected after this", _via_hint(t))
    shown = f"before `{t.found}`" if t.found and not t.stops else "after this"
    return t.gap("MTL020", "a relation has no `via`", f"`via` is expected {shown}"[:60], _via_hint(t))


def _via_hint(t: Trouble) -> str:
    part = re.match(NAME, t.tail)
    return f"write `via {part[0]}`" if part else "name the part: `… via attention`"


def _no_equals(t: Trouble) -> Mistake:
    key = t.words[0]
    if t.stops:
        hint = f"write `{key} = …`, or remove it"
        return t.at(NAME, "MTL012", f"`{key}` has no value", "a key alone", hint)
    hint = f"write `{key} = {t.found if t.found[0] not in '([' else '…'}`"
    return t.here("MTL010", f"`=` is missing after `{key}`", "`=` is expected before this", hint)


def inner_header(t: Trouble) -> Mistake | None:
    """Two words in a body and no brace: mostly a forgotten `=` or `via`."""
    if t.inside != "{" or "LBRACE" not in t.accepts or "VIA" in t.accepts:
        return None
    key, *rest = t.words
    if key == "via":
        hint = "write a task there, or `all`"
        return t.at("via", "MTL023", "no task stands before `via`", "a task is expected before this", hint)
    if t.stops and re.match(r"\s*\{", t.text[t.offset :]):
        hint = "write `{` on the line of its keyword"
        return t.gap("MTL030", f"`{' '.join(t.words)}` has its `{{` on another line", "`{` is expected", hint)
    if t.found in ("via", "->", "<->") and rest:
        return t.at(
            NAME, "MTL015", "a comma is missing", "`,` is expected before this", f"write `, {rest[-1]}`"
        )
    if t.found == "=" or (t.found and not t.stops and t.found != "("):
        hint = f"write `{'_'.join(t.words)} = …` for a key, `{' '.join(t.words)} {{ … }}` for a block"
        message = f"`{' '.join(t.words)}` is neither a key nor a block"
        start = t.offset - len(t.head.lstrip())
        return Mistake("MTL030", message, start, start + len(t.head.strip()), "this", hint)
    if not rest:
        return None
    if t.relates:
        return t.at(
            NAME,
            "MTL020",
            "a relation has no `via`",
            "`via` is expected before this",
            f"write `via {rest[-1]}`",
        )
    hint = f"write `{key} = {rest[-1]}`"
    return t.at(NAME, "MTL010", f"`=` is missing after `{key}`", "`=` is expected before this", hint)


def after_part(t: Trouble) -> Mistake | None:
    if "THEN" not in t.accepts:
        return None
    if t.found == "{":
        hint = "write the arguments of a part in parentheses: `via part(key = …)`"
        return t.here("MTL021", "a part has braces", "`(` is expected", hint)
    if t.found == "via":
        return t.here(
            "MTL021", "a relation has two `via`", "the second one", "write `then` for a further part"
        )
    if re.match(NAME, t.found) and not _starts_entry(t):
        return t.here(
            "MTL021",
            "two parts stand side by side",
            "`then` is expected before this",
            f"write `then {t.found}`",
        )
    return None


def _starts_entry(t: Trouble) -> bool:
    return bool(re.match(rf"{NAME}\s*(?:=|->|<->|,|:|\{{|via\b|{NAME}\s*[{{:])", t.tail))


def two_entries(t: Trouble) -> Mistake | None:
    """Something follows a complete entry."""
    if not t.found or not ({"_NL", "$END"} & t.accepts) or "NAME" in t.accepts or t.inside in ("(", "["):
        return None
    if _starts_entry(t):
        hint = "put a comma or a new line between them"
        return t.here("MTL014", "two entries stand on one line", "the second one", hint, second=True)
    hint = "remove it, or write several values as a list: `[a, b]`"
    if not t.inside:
        hint = "remove it, or begin a comment with `#`"
    side = re.search(r"=\s*([0-9]+)\s+$", t.head)
    if side and (by := re.match(r"[xX]\s*([0-9]+)", t.tail)):
        hint = f"write a size without blanks: `{side[1]}x{by[1]}`"
    if t.found == "{":
        hint = "write the keys of a value in parentheses: `name(key = …)`"
    whole = "entry" if t.inside else "statement"
    return t.here("MTL016", f"`{t.found}` follows a complete {whole}", "not expected here", hint)


def no_comma(t: Trouble) -> Mistake | None:
    if t.inside not in ("(", "[") or "COMMA" not in t.accepts or t.stops or t.found in ("=", ":", "("):
        return None
    key = re.search(rf"[(,]\s*({NAME})\s*$", t.head)
    if t.inside == "(" and key and not re.match(NAME, t.found):
        hint = f"write `{key[1]} = {t.found}`"
        return t.here("MTL010", f"`=` is missing after `{key[1]}`", "`=` is expected before this", hint)
    return t.here("MTL015", "a comma is missing", "`,` is expected before this", f"write `, {t.found}`")
