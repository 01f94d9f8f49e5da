"""The systems whose pieces are measured, as spec text: what each variant adds to the base that all have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

BASES = Path(__file__).parent / "ablations"
NARROWEST = 48  # the decoders' width of a system's largest variant; others are widened


@dataclass(frozen=True)
class System:
    """`variants` say the text that each adds; the first is what others are held to.

    `bases` names for each data set the file of `ablations/` with all that variants share. It has a `let`: of the
    decoders' width, `dim`, where `labels` is empty, else of the label protocol, `labels`, each of which is a table's
    row for each variant.
    """

    variants: Mapping[str, str]
    bases: Mapping[str, str]
    labels: tuple[str, ...] = ()

    def text(self, data: str, variant: str, let: str) -> str:
        """The whole spec of a variant; `let` is what the base leaves open."""
        return f'use "{BASES / self.bases[data]}.mtl"\nlet {let}\n{self.variants[variant]}'

    def only(self, variants: Sequence[str] | None, labels: Sequence[str] | None) -> System:
        """With these variants and label protocols alone; None for all."""
        some = self.variants if variants is None else {name: self.variants[name] for name in variants}
        return replace(self, variants=some, labels=self.labels if labels is None else tuple(labels))

    def base(self, data: str) -> str:
        """The text of a base."""
        return (BASES / f"{self.bases[data]}.mtl").read_text()


def linked(links: str, balance: str = "equal") -> str:
    body = f"links {{\n  {links}\n}}\n" if links else ""
    return f"{body}balance {balance}\n"


def agreed(via: str) -> str:
    return f"agree {{ all via {via} }}\n"


KEM = "all via kem(slots = 16, select = 32, heads = 4"
MTCP = "all -> all via coherence\n  all via trace_back"
LPS = "lps { spread = 1.6 }"
WHOLE = {"rooms": "rooms", "ccp": "ccp"}

SYSTEMS = {
    "sgw": System(
        {
            "no link": linked(""),
            "cross-stitch": linked("all via cross_stitch"),
            "dense attention": linked("all -> all via attention"),
            "kem without etf": linked(f"{KEM}, etf = none)"),
            "kem": linked(f"{KEM}, etf = 48)"),
        },
        WHOLE,
    ),
    "mtcp": System(
        {
            "mt-cp": linked(MTCP, LPS),
            "without coherence": linked("all via trace_back", LPS),
            "without trace-back": linked("all -> all via coherence", LPS),
            "equal for lps": linked(MTCP),
            "uncertainty for lps": linked(MTCP, "uncertainty"),
            "dwa for lps": linked(MTCP, "dwa"),
        },
        WHOLE,
    ),
    "jtr": System(
        {
            "supervised": "",
            "consistency, weight 10": agreed("consistency(weight = 10)"),
            "pairwise, width 16": agreed("cross_task(width = 16, lr_mult = 0.1)"),
            "joint, width 16": agreed("joint(width = 16, lr_mult = 0.1)"),
        },
        {"rooms": "rooms_labels", "ccp": "ccp_labels"},
        ("one", "random"),
    ),
}
