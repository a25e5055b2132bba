"""Sentences that people wrote of changes (LEVIR-CC), without their pictures, told of other pairs where every word of them holds.

A sentence is used for one class of things that came or went: it says how many in one of a few words, perhaps on what ground, and
nothing else that would have to be known. Knows words only.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics.decisions import UNCHANGED

ONE = {"building": {"building", "house", "villa"}, "road": {"road"}}
MANY = {"building": {"buildings", "houses", "villas"}, "road": {"roads"}}
COUNTS = {
    "a": (1, 1),
    "an": (1, 1),
    "one": (1, 1),
    "two": (2, 2),
    "three": (3, 3),
    "four": (4, 4),
    "several": (3, 9),
    "some": (2, 9),
}
PLENTY = (2, 99)  # of a plural without a number
CAME = {
    "built",
    "constructed",
    "appear",
    "appears",
    "appeared",
    "show",
    "shows",
    "up",
    "added",
    "erected",
    "new",
    "newly",
}
GONE = {"removed", "disappear", "disappears", "disappeared", "demolished"}
FREE = {"is", "are", "has", "have", "been", "there", "in", "on", "the", "of"}
GROUNDS = {  # word -> scenes of RSICD that are such ground
    "bareland": ("bareland",),
    "wasteland": ("bareland",),
    "desert": ("desert",),
    "forest": ("forest",),
    "woods": ("forest",),
    "meadow": ("meadow",),
    "grassland": ("meadow",),
    "grass": ("meadow",),
    "field": ("farmland",),
    "farmland": ("farmland",),
}


@dataclass(frozen=True)
class Meaning:
    """state: “new” or “lost”. least, most: how many. scenes: one of which it has to be, () = any."""

    label: str
    state: str
    least: int
    most: int
    scenes: tuple[str, ...]


class Sentences:
    """texts: of any pairs; those that cannot be used elsewhere are left out."""

    def __init__(self, texts: Iterable[str]) -> None:
        every = dict.fromkeys(" ".join(text.split()) for text in texts)
        self.unchanged = sorted(text for text in every if text.rstrip(" .") in UNCHANGED)
        self._told = [(text, found) for text in sorted(every) if (found := meaning(text))]

    @classmethod
    def read(cls, path: Path) -> Sentences:
        """A .zip with captions.jsonl, whose lines have `captions` and `split`: those of the split train.

        Raises RsvlmError (not_found).
        """
        try:
            with zipfile.ZipFile(path) as archive:
                rows = [json.loads(line) for line in archive.read("captions.jsonl").splitlines() if line.strip()]
            return cls(str(text) for row in rows if row["split"] == "train" for text in row["captions"])
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise RsvlmError(
                "not_found",
                f"{path} has no sentences.",
                "Give a .zip with captions.jsonl, of split and captions in each line.",
            ) from error

    def of(self, label: str, state: str, count: int, scene: str, most: int, draw: random.Random) -> list[str]:
        """Some that hold where `count` things of one class, and nothing else, are new or lost. count 0: nothing has changed."""
        fits = [
            text
            for text, found in self._told
            if (found.label, found.state) == (label, state)
            and found.least <= count <= found.most
            and (not found.scenes or scene in found.scenes)
        ]
        chosen = fits if count else self.unchanged
        return draw.sample(chosen, min(most, len(chosen)))


def meaning(text: str) -> Meaning | None:
    """What a sentence says; None for one that says more, or nothing that is known here."""
    words = text.lower().rstrip(" .").split()
    things = [(label, word in many) for label, many in MANY.items() for word in words if word in many | ONE[label]]
    numbers = [COUNTS[word] for word in words if word in COUNTS]
    grounds = [GROUNDS[word] for word in words if word in GROUNDS]
    known = {
        *FREE,
        *CAME,
        *GONE,
        *COUNTS,
        *GROUNDS,
        *(word for group in (ONE, MANY) for own in group.values() for word in own),
    }
    came, gone = bool(CAME & set(words)), bool(GONE & set(words))
    if len(things) != 1 or len(numbers) > 1 or len(grounds) > 1 or came == gone or set(words) - known:
        return None
    ((label, several),) = things
    if not several and numbers != [(1, 1)]:
        return None  # “the road is removed” does not say that there was one
    least, most = numbers[0] if numbers else PLENTY
    if several and most < 2:
        return None
    return Meaning(label, "new" if came else "lost", least, most, grounds[0] if grounds else ())
