"""Signs that the language does not have, or not there: arrows, `==`, `:`, stray characters."""

import re
import unicodedata

from mtlc.parse.mistakes.trouble import Mistake, Trouble
from mtlc.parse.scan import NAME

_NAMES = re.compile(rf"\s*{NAME}(?:\s*,\s*{NAME})*\s*")


def arrow(t: Trouble) -> Mistake | None:
    start, end = t.run
    run, before = t.text[start:end], t.text[:start]
    left = t.head[: len(t.head) - (t.offset - start)]
    if t.inside != "{" or run in ("", "=", "->", "<->", ":") or not _NAMES.fullmatch(left):
        return None
    if run == "-" and before[-1:].isalnum() and t.text[end : end + 1].isalnum():
        return None
    if not set(run) & set("<>-~→←↔⇒⇔⟶"):
        return None
    if re.search(r"\bvia\b", t.tail) or t.relates:
        hint = (
            "write the source first: `source -> target`"
            if run.startswith(("<-", "←"))
            else "write `->` or `<->`"
        )
        return Mistake("MTL022", f"`{run}` is no arrow", start, end, "`->` or `<->` is expected", hint)
    return Mistake(
        "MTL010", f"`{run}` stands between a key and its value", start, end, "`=` is expected", "write `=`"
    )


def second_arrow(t: Trouble) -> Mistake | None:
    if t.found not in ("->", "<->") or not re.search("->", t.head):
        return None
    if t.last in ("->", "<->", ","):
        return t.here(
            "MTL022", f"`{t.found}` follows `{t.last}`", "a task is expected", "write one arrow a line"
        )
    return t.here(
        "MTL022", "a line has two arrows", "the second one", "write one relation a line: `a -> b via part`"
    )


def equals(t: Trouble) -> Mistake | None:
    start, end = t.run
    run = t.text[start:end]
    if t.found == "=" and t.last == "=":
        run = "= =" if run == "=" else run
    elif run not in ("==", "===", ":=", "=:", "+=", "!="):
        return None
    return Mistake(
        "MTL010", f"`{run}` stands between a key and its value", start, end, "`=` is expected", "write `=`"
    )


def colon(t: Trouble) -> Mistake | None:
    in_call = t.inside == "(" and t.found == ":"
    match = re.match(rf"\s*({NAME})\s*:", t.piece)
    if in_call and t.words:
        key, start = t.words[-1], t.offset
    elif t.inside == "{" and match and "{" not in t.piece:
        key, start = match[1], t.offset - len(t.head) + match.end() - 1
    elif t.inside == "[" and t.found == ":" and t.words:
        hint = f"write its keys in parentheses: `{t.words[-1]}(…)`"
        return t.here("MTL010", f"`{t.words[-1]}` is followed by `:`", "`(` or `,` is expected", hint)
    else:
        return None
    return Mistake(
        "MTL010", f"`{key}` is followed by `:`", start, start + 1, "`=` is expected", f"write `{key} = …`"
    )


def stray(t: Trouble) -> Mistake | None:
    char = t.found
    if t.override and char == ".":
        return None
    if len(char) != 1 or (char.isascii() and (char.isalnum() or char in ',:=(){}[]"#$_')):
        return None
    shown, hint = _show(char), _known_slip(t, char) or _stray_hint(t, char)
    return t.here("MTL007", f"{shown} means nothing here", "this", hint)


def _known_slip(t: Trouble, char: str) -> str | None:
    """What somebody means who writes `balance a + b`, `best = task.metric`, or `50 %`."""
    if t.inside == "" and t.words[:1] == ["balance"]:
        return "write one method, such as `balance uncertainty`"
    if char == "%" and (number := re.search(r"[0-9.]+(?=\s+$)", t.head)):
        return f"write `{number[0]}%` without a blank"
    best = re.search(rf"\bbest\s*=\s*({NAME})$", t.head) if char == "." else None
    return f"write `best = {best[1]}`: a task counts by its first metric" if best else None


def _stray_hint(t: Trouble, char: str) -> str:
    if not t.head.strip() and char in "-*•–`":
        return f"remove it: {'a spec has no fence' if char == '`' else 'an entry begins with a name'}"
    if char in "'‘’“”`«»":
        return 'write texts in double quotes: `"…"`'
    if char == ";":
        return "end an entry with a comma or a new line, a statement with a new line"
    if t.text.startswith("//", t.offset) or t.text.startswith("/*", t.offset):
        return "begin a comment with `#`"
    if char.isspace() or unicodedata.category(char) in ("Cf", "Cc"):
        return "write a plain space, or remove it"
    if t.inside == "" and char == ".":
        return f"write the key in its block: `{t.last} {{ … }}`"
    before = t.text[t.offset - 1 : t.offset]
    if (
        t.key is None
        and before
        and (before.isalnum() or before in '_"')
        and char in "-./@\\"
        and "=" in t.head
    ):
        return "write a text in double quotes"
    if char in "*/+-^%" and "=" in t.head:
        return "write the result: a spec does not calculate"
    if char.isalpha() or char in "-.@":
        return "write names with letters a to z, digits and `_`; texts in double quotes"
    return "remove it, or write it in a text in double quotes"


def _show(char: str) -> str:
    if char.isprintable() and not char.isspace():
        return f"`{char}`"
    return unicodedata.name(char, f"character U+{ord(char):04X}").lower()
