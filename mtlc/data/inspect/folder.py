"""What only shows over many files of a folder: shared images, missing labels, odd files, unused ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mtlc.data.folder import Folder
from mtlc.data.inspect.file import Looked, below
from mtlc.data.inspect.findings import Finding, listed
from mtlc.data.splits import on_disk
from mtlc.manifest import Derived, OfImages, Surface

FEW = 8  # grey images that are told file by file
Folders = Mapping[str, Folder]
Seen = Mapping[str, Sequence[Looked]]


def across(folders: Folders, seen: Seen) -> Iterator[Finding]:
    """Everything of this kind, from the splits of a folder and what was seen of their samples."""
    if folders:
        yield from _shared(folders, seen)
        yield from _labels(folders, seen)
        yield from _unused(folders)
        yield from _grey(folders, seen)


def _shared(folders: Folders, seen: Seen) -> Iterator[Finding]:
    """Ids that are in two splits, and images whose pixels are those of another one."""
    owner: dict[str, str] = {}
    first: dict[bytes, tuple[str, Looked]] = {}
    for split, folder in folders.items():
        apart = all("{split}" in each for each in folder.manifest.images)
        for each in seen[split]:
            other = split if apart else owner.setdefault(each.id, split)
            if other != split:
                message = f"id `{each.id}` is in `{other}` and in `{split}`"
                yield Finding(
                    "error",
                    "two-splits",
                    each.file,
                    message,
                    "give each image to one split",
                    split,
                    (each.id,),
                )
            elif each.print is not None:
                where, twin = first.setdefault(each.print, (split, each))
                if twin is not each:
                    yield _same(split, each, where, twin)


def _same(split: str, one: Looked, where: str, other: Looked) -> Finding:
    message = f"it has the same pixels as `{other.file}`"
    ids = (one.id, other.id)
    if split == where:
        return Finding("note", "same-image", one.file, f"{message}, of the same split", None, split, ids)
    message += f" (split `{where}`): a test on it would test what was learnt"
    return Finding("error", "same-image", one.file, message, "keep it in one split", split, ids)


def _labels(folders: Folders, seen: Seen) -> Iterator[Finding]:
    """Labels that are missing, here and there or altogether, and files of other bits than most."""
    for name in _file_labels(folders):
        has = {split: folder.labelled(name) for split, folder in folders.items()}
        if not any(has.values()):
            yield _none_at_all(name, next(iter(folders.values())))
            continue
        for split, folder in folders.items():
            lacking = tuple(id for id in folder.ids if id not in has[split])
            if lacking:
                yield _lacking(name, split, folder, lacking)
        yield from _odd_bits(name, folders, seen)


def _file_labels(folders: Folders) -> list[str]:
    """The labels with files or tables of their own that could be opened."""
    stored = [name for folder in folders.values() for name in folder.stored]
    labels = next(iter(folders.values())).manifest.labels
    return [n for n in dict.fromkeys(stored) if not isinstance(labels[n].encoding, Surface | Derived)]


def _none_at_all(name: str, folder: Folder) -> Finding:
    entry = folder.manifest.labels[name]
    if isinstance(entry.encoding, OfImages):
        message = f"label `{name}`: no image stands in its table"
        return Finding(
            "error", "no-label", str(entry.encoding.file), message, "check how the table writes ids"
        )
    looked = " and ".join(f"`{path}`" for path in folder.places(entry.files, folder.ids[0]))
    message = f"label `{name}`: no image has a file; looked for {looked} and so on"
    return Finding(
        "error", "no-label", entry.files[0], message, "correct `files` of the label, or the data's `root`"
    )


def _lacking(name: str, split: str, folder: Folder, ids: tuple[str, ...]) -> Finding:
    entry = folder.manifest.labels[name]
    file = entry.files[0] if entry.files else str(getattr(entry.encoding, "file", name))
    lack = "have" if len(ids) > 1 else "has"
    message = (
        f"label `{name}`: {len(ids)} of {len(folder.ids)} images of `{split}` {lack} none: {listed(ids)}"
    )
    return Finding("note", "missing-label", file, message, None, split, ids)


def _odd_bits(name: str, folders: Folders, seen: Seen) -> Iterator[Finding]:
    """Where the manifest does not say how many bits a value has, most files do."""
    entry = next(iter(folders.values())).manifest.labels[name]
    bits = Counter(each.bits[name] for rows in seen.values() for each in rows if name in each.bits)
    if entry.bits is not None or len(bits) < 2:
        return
    usual = bits.most_common(1)[0][0]
    for split, rows in seen.items():
        for each in rows:
            if each.bits.get(name, usual) != usual:
                path = folders[split].find(entry.files, each.id)
                file = below(path, folders[split].root) if path else entry.files[0]
                message = f"label `{name}` has {each.bits[name]} bits a value, most of its files have {usual}"
                hint = f"look whether its values mean the same, or say `bits: {usual}` in the manifest"
                yield Finding("warning", "bits", file, message, hint, split, (each.id,))


def _unused(folders: Folders) -> Iterator[Finding]:
    """Images on disk that no split has."""
    folder = next(iter(folders.values()))
    used = {(each.manifest.folder(split), id) for split, each in folders.items() for id in each.ids}
    apart = any("{split}" in each for each in folder.manifest.images)
    names = {id for _, id in used}
    free = tuple(
        id
        for split in (folders if apart else [folder.split])
        for id in on_disk(folder.manifest, split, folder.root)
        if ((folder.manifest.folder(split), id) not in used if apart else id not in names)
    )
    if free:
        message = f"{len(free)} images on disk are in no split: {listed(free)}"
        yield Finding("note", "unused", folder.manifest.images[0], message, None, None, free)


def _grey(folders: Folders, seen: Seen) -> Iterator[Finding]:
    """Grey images: each by its file, or where they are many, in one."""
    for split, rows in seen.items():
        grey = [each for each in rows if each.grey]
        if len(grey) > FEW:
            ids = tuple(each.id for each in grey)
            message = f"{len(ids)} of {len(rows)} images are grey, their three channels equal: {listed(ids)}"
            yield Finding("note", "grey", folders[split].manifest.images[0], message, None, split, ids)
            continue
        for each in grey:
            message = "the image is grey: its three channels are equal"
            yield Finding("note", "grey", each.file, message, None, split, (each.id,))
