"""What can be wrong with data: one sentence that names the thing, and the way out."""

from __future__ import annotations


class DataError(Exception):
    """The data is wrong. `hint` is an action."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint

    def __reduce__(self) -> tuple[type[DataError], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


class MissingData(DataError):
    """The data is not on this machine, or nobody said where it is."""
