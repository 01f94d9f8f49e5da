"""SVG and PNG without any system package."""

from __future__ import annotations

import struct
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from mtlc.render import PictureError, dot, png, svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def text(linked):
    return dot(*linked("all via kem \n all via trace_back"), "graph")


def test_the_svg_holds_every_task_as_text_in_a_view_box(text):
    root = ElementTree.fromstring(svg(text))
    said = [each.text for each in root.iter(f"{SVG}text")]
    assert {"semseg", "depth", "normals", "stage 1: kem", "64 @ 1/4"} <= set(said)
    assert [float(side) for side in root.attrib["viewBox"].split()[:2]] == [0, 0]


def test_the_svg_has_a_title_for_those_who_hear_it(text):
    root = ElementTree.fromstring(svg(text))
    assert root.attrib["role"] == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "test"


def test_the_first_line_of_a_box_is_bold_and_the_others_are_not(text):
    root = ElementTree.fromstring(svg(text))
    weight = {each.text: each.get("font-weight") for each in root.iter(f"{SVG}text")}
    assert weight["neck"] == "bold"
    assert weight["shared by all"] is None


def test_names_that_xml_does_not_like_come_out_as_written(tmp_path):
    said = 'a < b & "c" &lt; \\N'
    from mtlc.render import write

    node = write.node(said, (0, 0), (90, 20), {"label": write.label([said])})
    root = ElementTree.fromstring(svg(f"digraph {write.quoted(said)} {{ graph [layout=nop2]; {node} }}"))
    assert [each.text for each in root.iter(f"{SVG}text")] == [said]
    assert root[0].text == said


def test_the_png_has_the_shape_of_the_svg(text):
    data, root = png(text), ElementTree.fromstring(svg(text))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    _, _, wide, high = (float(side) for side in root.attrib["viewBox"].split())
    assert width == pytest.approx(wide * 2 * 96 / 72, rel=0.01)
    assert height == pytest.approx(high * 2 * 96 / 72, rel=0.01)


def test_the_png_draws_its_text(linked):
    text = dot(*linked("all via kem"), "spec")
    assert len(png(text)) > 1.2 * len(png(text.replace('label="', 'label="" , comment="')))


def test_a_text_that_is_not_dot_is_one_error():
    with pytest.raises(PictureError):
        svg("digraph {")


def test_pictures_need_no_program_and_no_torch(text, tmp_path):
    path = tmp_path / "x.dot"
    path.write_text(text)
    code = (
        "import sys, pathlib; from mtlc.render import png, svg, dot; "
        "text = pathlib.Path(sys.argv[1]).read_text(); assert '</svg>' in svg(text); assert png(text); "
        "assert 'torch' not in sys.modules and 'networkx' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code, path], check=True, env={"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    )
