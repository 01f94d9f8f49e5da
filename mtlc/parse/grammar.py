"""The grammar file and the parser made from it. `python -m mtlc.parse.grammar` renews the kept tables.

Making the parse tables takes 0.4 s, reading them 0.01 s, so they are kept as JSON beside this file, with a
key. Where the key does not fit the grammar (it was edited, or Lark is another one), they are made anew.
"""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

TABLES = Path(__file__).with_name("tables.json")
OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "contextual",
    "start": ["start", "override"],
    "propagate_positions": True,
    "maybe_placeholders": True,
}


def path() -> Path:
    """Where the grammar is: beside this file in a wheel, in `grammar/` of a checkout."""
    installed = Path(__file__).with_name("mtl.lark")
    return installed if installed.exists() else Path(__file__).parents[2] / "grammar" / "mtl.lark"


def text() -> str:
    return path().read_text(encoding="utf-8")


@cache
def parser() -> Lark:
    """The parser, from the kept tables if they fit."""
    return from_tables() or from_text()


def from_text(**options: Any) -> Lark:
    return Lark(text(), **OPTIONS, **options)


def from_tables(file: Path = TABLES) -> Lark | None:
    """The parser from kept tables, or None where there are none or they belong to another grammar."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"), object_hook=_number_keys)
        if kept["key"] != key():
            return None
        load: Any = Lark._load_from_dict  # what Lark's own standalone parsers call
        parser: Lark = load(kept["data"], kept["memo"])
    except (OSError, ValueError, LookupError, TypeError, AssertionError):
        return None
    return parser


def key() -> str:
    """What the tables depend on. A patch release of Lark keeps their form."""
    made_of = [text(), sorted(OPTIONS.items()), lark.__version__.rsplit(".", 1)[0]]
    return sha256(repr(made_of).encode()).hexdigest()[:16]


def keep_tables(file: Path = TABLES) -> None:
    data, memo = from_text().memo_serialize([TerminalDef, Rule])
    kept = {"key": key(), "data": data, "memo": memo}
    file.write_text(json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def _number_keys(read: dict[str, Any]) -> dict[Any, Any]:
    """JSON turns numbers that are keys into text: turn them back."""
    return {int(k): v for k, v in read.items()} if all(k.isdigit() for k in read) else read


if __name__ == "__main__":
    keep_tables()
