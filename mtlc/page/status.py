"""How far a run has come, in a sentence, and the processes that worked on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mtlc.page.figures import between, many, moment, whole
from mtlc.page.story import Line, Story
from mtlc.training.scores import Unfit
from mtlc.training.words import case_of

EVENTS = ("start", "end", "failed")
PHASE = re.compile(r"phase `[^`]*`, steps? ")  # how a run says that a phase begins


@dataclass(frozen=True)
class Session:
    """One process that worked on the run: its first line and its last, None while it has none.

    `written` is the time of the last thing that the run wrote.
    """

    start: Line
    end: Line | None
    written: str

    @property
    def took(self) -> str:
        if self.end:
            return between(self.start["time"], self.end["time"])
        return f"{between(self.start['time'], max(self.written, self.start['time']))} so far"

    @property
    def outcome(self) -> str:
        if self.end is None:
            return "no end is written"
        if self.end["event"] == "failed":
            return f"failed after step {self.end['step']}"
        return f"{'interrupted' if self.end['interrupted'] else 'done'} at step {self.end['step']}"


def sessions(story: Story) -> list[Session]:
    """In the order in which they began; each ends before the next begins, or never wrote an end."""
    found: list[Session] = []
    for line in story.events(*EVENTS):
        if line["event"] == "start":
            found.append(Session(line, None, written(story)))
        elif found and found[-1].end is None:
            found[-1] = replace(found[-1], end=line)
    return found


def written(story: Story) -> str:
    """When the run last wrote anything."""
    return datetime.fromtimestamp(story.written, UTC).isoformat(timespec="seconds")


def done(story: Story) -> int:
    """The last step that is written down."""
    return int(story.steps[-1]["step"]) if story.steps else 0


def planned(story: Story) -> int | None:
    """The steps that the run shall have; None for a run without a log."""
    return next((int(each.start["steps"]) for each in reversed(sessions(story))), None)


def kind(story: Story) -> str:
    """`done`, `interrupted`, `failed`, `open` (still running, or killed) or `unknown`."""
    known = sessions(story)
    if not known:
        return "done" if story.test else "unknown"
    end = known[-1].end
    if end is None:
        return "open"
    return "failed" if end["event"] == "failed" else "interrupted" if end["interrupted"] else "done"


def sentence(story: Story) -> str:
    """How it stands with the run, and what can be done about it."""
    steps = planned(story)
    so_far = f"step {whole(done(story))}" + (f" of {whole(steps)}" if steps else "")
    resume = f"mtlc run --resume {story.folder}"
    match kind(story):
        case "done":
            return f"Done: {so_far}."
        case "interrupted":
            return f"Interrupted after {so_far}. Go on with it: {resume}"
        case "failed":
            return f"Failed after {so_far}: {_failure(story)}"
        case "open":
            return (
                f"Not ended: {so_far}, written at {moment(written(story))}. It is still running, or was killed; "
                f"if so, go on with it: {resume}"
            )
    return f"{so_far[0].upper()}{so_far[1:]}. The folder has no log: it does not say how the run ended."


def _failure(story: Story) -> str:
    return next(str(line["message"]) for line in reversed([*story.events("failed")]))


def notes(story: Story) -> Iterator[str]:
    """What the run noted, each once. Its phases are told elsewhere."""
    told = dict.fromkeys(str(line["text"]) for line in story.events("note"))
    yield from (text for text in told if not PHASE.match(text))


def warnings(story: Story) -> Iterator[str]:
    """What was lost, as counted at the end."""
    ends = list(story.events("end"))
    if ends and ends[-1].get("empty"):
        yield f"{ends[-1]['empty']} steps had a batch without any label: they changed nothing"
    if ends and ends[-1].get("left_out"):
        named = ", ".join(ends[-1].get("skipped", {}))
        yield f"training left {ends[-1]['left_out']} samples out that could not be read: {named}"
    for case, found in ends[-1].get("not_finite", {}).items() if ends else ():
        yield f"Steps changed nothing: {case}, {case_of(Unfit(**found))}"
    if story.unread:
        verb = "is" if story.unread == 1 else "are"
        yield f"{many(story.unread, 'piece')} of the run's records could not be read and {verb} not on this page"
