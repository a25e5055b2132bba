"""Whether words agree with drawings on how many there are, and with a class on what is seen. Knows English; no model."""

from __future__ import annotations

import re
from collections.abc import Mapping

WORDS = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELLED = [*WORDS, *(f"{ten}-{one}" if one else ten for ten in _TENS for one in ("", *WORDS[1:10]))]
_IN_PROSE = 12  # the last that is in words
_NOTHING = ("no", "none", "nothing", "zero")
_UNITS = (
    r"(?!\s*(?:%|percent|per cent|m\b|m²|km|ha\b|met(?:re|er)|hectare|acre|feet|ft\b|st\b|nd\b|rd\b|th\b|[.,:/]\d))"
)
_ONES = "|".join(WORDS[1:10])
_SMALL = "|".join((*WORDS[1:], *_NOTHING))
_WORD = (  # no “twenty” of “twenty-first”
    rf"(?:{'|'.join(_TENS)})(?:[- ](?:{_ONES})|(?![- ](?:{_ONES}|first|second|third|[a-z]+th)\b))"
    rf"|(?:{_SMALL})"
)
_NUMBER = re.compile(rf"(?<![\w.,:\[/-])(?:({_WORD})\b|(\d{{1,3}}\b)){_UNITS}", re.IGNORECASE)
_LARGER = re.compile(r"\b(?:dozen|hundred|thousand)", re.IGNORECASE)


def said(text: str) -> int | None:
    """How many things a text speaks of, if it names exactly one number: in words up to ninety-nine, or digits; else None."""
    found = [word.lower().replace(" ", "-") or digits for word, digits in _NUMBER.findall(text)]
    if len(found) != 1 or _LARGER.search(text):
        return None
    if found[0] in _NOTHING:
        return 0
    return _SPELLED.index(found[0]) if found[0] in _SPELLED else int(found[0])


def disagreement(text: str, count: int, drawn: str) -> str | None:
    """A sentence for the user if the text names another number than was drawn. drawn: "mask", "change mask", "boxes" ..."""
    number = said(text)
    if number is None or number == count:
        return None
    there = "there is" if count == 1 else "there are"
    return f"The text says {counted(number)}, but by the {drawn} {there} {counted(count)}."


def counted(number: int) -> str:
    """As prose has it: in words up to twelve, else in digits."""
    return WORDS[number] if number <= _IN_PROSE else str(number)


def spelled(number: int) -> str:
    """In words up to ninety-nine, else in digits."""
    return _SPELLED[number] if number < len(_SPELLED) else str(number)


def classes_named(text: str, scenes: Mapping[str, str]) -> set[str]:
    """Phrases of the classes whose names are in a text, in one or several words, as “golf course” is golfcourse.

    scenes: name of a class in small letters without spaces -> its phrase.
    """
    words = re.findall(r"[a-z]+", text.lower())
    runs = {"".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, start + 4)}
    return {phrase for name, phrase in scenes.items() if {name, f"{name}s", name.removesuffix("s")} & runs}
