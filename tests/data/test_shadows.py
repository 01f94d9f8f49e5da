"""Facts about shadows: a thing between a lamp and a point darkens it, the lamp's own shade does not."""

import numpy as np
import pytest

from mtlc.data.rooms.materials import Material
from mtlc.data.rooms.shadows import shadowed
from mtlc.data.rooms.solids import Piece, Solid, Surfaces, ball, box, cone, put, surfaces

GREY = Material((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
SHAPES = {
    "box": box(0, 0, 0.5, 0.4, 0.4, 0.4, GREY),
    "ball": ball(0, 0, 0.5, 0.2, GREY),
    "cone": cone(0, 0, 0.5, 0.2, 0.1, 0.4, GREY),
}
LAMP = np.array([2, 2, 2], np.float32)
UNDER, BESIDE, ABOVE = [2, 2, 0], [3, 2, 0], [2, 2, 1.2]
POINTS = np.array([UNDER, BESIDE, ABOVE], np.float32).T


def room(solid: Solid, kind: str = "object") -> Surfaces:
    thing = put(Piece(kind, (solid,), (0.4, 0.4, 0.9)), (2, 2, 0), 0.3)
    return surfaces([thing], (4, 4, 2.5), (GREY, GREY, GREY))


@pytest.mark.parametrize("name", SHAPES)
def test_only_what_lies_behind_a_thing_is_dark(name: str) -> None:
    assert shadowed(room(SHAPES[name]), LAMP, POINTS, owner=0).tolist() == [True, False, False]


def test_a_lamp_is_not_in_its_own_shadow() -> None:
    assert not shadowed(room(SHAPES["cone"], "lamp"), LAMP, POINTS, owner=1).any()


def test_what_lies_flat_on_a_wall_throws_no_shadow() -> None:
    assert not shadowed(room(SHAPES["box"], "picture"), LAMP, POINTS, owner=0).any()
