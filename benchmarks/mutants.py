"""How good diagnostics are on broken specs: one error for one mistake, and the right word for a misspelt one.

Run with `python benchmarks/mutants.py [N]`: N changes of each kind (default 420, which makes 5,040 single ones),
the same ones every time. A single change is at one place: something left out, put in, replaced, or exchanged with
its neighbour. Words and lines exchanged over any distance are wrong at two places, and counted apart.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from mutants import FAR_KINDS, KINDS, PATHS, Edit, all_lines, misspelt, mutate  # noqa: E402

from mtlc.api import check  # noqa: E402
from mtlc.diagnostics import Diagnostic  # noqa: E402
from mtlc.source import Source  # noqa: E402

WHOLE = [path for path in PATHS if path.parent.name != "common"]
NAME = re.compile(r"(?<![\w$\"])[a-z][a-z_]{2,}(?![\w\"])")


def found_in(path: Path, text: str) -> list[Diagnostic]:
    return check(Source(path.name, text, path))


def errors(found: list[Diagnostic]) -> int:
    return sum(each.severity == "error" for each in found)


def single_changes(kinds: Iterable[str], count: int, few: int) -> None:
    """Of the changes that make a spec wrong, how many give at most `few` errors, and at least one."""
    rng, lines = random.Random(0), all_lines()
    all_broken, all_few, numbers = 0, 0, Counter[int]()
    said = "exactly one error" if few == 1 else f"at most {few} errors"
    for kind in kinds:
        broken = right = 0
        for _ in range(count):
            path = rng.choice(WHOLE)
            text = mutate(path.read_text(encoding="utf-8"), [Edit(kind, rng.random(), rng.random())], lines)
            number = errors(found_in(path, text))
            broken, right = broken + (number > 0), right + (1 <= number <= few)
            numbers[number] += 1
        print(f"{kind:18}  {broken:4} of {count} break the spec, {share(right, broken)} give {said}")
        all_broken, all_few = all_broken + broken, all_few + right
    print(f"{'all':18}  {all_broken:4} broken, {share(all_few, all_broken)} give {said}")
    print(f"{'errors a change':18}  {', '.join(f'{n}: {numbers[n]}' for n in sorted(numbers))}")


def two_mistakes(count: int) -> None:
    """Of the pairs of changes far apart, each of which alone gives one error, how many give both."""
    rng, lines = random.Random(2), all_lines()
    kinds = [kind for kind in KINDS if not kind.endswith("line")]
    tried = both = 0
    while tried < count:
        path = rng.choice(WHOLE)
        text = path.read_text(encoding="utf-8")
        first, second = (Edit(rng.choice(kinds), rng.random(), rng.random()) for _ in range(2))
        alone = [mutate(text, [edit], lines) for edit in (first, second)]
        places = [changed(text, each) for each in alone]
        if not all(places) or abs(places[0] - places[1]) < 3:
            continue
        if [errors(found_in(path, each)) for each in alone] != [1, 1]:
            continue
        rows = text.split("\n")
        for place, each in zip(places, alone, strict=True):
            rows[place - 1] = each.split("\n")[place - 1]
        tried, both = tried + 1, both + (errors(found_in(path, "\n".join(rows))) >= 2)
    print(f"{tried} pairs of changes on lines 3 or more apart: {share(both, tried)} give two errors or more")


def changed(text: str, other: str) -> int:
    """The one line, from 1, in which two texts of equally many lines differ; 0 where there is none such."""
    pair = text.split("\n"), other.split("\n")
    differ = [n for n, (a, b) in enumerate(zip(*pair, strict=False), 1) if a != b]
    return differ[0] if len(pair[0]) == len(pair[1]) and len(differ) == 1 else 0


def misspelt_names(count: int) -> None:
    """Of the names with one wrong letter that break a spec, how many are answered with the right one."""
    rng = random.Random(1)
    broken = right = one = 0
    missed = Counter[str]()
    while broken < count:
        path = rng.choice(WHOLE)
        text = re.sub(r"#.*", lambda comment: " " * len(comment[0]), path.read_text(encoding="utf-8"))
        name = rng.choice(list(NAME.finditer(text)))
        wrong = misspelt(name[0], rng)
        found = found_in(path, text[: name.start()] + wrong + text[name.end() :])
        if not errors(found):
            continue
        broken, one = broken + 1, one + (errors(found) == 1)
        if any(re.search(rf"\b{name[0]}\b", each.hint or "") for each in found):
            right += 1
        else:
            missed[f"{name[0]} -> {wrong}"] += 1
    print(
        f"{broken} misspelt names: {share(right, broken)} get the right one, {share(one, broken)} one error"
    )
    print(f"  not answered: {', '.join(list(missed)[:20])}")


def share(part: int, whole: int) -> str:
    return f"{part / max(whole, 1):4.0%}"


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 420
    single_changes(KINDS, number, few=1)
    single_changes(FAR_KINDS, number, few=2)
    two_mistakes(number)
    misspelt_names(4 * number)
