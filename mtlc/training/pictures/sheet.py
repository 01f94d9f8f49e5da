"""The contact sheet of one image: the photo, then a column for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from unicodedata import combining, normalize

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from mtlc import fonts
from mtlc.training.pictures.colour import Picture
from mtlc.training.pictures.panel import LABEL, PREDICTION, Bar, Number, Panel, Swatch, Tag

PAPER, INK, FAINT = (255, 255, 255), (30, 32, 36), (112, 116, 124)
SHADE, RULE = (222, 231, 242), (196, 200, 206)
MARGIN, GAP, LINE = 20, 16, 20
SMALLEST, LARGEST = 256, 420  # of a tile's longer side, in pixels
NARROWEST = 224  # of a column, so that its text has room
WIDEST = 1840  # of a sheet with more than two columns
SWATCHES = 14
APART = 6  # between a map and the name of the next one, so that it is read with what it names


def contact_sheet(image: Picture, panels: Sequence[Panel], title: str = "", caption: str = "") -> Image.Image:
    """One sheet for an image: its photo, and each task's prediction with the label below where there is one.

    `caption` stands over the photo; by default the image's width and height. Over every other map stands
    whether it is a prediction or a label.
    Small images are enlarged by whole factors without smoothing, large ones shrunk.
    """
    height, width = image.shape[:2]
    tile = tile_size(height, width)
    column = max(tile[0] + 2, NARROWEST)
    cells = [_cell([_text("photo", 16), _row(caption or f"{width} x {height}", column), _tile(image, tile)])]
    two = any(each.prediction is not None and each.label is not None for each in panels)
    cells += [_cell(_blocks(each, tile, column, tile[1] * (1 + two))) for each in panels]
    rows = _grid(cells, column)
    return _framed([_text(title, 20), rows] if title else [rows])


def gallery(
    cells: Sequence[tuple[Picture, str, str]], key: Panel, title: str, caption: str = ""
) -> Image.Image:
    """Pictures side by side, each with two lines of text below it, and how to read them all (`key`) at the end."""
    tile = tile_size(*cells[0][0].shape[:2])
    column = max(tile[0] + 2, NARROWEST)
    shown = [
        _cell([_tile(each, tile), _text(above, 13, width=column), _text(below, 13, FAINT, width=column)])
        for each, above, below in cells
    ]
    rows = _grid(shown, column)
    read = _blocks(replace(key, title=caption), tile, rows.width, tile[1])
    return _framed([_text(title, 20), *read, rows])


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets below one another."""
    return _cell(sheets)


def tile_size(height: int, width: int) -> tuple[int, int]:
    """Width and height of an image of this size on the sheet."""
    longer = max(height, width)
    if longer > LARGEST:
        return max(width * LARGEST // longer, 1), max(height * LARGEST // longer, 1)
    factor = -(-SMALLEST // longer)
    return width * factor, height * factor


def _blocks(panel: Panel, tile: tuple[int, int], column: int, height: int) -> list[Image.Image]:
    """What stands in a panel's column from top to bottom. Tags and numbers may take so much height: where other
    columns have two maps below each other, that of both."""
    blocks = [_text(panel.title, 16, width=column)]
    if panel.tags:
        blocks += [_row(panel.row, column), _card(panel.tags, column, height)]
    if panel.numbers:
        blocks += [_row(panel.row, column), _values(panel.numbers, column, height)]
    if panel.prediction is not None:
        blocks += [_row(PREDICTION, column), _tile(panel.prediction, tile)]
    if panel.label is not None:
        between = [_space(APART)] if panel.prediction is not None else []
        blocks += [*between, _row(LABEL, column), _tile(panel.label, tile)]
    if panel.bar:
        blocks.append(_scale(panel.bar, tile[0] + 2))
    if panel.swatches:
        blocks.append(_legend(panel.swatches, column))
    return blocks + [_text(line, 13, FAINT, width=column) for line in panel.note.splitlines()]


def _row(name: str, width: int) -> Image.Image:
    """What the map right below it is."""
    return _text(name, 13, FAINT, width)


def _space(height: int) -> Image.Image:
    return Image.new("RGB", (1, height), PAPER)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(fonts.REGULAR, size, layout_engine=ImageFont.Layout.BASIC)


def _length(text: str, size: int) -> int:
    return int(np.ceil(_font(size).getlength(text)))


def _fitted(text: str, size: int, width: int) -> str:
    """The text, cut to a width in pixels."""
    text = "".join(map(_drawn, normalize("NFC", text)))
    if _length(text, size) <= width:
        return text
    while text and _length(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


@lru_cache(maxsize=4096)
def _drawn(sign: str) -> str:
    """A sign, or what stands for it where the font lacks it: its letter without accents, or a question mark."""
    bare = "".join(c for c in normalize("NFKD", sign) if not combining(c))
    return next((each for each in (sign, bare) if each and all(map(_in_font, each))), "?")


def _in_font(sign: str) -> bool:
    """Latin, Greek and Cyrillic are; what is not would be drawn as the same box as a sign that nothing has."""
    return sign.isprintable() and bytes(_font(16).getmask(sign)) != bytes(_font(16).getmask("\U0010ffff"))


def _text(text: str, size: int, ink: tuple[int, int, int] = INK, width: int = WIDEST) -> Image.Image:
    text = _fitted(text, size, width)
    block = Image.new("RGB", (max(_length(text, size), 1), size + 6), PAPER)
    ImageDraw.Draw(block).text((0, size), text, ink, _font(size), anchor="ls")
    return block


def _tile(picture: Picture, size: tuple[int, int]) -> Image.Image:
    way = Image.Resampling.BOX if size[0] < picture.shape[1] else Image.Resampling.NEAREST
    return ImageOps.expand(Image.fromarray(picture).resize(size, way), 1, RULE)


def _scale(bar: Bar, width: int) -> Image.Image:
    block = Image.new("RGB", (width, 12 + LINE), PAPER)
    row = Image.fromarray(bar.colours[None]).resize((width - 2, 8), Image.Resampling.BILINEAR)
    block.paste(ImageOps.expand(row, 1, RULE), (0, 2))
    draw = ImageDraw.Draw(block)
    draw.text((0, 6 + LINE), bar.low, FAINT, _font(13), anchor="ls")
    draw.text((width, 6 + LINE), bar.high, FAINT, _font(13), anchor="rs")
    return block


def _legend(swatches: Sequence[Swatch], width: int) -> Image.Image:
    """Squares with names, in lines that fit the width."""
    shown = swatches[:SWATCHES]
    more = [Swatch(PAPER, f"and {len(swatches) - SWATCHES} more")] if len(swatches) > SWATCHES else []
    places, x, y = [], 0, 0
    for each in [*shown, *more]:
        name = _fitted(each.name, 13, width - 20)
        step = 20 + _length(name, 13) + 12
        if x and x + step - 12 > width:
            x, y = 0, y + LINE
        places.append((x, y, each.colour, name))
        x += step
    block = Image.new("RGB", (width, y + LINE), PAPER)
    draw = ImageDraw.Draw(block)
    for x, y, colour, name in places:
        draw.rectangle((x, y + 3, x + 13, y + 16), colour, None if colour == PAPER else RULE)
        draw.text((x + 20, y + 15), name, INK, _font(13), anchor="ls")
    return block


def _card(tags: Sequence[Tag], width: int, height: int) -> Image.Image:
    """Tags as lines, each over a bar as long as its probability; as many as the height takes."""
    room = max(height // (LINE + 2) - 1, 1)
    lines = min(len(tags), room) + (len(tags) > room)
    block = Image.new("RGB", (width, lines * (LINE + 2)), PAPER)
    draw = ImageDraw.Draw(block)
    for i, tag in enumerate(tags[:room]):
        _tag_line(draw, tag, i * (LINE + 2), width)
    if len(tags) > room:
        draw.text((24, room * (LINE + 2) + 15), f"and {len(tags) - room} more", FAINT, _font(13), anchor="ls")
    return block


def _tag_line(draw: ImageDraw.ImageDraw, tag: Tag, y: int, width: int) -> None:
    if tag.probability is None:
        draw.text((2, y + 15), _fitted(tag.name, 13, width - 4), INK, _font(13), anchor="ls")
        return
    draw.rectangle((18, y, 18 + (width - 58) * tag.probability, y + LINE - 1), SHADE)
    if tag.labelled is not None:
        draw.ellipse((2, y + 5, 11, y + 14), INK if tag.labelled else None, INK)
    draw.text((24, y + 15), _fitted(tag.name, 13, width - 68), INK, _font(13), anchor="ls")
    draw.text((width, y + 15), f"{tag.probability:.2f}", FAINT, _font(13), anchor="rs")


def _values(numbers: Sequence[Number], width: int, height: int) -> Image.Image:
    """Names on the left, values on the right, labels in brackets; as many as the height takes."""
    room = max(height // (LINE + 2) - 1, 1)
    lines = min(len(numbers), room) + (len(numbers) > room)
    block = Image.new("RGB", (width, lines * (LINE + 2)), PAPER)
    draw = ImageDraw.Draw(block)
    for i, each in enumerate(numbers[:room]):
        _value_line(draw, each, i * (LINE + 2) + 15, width)
    if len(numbers) > room:
        draw.text(
            (2, room * (LINE + 2) + 15), f"and {len(numbers) - room} more", FAINT, _font(13), anchor="ls"
        )
    return block


def _value_line(draw: ImageDraw.ImageDraw, each: Number, y: int, width: int) -> None:
    label = "" if each.labelled is None else f"  ({each.labelled:.4g})"
    value = f"{each.value:.4g}"
    taken = _length(value + label, 13)
    draw.text((2, y), _fitted(each.name, 13, width - taken - 14), INK, _font(13), anchor="ls")
    draw.text((width - _length(label, 13), y), value, INK, _font(13), anchor="rs")
    draw.text((width, y), label, FAINT, _font(13), anchor="rs")


def _cell(blocks: Sequence[Image.Image]) -> Image.Image:
    """Blocks below one another."""
    cell = Image.new("RGB", (max(b.width for b in blocks), sum(b.height + 4 for b in blocks)), PAPER)
    y = 0
    for block in blocks:
        cell.paste(block, (0, y))
        y += block.height + 4
    return cell


def _grid(cells: Sequence[Image.Image], column: int) -> Image.Image:
    """Cells in rows of as many columns as a sheet takes, as even as possible."""
    most = max(2, (WIDEST - 2 * MARGIN + GAP) // (column + GAP))
    rows = -(-len(cells) // most)
    across = -(-len(cells) // rows)
    lines = [_line(cells[i : i + across], column) for i in range(0, len(cells), across)]
    return _cell(lines)


def _line(cells: Sequence[Image.Image], column: int) -> Image.Image:
    line = Image.new("RGB", (len(cells) * (column + GAP) - GAP, max(c.height for c in cells) + GAP), PAPER)
    for i, cell in enumerate(cells):
        line.paste(cell, (i * (column + GAP), 0))
    return line


def _framed(blocks: Sequence[Image.Image]) -> Image.Image:
    inside = _cell(blocks)
    sheet = Image.new("RGB", (inside.width + 2 * MARGIN, inside.height + 2 * MARGIN - GAP), PAPER)
    sheet.paste(inside, (MARGIN, MARGIN))
    return sheet
