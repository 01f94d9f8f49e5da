"""What can go wrong in a run: one sentence, the way out, and the exit code. Imports no torch."""

from __future__ import annotations

USAGE, ENVIRONMENT, FAILED, INTERRUPTED = 2, 3, 4, 130
"""Exit codes: wrong usage, the environment lacks something, the run failed, interrupted by the user."""


class RunError(Exception):
    """Training, evaluation or prediction cannot go on. `hint` is an action."""

    def __init__(self, message: str, hint: str | None = None, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message, self.hint, self.exit_code = message, hint, exit_code


def unwritable(path: object, error: OSError, *, begun: bool = True) -> RunError:
    """The error for a file or folder that cannot be written: wrong usage, unless work on it had `begun`."""
    reason = (error.strerror or str(error)).lower()
    if not begun:
        hint = "choose another place, or make room there"
        return RunError(f"cannot write `{path}`: {reason}", hint, USAGE)
    hint = "make room, or choose another place; a run goes on by `mtlc run --resume`"
    return RunError(f"cannot write `{path}`: {reason}", hint)
