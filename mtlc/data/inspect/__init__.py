"""Looking at a whole data set once: what is wrong with it, by file, and what each task finds to learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mtlc.data.batch import Target
from mtlc.data.errors import DataError, MissingData
from mtlc.data.folder import Folder
from mtlc.data.inspect.doubts import doubts
from mtlc.data.inspect.file import Looked, look
from mtlc.data.inspect.findings import Finding, by_weight
from mtlc.data.inspect.folder import across
from mtlc.data.inspect.tally import Tallies, Tally
from mtlc.data.open import open_data, splits
from mtlc.data.sample import Dataset
from mtlc.parts.data import Data

Told = Callable[[str, int, int], None]


@dataclass
class Inspection:
    """All findings, the worst first, and by split its images and the tallies of its tasks.

    `shown` names for each task some samples with its label: a split and an index into it. `prints` holds by
    split the id and the file of an image by what is the same for images of the same pixels.
    """

    findings: list[Finding] = field(default_factory=list)
    images: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tallies] = field(default_factory=dict)
    shown: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    prints: dict[str, dict[bytes, tuple[str, str]]] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything is an error."""
        return any(each.level == "error" for each in self.findings)


def inspect(
    part: Data,
    targets: Sequence[Target],
    names: Mapping[str, tuple[str, ...]],
    told: Told = lambda split, done, images: None,
) -> Inspection:
    """Open every file of every split of a data set.

    `names` are the classes, tags or values of each task. `told` hears, image by image, how many of a split are
    done. Raises `MissingData` where the data is not on this machine.
    """
    found, opened = Inspection(), dict[str, Dataset]()
    seen: dict[str, list[Looked]] = {}
    for split in splits(part):
        data = _opened(part, split, found.findings)
        if data is None:
            continue
        opened[split], found.images[split] = data, len(data)
        found.tallies[split] = {each.task: Tally(each, names[each.task], len(data)) for each in targets}
        seen[split] = [_counted(found, split, data, index, told) for index in range(len(data))]
    for split, rows in seen.items():
        found.prints[split] = {each.print: (each.id, each.file) for each in rows if each.print is not None}
    folders = {split: data for split, data in opened.items() if isinstance(data, Folder)}
    found.findings += [*across(folders, seen), *doubts(found.tallies)]
    found.findings.sort(key=by_weight)
    return found


def _opened(part: Data, split: str, findings: list[Finding]) -> Dataset | None:
    """A split with all labels that can be opened; what cannot is told."""
    try:
        return open_data(part, split)
    except MissingData:
        raise
    except DataError as error:
        good = [label for label in part.labels() if _opens(part, split, label)]
        findings.append(
            Finding("error", "table" if good else "split", split, error.message, error.hint, split)
        )
        return open_data(part, split, good) if good else None


def _opens(part: Data, split: str, label: str) -> bool:
    try:
        open_data(part, split, [label])
    except DataError:
        return False
    return True


def _counted(found: Inspection, split: str, data: Dataset, index: int, told: Told) -> Looked:
    """Look at one sample and let go of its tensors."""
    seen = look(data, index) if isinstance(data, Folder) else _loaded(data, split, index)
    if seen.sample is not None:
        for task, tally in found.tallies[split].items():
            before = tally.labelled
            tally.add(seen.sample)
            if tally.labelled > before and not seen.findings:
                found.shown.setdefault(task, []).append((split, index))
    seen.sample = None
    found.findings += seen.findings
    told(split, index + 1, len(data))
    return seen


def _loaded(data: Dataset, split: str, index: int) -> Looked:
    """A sample of a data set that is no folder."""
    id = data.ids[index]
    seen = Looked(id, id)
    try:
        seen.sample = data.load(index)
    except DataError as error:
        seen.findings.append(Finding("error", "unreadable", id, error.message, error.hint, split, (id,)))
    return seen
