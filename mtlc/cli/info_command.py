"""`mtlc info`: what a spec can name, from the same dataclasses that the checks use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from mtlc import schema
from mtlc.cli.options import Options, shared
from mtlc.diagnostics import suggest
from mtlc.packages import load_packages, owner
from mtlc.parts.part import REGISTRY, Part, summary

BLOCKS = {
    "shared": "`shared NAME : KIND` declares a layer that all tasks share; `mtlc info encoder` lists kinds",
    "balance": "`balance METHOD` weighs the tasks' losses; `mtlc info loss-balancer` lists methods",
    "let": "`let name = VALUE` names a value, which is used as `$name`; see docs/language.md",
    "use": '`use "FILE"` takes in another spec, or a Python file with parts; see docs/language.md',
}
"""What stands at the beginning of a statement and is called otherwise than its parts."""

Parts = list[tuple[type[Part], type[Part]]]  # (namespace, part)


@click.command("info")
@click.argument("name", required=False)
@shared
def command(name: str | None, options: Options) -> None:
    """List what a spec can name: everything, one kind (`link`), or one part (`kem`) with its keys.

    Parts of installed packages are among them; --no-plugins leaves these out.

    Example: mtlc info kem
    """
    for trouble in load_packages() if options.plugins else ():
        click.echo(f"{'error' if trouble.clash else 'warning'}: {trouble.message}", err=True)
        click.echo(f"  hint: {trouble.hint}", err=True)
    everything = [(space, part) for space, parts in REGISTRY.items() for part in parts.values()]
    if name in BLOCKS:
        as_json = json.dumps({"version": 1, "parts": [], "about": BLOCKS[name]}, indent=2)
        click.echo(as_json if options.format == "json" else BLOCKS[name])
        return
    if name is None:
        found, detailed = list(_once(everything)), False
    else:
        found = _named(everything, name)
        detailed = any(part.word == name for _, part in found)
    if options.format == "json":
        click.echo(json.dumps({"version": 1, "parts": [_as_data(*each) for each in found]}, indent=2))
    else:
        click.echo("\n".join(_detailed(found) if detailed else _listed(found)))


def _named(everything: Parts, name: str) -> Parts:
    found = list(_once(each for each in everything if each[1].word == name))
    found = found or [
        each
        for each in everything
        if name.replace("-", " ") in (each[0].noun, each[0].noun + "s", kind(each[0]))
    ]
    if not found:
        words = [part.word for _, part in everything] + [space.noun for space, _ in everything]
        guess = suggest(name, words)
        hint = f"did you mean `{guess}`?" if guess else "`mtlc info` lists all"
        raise click.UsageError(f"nothing is called `{name}`; {hint}")
    return found


def _once(parts: Iterable[tuple[type[Part], type[Part]]]) -> Iterator[tuple[type[Part], type[Part]]]:
    """Each part under one of its kinds, the narrowest that has a name of its own; kind by kind."""
    found: dict[type[Part], type[Part]] = {}
    for space, part in parts:
        known = found.get(part)
        if known is None or _rank(space) > _rank(known):
            found[part] = space
    order = list(REGISTRY)
    return iter(
        sorted(((space, part) for part, space in found.items()), key=lambda each: order.index(each[0]))
    )


def _rank(space: type[Part]) -> tuple[bool, int]:
    return "noun" in vars(space), len(space.__mro__)


def kind(space: type[Part]) -> str:
    """What a namespace is called: `link`, `class loss`."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in space.__name__).strip()
    return "block" if space is Part else words


def _listed(parts: Parts) -> Iterator[str]:
    width, last = max(len(part.word) for _, part in parts), None
    for space, part in parts:
        if space is not last:
            yield f"{'' if last is None else chr(10)}{kind(space)}"
            last = space
        yield f"  {part.word.ljust(width)}  {summary(part)}"


def _detailed(parts: Parts) -> Iterator[str]:
    for space, part in parts:
        yield f"{part.word}: {kind(space)}"
        yield from (f"  {line.strip()}" for line in (part.__doc__ or "").strip().splitlines())
        if package := owner(part):
            yield f"  package: {package}"
        for about in ("paper", "needs", "cost", "scale"):
            if getattr(part, about, ""):
                yield f"  {about}: {getattr(part, about)}"
        yield from _keys(part)
        yield ""


def _keys(part: type[Part]) -> Iterator[str]:
    keys = schema.keys(part).values()
    if not keys:
        return
    width = max(len(key.name) for key in keys)
    yield "  keys:"
    for key in keys:
        default = "required" if key.required else f"default {shown(key.default, key)}"
        yield f"    {key.name.ljust(width)}  {key.takes()} ({default})"
        yield f"    {' ' * width}  {key.help}"


def shown(value: Any, key: schema.Key) -> str:
    """A default as a spec writes it."""
    return (
        value
        if isinstance(value, str) and (key.bare or value in schema.choices(key.type))
        else schema.literal(value)
    )


def _as_data(space: type[Part], part: type[Part]) -> dict[str, Any]:
    keys = [
        {
            "name": key.name,
            "takes": key.takes(),
            "default": None if key.required else shown(key.default, key),
            "required": key.required,
            "help": key.help,
            "choices": list(schema.choices(key.type)),
        }
        for key in schema.keys(part).values()
    ]
    about = {
        each: getattr(part, each) for each in ("paper", "needs", "cost", "scale") if getattr(part, each, "")
    }
    return {"name": part.word, "kind": kind(space), "summary": summary(part), "keys": keys, **about}
