"""Nothing overlaps: boxes, texts and the wires that only pass."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pytest

from mtlc.render import dot, measure

NODE = re.compile(
    r'^ {2,4}"([^"]*)" \[(.*), pos="([-\d.]+),([-\d.]+)", width="([\d.]+)", height="([\d.]+)"\];$',
    re.MULTILINE,
)
KINDS = ("semseg", "depth", "normals", "edges", "saliency")


def boxes(text):
    for name, look, x, y, wide, high in NODE.findall(text):
        if "invis" not in look:
            x, y, wide, high = float(x), float(y), float(wide) * 72, float(high) * 72
            yield name, (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


LABEL = re.compile(r'label="([^"]+)", lp="([-\d.]+),([-\d.]+)"')


def labels(text):
    for said, x, y in LABEL.findall(text):
        x, y, half = float(x), float(y), measure.width(said, measure.SMALL_SIZE) / 2
        yield f"{said} at {x}", (x - half, y - 3.5, x + half, y + 3.5)


def many(count, links, name="t"):
    tasks = "\n".join(f"task {name}{i} : {KINDS[i % 5]} {{ label = {KINDS[i % 5]} }}" for i in range(count))
    return f"data rooms\nshared encoder : tiny\nshared neck : fpn\n{tasks}\nlinks {{ {links} }}"


LINKS = {
    "none": "",
    "dense": "all -> all via attention",
    "fitted": "all -> all via coherence(at = 8)\n all via trace_back",
    "hub": "all via kem(at = 8)\n all via kem\n all via trace_back",
    "distilled": "all -> all via pad_net\n all via mti\n all -> all via pad_net(at = 8)",
    "scales": "all via sequential_attention(at = 8)\n all via mti(at = 16)\n all via trace_back",
    "some": "{name}0, {name}1 via kem\n {name}1 -> {name}0 via attention(at = 16)",
}


@pytest.mark.parametrize("count", [2, 3, 4, 6, 10])
@pytest.mark.parametrize("links", LINKS)
@pytest.mark.parametrize("level", ["spec", "graph"])
def test_no_box_text_or_label_overlaps_another(drawn, count, links, level):
    name = "t" if count % 2 else "a_task_with_a_name_as_long_as_they_come_"
    text = dot(*drawn(many(count, LINKS[links].format(name=name), name)), level)
    found = [*boxes(text), *labels(text)]
    assert len(found) > 8 * count
    for (one, a), (other, b) in combinations(found, 2):
        apart = a[2] <= b[0] + 0.2 or b[2] <= a[0] + 0.2 or a[3] <= b[1] + 0.2 or b[3] <= a[1] + 0.2
        assert apart, (one, other)


def test_a_tasks_name_stands_above_the_first_box_of_its_own_and_on_no_wire(drawn):
    text = dot(*drawn(many(2, "") + "\ntask largest : classify { label = largest, from = encoder }"), "graph")
    places = dict(boxes(text))
    for name, first in (("t0", "t0_decoder"), ("largest", "largest_head")):
        said, box = places[f".task.{name}"], places[first]
        assert said[0] == pytest.approx(box[0], abs=0.2)
        assert box[3] <= said[1] < box[3] + 5


BAND = re.compile(r'bb="([-\d.]+),[-\d.]+,([-\d.]+),[-\d.]+"')


@pytest.mark.parametrize("links", LINKS)
def test_no_label_lies_on_the_edge_of_a_stage(drawn, links):
    text = dot(*drawn(many(3, LINKS[links].format(name="t"))), "graph")
    edges = [float(x) for band in BAND.findall(text) for x in band]
    assert len(edges) == 2 * len(LINKS[links].splitlines())
    for said, (left, _, right, _) in labels(text):
        assert not any(left - 0.2 < edge < right + 0.2 for edge in edges), said


@pytest.mark.parametrize("links", ["t0, t2 via kem", "t0, t3 via kem \n all via trace_back"])
def test_what_a_hub_does_not_take_passes_beside_it(drawn, links):
    text = dot(*drawn(many(4, links)))
    left, low, right, high = dict(boxes(text))["kem_1"]
    for way in re.findall(r'^  "t[12]_\w+" -> "t[12]_\w+" \[.*pos="e,\S+ (.*)"\];$', text, re.MULTILINE):
        points = [tuple(map(float, point.split(","))) for point in way.split()]
        for (x, y), (u, v) in pairwise(points):
            level = y == v and x < right and u > left
            assert not (level and low <= y <= high)


def test_every_text_fits_its_box(drawn):
    text = dot(*drawn(many(4, "all via kem", "a_task_with_a_name_as_long_as_they_come_")))
    for _, look, _, _, wide, _ in NODE.findall(text):
        said = re.search(r'label="([^"]*)"', look)
        for line in re.split(r"\\[nl]", said[1]) if said else ():
            assert measure.width(line) <= float(wide) * 72 + 0.5, line


def test_widths_are_those_of_the_font_that_comes_along():
    from PIL import ImageFont

    from mtlc import fonts

    font = ImageFont.truetype(fonts.REGULAR, 2000, layout_engine=ImageFont.Layout.BASIC)
    text = "The quick brown fox, 64 @ 1/4 (slots = 32): ~!#_{}|"
    assert measure.width(text, 2000) == pytest.approx(sum(map(font.getlength, text)), rel=0.002)


def test_a_long_text_is_wrapped_and_cut():
    lines = measure.wrap("shared by semseg, depth, normals, edges, saliency, parts", 60, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(measure.width(line) <= 60 for line in lines)
