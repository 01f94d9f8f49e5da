"""What a text that the grammar refuses was probably meant to be: one mistake in the user's words.

`RULES` are asked in order; each knows one kind of mistake and answers None to all others.
"""

from collections.abc import Callable

from mtlc.parse.mistakes import entries, signs, slips, statements
from mtlc.parse.mistakes.trouble import CODES, Mistake, Trouble

__all__ = ["CODES", "Mistake", "Trouble", "explain"]

Rule = Callable[[Trouble], Mistake | None]
RULES: tuple[Rule, ...] = (
    slips.slip,
    signs.arrow,
    signs.second_arrow,
    signs.equals,
    signs.colon,
    signs.stray,
    entries.entry_start,
    entries.no_value,
    statements.use,
    statements.let,
    statements.version,
    entries.no_name,
    entries.no_via,
    entries.inner_header,
    statements.outside,
    statements.header,
    entries.after_part,
    statements.after_statement,
    entries.two_entries,
    entries.no_comma,
)
OVERRIDE_RULES: tuple[Rule, ...] = (
    signs.equals,
    signs.stray,
    entries.no_value,
    entries.no_name,
    statements.no_path,
    statements.after_override,
    entries.no_comma,
)
_WORDS = {
    "NAME": "a name",
    "LITERAL": "a number",
    "STRING": "a text",
    "EQUAL": "`=`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "ARROW": "`->`",
    "VIA": "`via`",
    "THEN": "`then`",
    "_NL": "a new line",
}


_VALUE = frozenset(("LITERAL", "STRING", "LSQB"))


def explain(trouble: Trouble) -> Mistake:
    for rule in OVERRIDE_RULES if trouble.override else RULES:
        mistake = rule(trouble)
        if mistake:
            return mistake
    return _unexpected(trouble)


def _unexpected(t: Trouble) -> Mistake:
    value = t.accepts >= _VALUE
    left_out = {*_VALUE, "_NL", "NAME"} if value else set()
    words = sorted({_WORDS[each] for each in t.accepts - left_out if each in _WORDS})
    words = ["a value", *words] if value else words
    shown = f"`{t.found}`" if t.found else "the end of the line"
    expected = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else "".join(words)
    hint = f"write {expected}" if expected else "remove it"
    return t.here("MTL019", f"{shown} is not expected here", "not expected", hint)
