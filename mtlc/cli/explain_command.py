"""`mtlc explain`: the page of a diagnostic's code, or where a value of a spec came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import click

from mtlc.cli.options import Options, read_spec, shared
from mtlc.codes import codes, page
from mtlc.diagnostics import suggest
from mtlc.graph import TaskGraph
from mtlc.origins import Piece, pieces, under
from mtlc.spec import Spec

_CODE = re.compile(r"(?:MTL)?\d{3}", re.I)


@click.command("explain")
@click.argument("what", required=False, metavar="[CODE | SPEC]")
@click.argument("path", required=False, metavar="[PATH]")
@shared
def command(what: str | None, path: str | None, options: Options) -> None:
    """Say why a CODE is reported, or where the value at a PATH of a SPEC came from.

    Without a PATH every value of the spec, without anything all codes.

    Example: mtlc explain specs/nyud_base.mtl task.normals.decoder
    """
    if what is None:
        click.echo("\n".join(page(each).partition("\n")[0].lstrip("# ") for each in codes()))
    elif path is None and _CODE.fullmatch(what):
        click.echo(_page(what).rstrip("\n"))
    else:
        spec, graph = read_spec(what, options)
        _show(_found(pieces(spec), path), options)
        if path == "balance" and options.format == "text":
            click.echo("\n" + _backward(spec, graph))


def _backward(spec: Spec, graph: TaskGraph) -> str:
    """How a step's gradient is found, with this balancing."""
    from mtlc.analyse.gradients import backward
    from mtlc.analyse.partition import partition
    from mtlc.plan import plan

    return backward(spec.gradients, partition(plan(spec, graph)))


def _page(code: str) -> str:
    wanted = f"MTL{code[-3:]}"
    if wanted not in codes():
        raise click.UsageError(f"there is no code {code}; `mtlc explain` lists all")
    return page(wanted)


def _found(known: dict[str, Piece], path: str | None) -> list[Piece]:
    """The pieces under a path; an unknown path is wrong usage (exit 2)."""
    if path is None:
        return list(known.values())
    found = under(known, path)
    if not found:
        raise click.UsageError(f"there is nothing at `{path}`; {_hint(known, path)}")
    return found


def _hint(known: Iterable[str], path: str) -> str:
    """The path with its first wrong word put right; else what could stand in that word's place."""
    words = path.split(".")
    for place, word in enumerate(words):
        start = "".join(f"{each}." for each in words[:place])
        beyond = dict.fromkeys(each[len(start) :].split(".")[0] for each in known if each.startswith(start))
        if word not in beyond:
            guess = suggest(word, beyond)
            below = ", ".join(f"`{start}{each}`" for each in beyond)
            return (
                f"did you mean `{'.'.join([start + guess, *words[place + 1 :]])}`?"
                if guess
                else _choose(below)
            )
    return _choose(", ".join(known))


def _choose(below: str) -> str:
    return f"choose from {below}" if below else "a plain value has nothing in it"


def _show(found: list[Piece], options: Options) -> None:
    if options.format == "json":
        click.echo(json.dumps({"version": 1, "values": [_as_data(each) for each in found]}, indent=2))
        return
    path = max(len(each.path) for each in found)
    value = min(max(len(each.value) for each in found), 48)
    for each in found:
        click.echo(f"{each.path.ljust(path)} = {each.value.ljust(value)}  {each.origin}")


def _as_data(piece: Piece) -> dict[str, object]:
    place = piece.place
    where = place and {"file": place.source.name, "line": place.line, "column": place.column}
    return {"path": piece.path, "value": piece.value, "door": piece.door, "place": where}
