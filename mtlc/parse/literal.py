"""Numbers, sizes and texts: from how they are written to what they mean, and back."""

import re
from decimal import Decimal

from mtlc.source import Span
from mtlc.syntax import BadLiteral, Number, SizeValue

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3}|[kM%])?")
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")
_SCALE = {"k": Decimal(1000), "M": Decimal(1_000_000), "%": Decimal("0.01")}
_DIGITS = 300  # longer ones would overflow a float, or Python's own limit
_ESCAPE = re.compile(r"\\(.)")


def literal(text: str, span: Span) -> Number | SizeValue | BadLiteral:
    """What starts like a number: a number, a size, or neither."""
    if size := _SIZE.fullmatch(text):
        return SizeValue(int(size[1]), int(size[2]), span)
    if not _NUMBER.fullmatch(text) or len(text) > _DIGITS:
        return BadLiteral(text, span)
    value = _value(text)
    if value in (float("inf"), float("-inf")):
        return BadLiteral(text, span)
    return Number(value, text, span, percent=text.endswith("%"))


def _value(text: str) -> int | float:
    """`40k` and `1.5M` are whole where they are exact; a point or an exponent makes a float."""
    scale = _SCALE.get(text[-1])
    if scale is None:
        return float(text) if set(text) & set(".eE") else int(text)
    value = Decimal(text[:-1]) * scale
    return int(value) if text[-1] != "%" and value == int(value) else float(value)


def unquote(text: str) -> str:
    """What a quoted text says: `\\"` and `\\\\` stand for a quote and a backslash."""
    return _ESCAPE.sub(r"\1", text[1:-1])


def quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bad_escapes(text: str) -> list[int]:
    """Where in a quoted text a backslash stands before something that it does not escape."""
    return [match.start() for match in _ESCAPE.finditer(text) if match[1] not in '\\"']
