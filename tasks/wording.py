"""Sentences about findings: sums, shares and whereabouts. Says nothing that no finding supports; knows no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rsvlm.tasks.figures import percent
from rsvlm.tasks.findings import Finding, Verdict

UNSURE = "unsure"
MOST_NAMED = 6  # groups in the summary
WORTH_NAMING = 0.05  # share of the ground from which on a group is named in the summary
COMPASS = {(-1, -1): "north-west", (0, -1): "north", (1, -1): "north-east", (-1, 0): "west", (0, 0): "centre"}
COMPASS |= {(1, 0): "east", (-1, 1): "south-west", (0, 1): "south", (1, 1): "south-east"}
PICTURE = {(-1, -1): "top left", (0, -1): "top", (1, -1): "top right", (-1, 0): "left", (0, 0): "centre"}
PICTURE |= {(1, 0): "right", (-1, 1): "bottom left", (0, 1): "bottom", (1, 1): "bottom right"}


@dataclass(frozen=True)
class Group:
    """Findings with one label. share: of the ground that was seen, 0 to 1; area_m2: None without a CRS."""

    label: str
    findings: tuple[Finding, ...]
    share: float
    area_m2: float | None

    @property
    def best(self) -> Finding | None:
        """The finding whose words and class are the surest together; None where there are no words."""
        told = [finding for finding in self.findings if finding.caption]
        return max(told, key=lambda finding: finding.verdict.score * finding.confidence, default=None)


def group(findings: Sequence[Finding]) -> list[Group]:
    """Groups by label, the largest first; all findings that are not sure make one group, the last."""
    total = sum(finding.tile.weight for finding in findings)
    members: dict[str, list[Finding]] = {}
    for finding in findings:
        members.setdefault(finding.verdict.label if finding.sure else UNSURE, []).append(finding)
    groups = []
    for label, items in members.items():
        areas = [item.tile.area_m2 for item in items]
        area = None if None in areas else sum(value for value in areas if value is not None)
        groups.append(Group(label, tuple(items), sum(item.tile.weight for item in items) / total, area))
    return sorted(groups, key=lambda item: (item.label == UNSURE, -item.share))


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def doubt(verdict: Verdict) -> str:
    """What introduces a sentence that one should not rely on, "" where one may; the sentence follows in lower case."""
    if verdict.sure and not verdict.wide:
        return ""
    if verdict.sure:
        return f"{capital(verdict.label)}; beyond that I am not sure, but it may be {verdict.guess}: "
    return f"I am not sure, but this may be {verdict.guess}: "


def measured(shares: Mapping[str, float]) -> str:
    """What the raster's own bands tell of the land cover."""
    parts = [f"{percent(share)} {name}" for name, share in shares.items() if share >= 0.03]
    return f"Measured from the raster's bands: {listed(parts)}."


def summary(groups: Sequence[Group]) -> str:
    """One sentence for all tiles."""
    sure = [item for item in groups if item.label != UNSURE and item.share >= WORTH_NAMING]
    if not sure:
        return "I am not sure what this place shows."
    first, rest = sure[0], [item.label for item in sure[1:MOST_NAMED]]
    if first.share > 0.95:
        return capital(f"{first.label} almost everywhere.")
    text = f"Mostly {first.label}" if first.share > 0.5 else capital(listed([first.label, *rest]))
    if first.share > 0.5 and rest:
        text += f", with {listed(rest)}"
    rest_share = 1 - sum(item.share for item in sure)
    return f"{text}; I am not sure about the rest." if rest_share > 0.2 else f"{text}."


def shares(groups: Sequence[Group]) -> str:
    """How much of the extent each group takes."""
    parts = [f"{percent(item.share)} {item.label}" for item in groups if item.label != UNSURE]
    unsure = [percent(item.share) for item in groups if item.label == UNSURE]
    if not parts:
        return "No tile is clear enough to name shares."
    text = f"By area about {listed(parts)}"
    return f"{text}; for {unsure[0]} I am not sure." if unsure else f"{text}."


def whereabouts(indices: Sequence[int], columns: int, rows: int, north_up: bool) -> str:
    """Where tiles lie in the grid: "in the north-west", "in the centre", "almost everywhere"; "at the top" where north is
    not up or nobody knows.

    "in several places" where none of them lies where their middle is.
    """
    if len(indices) > 0.8 * columns * rows:
        return "almost everywhere"
    across = [(index % columns + 0.5) / columns * 2 - 1 for index in indices]
    down = [(index // columns + 0.5) / rows * 2 - 1 for index in indices]
    where = third(sum(across) / len(across)), third(sum(down) / len(down))
    thirds = [(third(a), third(d)) for a, d in zip(across, down, strict=True)]
    if where == (0, 0):
        return "in the centre" if where in thirds else "in several places"
    if not any(all(asked in (0, own) for asked, own in zip(where, tile, strict=True)) for tile in thirds):
        return "in several places"
    return f"in the {COMPASS[where]}" if north_up else f"at the {PICTURE[where]}"


def third(position: float) -> int:
    """-1, 0 or 1: the first, middle or last third of -1 to 1."""
    return int(position > 1 / 3) - int(position < -1 / 3)
