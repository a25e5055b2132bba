"""Passages in a prompt, numbered, and the numbers that an answer cites. Knows text only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rsvlm.library.search import Passage

# [1] or [1, 2]; four numbers are a box of some models.
_CITATION = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3}){0,2})\s*\]")
_KEPT = re.compile(r"⟦([\d,; ]+)⟧")


@dataclass(frozen=True)
class Cited:
    """text: with ⟦1⟧ where passage 1 is cited, so that nothing else takes it for its own. numbers: in the order in which
    they are first cited, only of passages that were given. warnings: sentences on those that were not.
    """

    text: str
    numbers: tuple[int, ...]
    warnings: tuple[str, ...]


def with_passages(question: str, passages: Sequence[Passage]) -> str:
    """The question first, so that a tag at its start is still the first word; then what is known, numbered from 1.

    Numbers in brackets that a passage has of its own are put into round ones: they would be taken for citations.
    """
    if not passages:
        return question
    known = [f"[{number}] {_line(passage)}" for number, passage in enumerate(passages, 1)]
    how = "Passages that may help; cite those that you use by their number, such as [1]:"
    return "\n".join([question, how, *known])


def citations(text: str, given: int) -> Cited:
    """What a model said after it was given that many passages."""
    numbers: dict[int, None] = {}
    unknown: dict[int, None] = {}

    def mark(found: re.Match[str]) -> str:
        cited = [int(number) for number in re.findall(r"\d+", found[1])]
        for number in cited:
            (numbers if 1 <= number <= given else unknown)[number] = None
        return f"⟦{found[1]}⟧"

    marked = _CITATION.sub(mark, text)
    warnings = tuple(
        f"The answer cites [{number}], but {_count(given)} given to the model; do not rely on that sentence."
        for number in unknown
    )
    return Cited(marked, tuple(numbers), warnings)


def after_passages(text: str, given: int) -> str:
    """⟦1⟧ as [1] again, and what else stands in brackets as a number, such as [1] for a box, as the one after `given`."""
    shifted = re.sub(r"\[(\d+)\]", lambda found: f"[{int(found[1]) + given}]", text)
    return _KEPT.sub(r"[\1]", shifted)


def _line(passage: Passage) -> str:
    told = ": ".join(part for part in (passage.title, passage.text) if part)
    source = f" ({passage.source})" if passage.source else ""
    return _CITATION.sub(r"(\1)", " ".join(f"{told}{source}".split()))


def _count(given: int) -> str:
    if not given:
        return "no passage was"
    return "one passage was" if given == 1 else f"{given} passages were"
