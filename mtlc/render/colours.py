"""The colours of a picture: one for each task, told apart with any colour vision, and neutral ones."""

from __future__ import annotations

# From Okabe and Ito (2008), without yellow and black, which do not serve here, and Tol's muted scheme (2021).
PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#aa4499",
    "#e69f00",
    "#56b4e9",
    "#882255",
    "#999933",
    "#332288",
    "#cc79a7",
)
INK = "#26282b"
NEUTRAL = "#6b7280"
QUIET = "#8a9099"
BAND = "#f4f5f7"
BAND_EDGE = "#e1e4e8"
SLAB = "#e5e7eb"
WHITE = "#ffffff"
BLACK = "#000000"


def task_colour(position: int) -> str:
    """The colour of the task at this position; the eleventh begins again (its name still tells it apart)."""
    return PALETTE[position % len(PALETTE)]


def mix(colour: str, other: str, share: float) -> str:
    """The colour with this share of another in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def tint(colour: str) -> str:
    """A pale form, for the inside of a box with dark text."""
    return mix(colour, WHITE, 0.86)


def shade(colour: str) -> str:
    """A dark form, for small text on white: at least 4.5 to 1 for every colour of the palette."""
    dark = colour
    while contrast(dark, WHITE) < 4.5:
        dark = mix(dark, BLACK, 0.08)
    return dark


def ink_on(colour: str) -> str:
    """White where a bold text reads on the colour (3 to 1, WCAG 2.1), else the dark ink."""
    return WHITE if contrast(colour, WHITE) >= 3 else INK


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
