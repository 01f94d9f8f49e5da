"""One page for each diagnostic's code: why, a failing and a fixed example."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def codes() -> list[str]:
    """Every code that has a page, in order."""
    return sorted(path.stem for path in FOLDER.glob("MTL*.md"))


def page(code: str) -> str:
    """The page of a code, as Markdown."""
    return (FOLDER / f"{code}.md").read_text(encoding="utf-8")
