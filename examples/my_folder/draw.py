"""Draws the twelve photos and masks of this example; run it to see how they were made, they are here already.

python examples/my_folder/draw.py
"""

import math
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SIZE = (192, 144)  # width, height
IDS = {"desk": 0, "book": 1, "cup": 2, "coin": 3}
UNPAINTED = ("07", "08")  # nobody has painted a mask for these: they have tags only


def book(draw: ImageDraw.ImageDraw, mask: ImageDraw.ImageDraw, rng: Random, x: float, y: float) -> None:
    turn, long, wide = rng.uniform(0, math.pi), rng.uniform(30, 40), rng.uniform(20, 26)
    across, along = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))

    def corner(a: float, b: float) -> tuple[float, float]:
        return x + a * long * across[0] + b * wide * along[0], y + a * long * across[1] + b * wide * along[1]

    cover = tuple(rng.randint(40, 200) for _ in range(3))
    outline = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)]
    draw.polygon(outline, fill=cover)
    draw.polygon([corner(-1, -1), corner(1, -1), corner(1, -0.8), corner(-1, -0.8)], fill=(235, 230, 215))
    draw.line([corner(-0.5, 0.1), corner(0.5, 0.1)], fill=(240, 225, 170), width=4)
    mask.polygon(outline, fill=IDS["book"])


def cup(draw: ImageDraw.ImageDraw, mask: ImageDraw.ImageDraw, rng: Random, x: float, y: float) -> None:
    r, turn = rng.uniform(15, 20), rng.uniform(0, 2 * math.pi)
    hx, hy = x + 1.25 * r * math.cos(turn), y + 1.25 * r * math.sin(turn)
    china = rng.choice([(235, 235, 230), (90, 130, 180), (200, 90, 80)])
    for each, colour in ((draw, china), (mask, IDS["cup"])):
        each.ellipse([hx - 7, hy - 7, hx + 7, hy + 7], fill=colour)
        each.ellipse([x - r, y - r, x + r, y + r], fill=colour)
    draw.ellipse([x - 0.8 * r, y - 0.8 * r, x + 0.8 * r, y + 0.8 * r], fill=(66, 40, 24))


def coin(draw: ImageDraw.ImageDraw, mask: ImageDraw.ImageDraw, rng: Random, x: float, y: float) -> None:
    r, metal = rng.uniform(6, 9), rng.choice([(205, 170, 80), (190, 190, 195), (175, 110, 70)])
    draw.ellipse([x - r, y - r, x + r, y + r], fill=metal, outline=tuple(each - 50 for each in metal))
    mask.ellipse([x - r, y - r, x + r, y + r], fill=IDS["coin"])


def scene(rng: Random) -> tuple[Image.Image, Image.Image]:
    """A desk from above, and its mask."""
    wood = rng.choice([(150, 105, 65), (185, 150, 110), (95, 70, 50)])
    photo, mask = Image.new("RGB", SIZE, wood), Image.new("L", SIZE, IDS["desk"])
    draw, paint = ImageDraw.Draw(photo), ImageDraw.Draw(mask)
    for y in range(0, SIZE[1], 3):
        shade = tuple(each + rng.randint(-14, 14) for each in wood)
        draw.line([(0, y), (SIZE[0], y + rng.randint(-4, 4))], fill=shade, width=3)
    things = [thing for thing in (book, coin, coin, cup) if rng.random() < 0.75] or [cup]
    for thing in things:
        thing(draw, paint, rng, rng.uniform(35, SIZE[0] - 35), rng.uniform(30, SIZE[1] - 30))
    return photo.filter(ImageFilter.GaussianBlur(0.8)), mask


def develop(photo: Image.Image, rng: Random) -> Image.Image:
    """Light from one side, and grain."""
    light = np.linspace(rng.uniform(0.7, 1.0), rng.uniform(0.8, 1.2), SIZE[0])[None, :, None]
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 4, (SIZE[1], SIZE[0], 3))
    return Image.fromarray((np.asarray(photo) * light + grain).clip(0, 255).astype(np.uint8))


def main() -> None:
    for folder in ("photos", "masks"):
        (HERE / folder).mkdir(exist_ok=True)
    rows = ["photo,book,cup,coin"]
    for number in range(1, 13):
        id, rng = f"{number:02d}", Random(number)
        photo, mask = scene(rng)
        seen = set(mask.tobytes())
        develop(photo, rng).save(HERE / "photos" / f"{id}.jpg", quality=88)
        rows.append(",".join([id, *(str(int(IDS[name] in seen)) for name in ("book", "cup", "coin"))]))
        if id not in UNPAINTED:
            mask.save(HERE / "masks" / f"{id}.png", optimize=True)
    (HERE / "tags.csv").write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
