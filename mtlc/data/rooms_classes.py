"""The classes of the `rooms` data set, by id; imports nothing, so that `check` can read it."""

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
