"""Sentences of builders: templates are data (wording.yaml), numbers and plurals are put in here."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@lru_cache(maxsize=1)
def templates() -> dict[str, Any]:
    """By builder, then by what is said."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("wording.yaml").read_text("utf-8"))
    return found


def put(template: str, **words: Any) -> str:
    """The template with its words, beginning in a capital."""
    said = " ".join(template.format(**words).split())
    return said[:1].upper() + said[1:]


def one_of(draw: random.Random, choices: Sequence[str], **words: Any) -> str:
    return put(draw.choice(list(choices)), **words)


def class_name(label: str) -> str:
    """As it stands in a sentence: storage_tank -> storage tank."""
    return " ".join(label.replace("_", " ").replace("-", " ").split()).lower() or "thing"


def _parted(name: str) -> tuple[str, str, str]:
    """Before the word that is counted, that word, and what follows: “”, “row”, “ of garages”."""
    head, *rest = re.split(r"(?= (?:of|under) )", name, maxsplit=1)
    start, space, last = head.rpartition(" ")
    return start + space, last, "".join(rest)


def is_mass(name: str) -> bool:
    """Whether it is not counted: water, grass."""
    return _parted(name)[1] in templates()["mass"]


def is_plural(name: str) -> bool:
    """Whether it is several as it stands: buildings, allotment gardens."""
    _, last, _ = _parted(name)
    irregular = templates()["plurals"]
    if last in irregular:
        return False
    return last in irregular.values() or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def plural(name: str) -> str:
    start, last, rest = _parted(name)
    irregular = templates()["plurals"]
    if last in irregular:
        last = irregular[last]
    elif is_mass(name):
        return f"areas of {name}"
    elif is_plural(name):
        return name
    elif last.endswith("y") and last[-2:-1] not in ("a", "e", "o", "u"):
        last = last[:-1] + "ies"
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    else:
        last += "s"
    return f"{start}{last}{rest}"


def singular(name: str) -> str:
    """One thing of it: “building”, “area of water”."""
    return f"area of {name}" if is_mass(name) else name


def article(words: str) -> str:
    """a or an before words, none before what is plural."""
    if is_plural(words):
        return words
    odd = words.startswith(("uni", "use", "one", "eu"))
    return f"{'an' if words[:1].lower() in 'aeiou' and not odd else 'a'} {words}"


def counted(count: int, name: str, state: str = "", digits: bool = False) -> str:
    """“three new buildings”, “3 new buildings” with digits, “one new building”; “new cars” for one of what is called “cars”."""
    if count == 1 and is_plural(name) and not digits:
        return f"{state} {name}".strip()
    number = str(count) if digits or count >= len(NUMBERS) else NUMBERS[count]
    return " ".join(filter(None, (number, state, singular(name) if count == 1 else plural(name))))


def listed(words: Sequence[str]) -> str:
    """“a”, “a and b”, “a, b and c”."""
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last


def whereabouts(cell: str) -> str:
    """“at the top left” for the cell top-left."""
    place: str = templates()["places"][cell]
    return place


def cover_names(label: str) -> list[str]:
    """What a class of land cover is called: its own name first, then others that mean the same."""
    found: list[str] = templates()["cover"]["names"].get(label, [label])
    return found


def cover_class(name: str) -> str:
    """The class of land cover that a name of `cover_names` means; itself where it is none."""
    known: dict[str, list[str]] = templates()["cover"]["names"]
    return next((label for label, names in known.items() if name in names), name)
