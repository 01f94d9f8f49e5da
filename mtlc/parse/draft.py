"""A source's text as it is given to the grammar: with brackets that match, and its places in the source."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtlc.source import Source, Span

_COMMENT = re.compile(r"""(?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*"|"[^\r\n]*)|#[^\r\n]*""")


def _without_comment(found: re.Match[str]) -> str:
    return found[0] if found["text"] else " " * len(found[0])


@dataclass(frozen=True)
class Draft:
    """`added` are the offsets in the draft of what was put in, `reported` those of what was reported."""

    source: Source
    text: str
    added: tuple[int, ...] = ()
    reported: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """Offsets in the draft to a span of the source."""
        return Span(self.source, self._origin(start), self._origin(end))

    def _origin(self, offset: int) -> int:
        return offset - bisect_left(self.added, offset)


def mended(
    source: Source, replaced: Mapping[int, str], added: Sequence[tuple[int, str]], reported: Sequence[int]
) -> Draft:
    """Replace and add characters at offsets of the source; what is added first stands first.

    Comments become blanks, so that nothing in them is taken for what stands on their line.
    """
    text = list(_COMMENT.sub(_without_comment, source.text))
    for offset, char in replaced.items():
        text[offset] = char
    added = sorted(added, key=lambda each: each[0])
    for offset, char in reversed(added):
        text.insert(offset, char)
    offsets = [offset for offset, _ in added]
    places = tuple(offset + i for i, offset in enumerate(offsets))
    return Draft(source, "".join(text), places, tuple(each + bisect_left(offsets, each) for each in reported))
