"""The names in the labels of the `rooms` data set; imports nothing, so that `check` can read it."""

CLASSES: tuple[str, ...] = (
    "floor",
    "ceiling",
    "wall",
    "window",
    "door",
    "picture",
    "rug",
    "table",
    "chair",
    "sofa",
    "bed",
    "cabinet",
    "lamp",
    "plant",
    "object",
)

THINGS: tuple[str, ...] = CLASSES[CLASSES.index("table") :]
"""The classes of things that stand in a room; before them come the room itself, its openings and pictures."""

CAMERA: tuple[str, ...] = ("height", "pitch")
"""What is said of the camera: metres above the floor, and radians by which it looks down."""
