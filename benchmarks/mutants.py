"""How good diagnostics are on broken specs: one error for one mistake, and the right word for a misspelt one.

Run with `python benchmarks/mutants.py [N]`: N changes of each kind (default 150), the same ones every time.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from mutants import KINDS, PATHS, Edit, all_lines, misspelt, mutate  # noqa: E402

from mtlc.api import check  # noqa: E402
from mtlc.diagnostics import Diagnostic  # noqa: E402
from mtlc.source import Source  # noqa: E402

WHOLE = [path for path in PATHS if path.parent.name != "common"]
NAME = re.compile(r"(?<![\w$\"])[a-z][a-z_]{2,}(?![\w\"])")


def found_in(path: Path, text: str) -> list[Diagnostic]:
    return check(Source(path.name, text, path))


def errors(found: list[Diagnostic]) -> int:
    return sum(each.severity == "error" for each in found)


def single_changes(count: int) -> None:
    """Of the changes that make a spec wrong, how many give exactly one error."""
    rng, lines = random.Random(0), all_lines()
    all_broken, all_exact, worst = 0, 0, Counter[int]()
    for kind in KINDS:
        broken = exact = 0
        for _ in range(count):
            path = rng.choice(WHOLE)
            text = mutate(path.read_text(encoding="utf-8"), [Edit(kind, rng.random(), rng.random())], lines)
            number = errors(found_in(path, text))
            broken, exact = broken + (number > 0), exact + (number == 1)
            worst[number] += 1
        print(
            f"{kind:18}  {broken:4} of {count} break the spec, {share(exact, broken)} give exactly one error"
        )
        all_broken, all_exact = all_broken + broken, all_exact + exact
    print(f"{'all':18}  {all_broken:4} broken, {share(all_exact, all_broken)} give exactly one error")
    print(f"{'errors a change':18}  {', '.join(f'{n}: {worst[n]}' for n in sorted(worst))}")


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
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    single_changes(number)
    misspelt_names(4 * number)
