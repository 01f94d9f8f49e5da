"""The layers of a spec: what each is, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtlc import schema
from mtlc.diagnostics import Label, suggest
from mtlc.parts.layers import Layer as LayerPart
from mtlc.parts.part import named
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk, name_span
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.spec import Layer
from mtlc.syntax import Name

_FROM = schema.Key("from", "from_", str, None, "the layer it reads", bare=True)


@dataclass
class Layers:
    """Reads the `shared` and `layer` blocks in order; `found` has each by name."""

    desk: Desk
    found: dict[str, Layer | Unreadable] = field(default_factory=dict)

    def read(self) -> None:
        previous: str | None = None
        declared = list(self.desk.blocks.of("shared", "layer"))
        for block in declared:
            if block.name in self.found:
                continue
            self.found[block.name] = self._layer(block, previous, [each.name for each in declared])
            previous = block.name

    def _layer(self, block: Merged, previous: str | None, declared: list[str]) -> Layer | Unreadable:
        path, shared = f"{block.keyword}.{block.name}", block.keyword == "shared"
        reads = self._from(block, previous, declared)
        if block.kind is None:
            block.kind = Name(block.name, name_span(block))
        owner = f"{block.keyword} `{block.name}`"
        part = self.desk.part(LayerPart, block, self.desk.own(block, path, skip=("from",)), owner, _FROM)
        source = self.found.get(reads) if isinstance(reads, str) else None
        if shared and isinstance(source, Layer) and not source.shared:
            entry = block.entries.get("from")
            message = f"shared `{block.name}` cannot read `{source.name}`, of which every task has its own"
            others = (Label(source.span, "one copy per task"),)
            hint = f"make `{source.name}` shared, or `{block.name}` a `layer`"
            spot = entry.value.span if entry else block.header
            return self.desk.reader.error("MTL206", message, spot, hint=hint, others=others)
        if isinstance(part, Unreadable) or isinstance(reads, Unreadable):
            return UNREADABLE
        return Layer(block.name, part, shared, reads, block.header)

    def _from(self, block: Merged, previous: str | None, declared: list[str]) -> str | Unreadable | None:
        """The layer that a layer reads: the one `from` names, else the previous one, else the image."""
        entry = block.entries.get("from")
        if entry is None:
            return UNREADABLE if _misspells_from(block) else previous
        owner = f"{block.keyword} `{block.name}`"
        name = self.desk.reader.value(entry.value, _FROM, owner)
        self.desk.remember(f"{block.keyword}.{block.name}.from", entry.value, "key")
        if isinstance(name, Unreadable) or name in self.found:
            return name  # type: ignore[no-any-return]
        if name == "image":
            return None
        if name in declared:
            message = f"`{block.name}` cannot read `{name}`, which stands below it"
            if name == block.name:
                message = f"`{name}` cannot read itself"
            hint = "order the layers as the image passes them"
            return self.desk.reader.error("MTL205", message, entry.value.span, hint=hint)
        return self.desk.no_layer(name, entry.value.span, self.found)

    def _is_reached(self, layer: Layer, sound: dict[str, Layer]) -> bool:
        """Whether the layer reads a sound one, or the image for good: not where a named layer is missing."""
        if layer.reads is not None:
            return layer.reads in sound
        return layer.part.reads_image or not self.desk.no_layers

    def sound(self) -> dict[str, Layer]:
        """The layers that could be read down to the image, with nothing lost that might stand between."""
        sound: dict[str, Layer] = {}
        for name, layer in self.found.items():
            whole = not any(
                self.desk.blocks.blocks[word, name].damaged
                for word in ("shared", "layer")
                if (word, name) in self.desk.blocks.blocks
            )
            if isinstance(layer, Layer) and whole and self._is_reached(layer, sound):
                sound[name] = layer
        return {} if self.desk.blocks.may_hold("shared", "layer") else sound


def _misspells_from(block: Merged) -> bool:
    """Whether a key was probably meant for `from`, so that it is not known what the layer reads."""
    cls = named(LayerPart).get(block.kind.text if block.kind else block.name)
    known = [*(schema.keys(cls) if cls else ()), "from"]
    return any(suggest(name, known) == "from" for name in block.entries)
