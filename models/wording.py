"""An example in the words by which its model is asked: its card's templates, and boxes and masks as the model tells them.

So a model learns from the very prompts that it is given later (see prompts.py). Knows cards, examples and text only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rsvlm.models.cards import ModelCard
from rsvlm.models.learning import Example
from rsvlm.models.prompts import TEXT, put
from rsvlm.protocol import RsvlmError

# What a record's task is called among the templates of a card.
KINDS = {"caption": "caption", "ground": "refer", "identify": "identify", "segment": "segment", "change": "change_ask"}
POINTING = ("ground", "identify", "segment")
_TAG = re.compile(r"\s*\[[^\]]+\]\s*")

# Corners in shares of the picture, x0, y0, x1, y1, and what the box is of -> text; see boxes.py.
WRITERS: dict[str, Callable[[Sequence[float], str], str]] = {
    "percent": lambda box, label: "{" + "".join(f"<{round(100 * share)}>" for share in box) + "}",
    "rotated": lambda box, label: "{" + "".join(f"<{round(100 * share)}>" for share in box) + "|<0>}",
    "thousand": lambda box, label: json.dumps({"bbox_2d": [round(1000 * share) for share in box], "label": label}),
    "florence": lambda box, label: label + "".join(f"<loc_{min(999, int(1000 * share))}>" for share in box),
    "paligemma": lambda box, label: (
        "".join(f"<loc{min(1023, round(1024 * box[place])):04}>" for place in (1, 0, 3, 2)) + f" {label}"
    ),
}


def worded(example: Example, card: ModelCard) -> Example:
    """The same, its last question as the card puts it; where only its boxes or masks answer, with that told.

    Raises RsvlmError (bad_request) for an example that answers nothing in words, and has no boxes that the model could tell.
    """
    kind = KINDS.get(example.task, "vqa")
    if example.answers:
        *earlier, (question, answer) = example.turns
        if example.task == "change" and not question:
            kind = "change"
        points = example.task in POINTING and question not in example.phrases  # a sentence of its own, not a phrase
        put_to = tagged(card, kind, question) if points else asked(card, kind, question)
        return replace(example, turns=(*earlier, (put_to, answer)))
    wanted = ", ".join(dict.fromkeys(example.phrases))
    if example.masks is not None and kind in card.prompts and example.task == "segment":
        return _told(example, put(card, kind, wanted), outlined(example.phrases))
    if example.boxes is not None and card.boxes:
        return _told(example, put(card, "refer", wanted), boxed(example, card.boxes))
    raise RsvlmError(
        "bad_request",
        f"The record {example.id} has no answer that the model {card.id} could learn to say.",
        "Leave out records of this task, or choose a model for it.",
    )


def answer_of(example: Example) -> str:
    """The last answer. Raises RsvlmError (bad_request) where there is none."""
    if not example.answers:
        raise RsvlmError(
            "bad_request", f"The record {example.id} has no words to learn from.", "Leave out records of this task."
        )
    return example.turns[-1][1]


def asked(card: ModelCard, kind: str, question: str) -> str:
    """As the card puts it; a question that begins as the card's template does is only given its tag."""
    template = card.prompts.get(kind, TEXT)
    tag = _TAG.match(template)
    begins = template[tag.end() if tag else 0 :].partition(TEXT)[0].strip()
    return tagged(card, kind, question) if begins and question.startswith(begins) else put(card, kind, question)


def tagged(card: ModelCard, kind: str, question: str) -> str:
    """Behind the tag alone of the card's template, if it has one."""
    tag = _TAG.match(card.prompts.get(kind, TEXT))
    return f"{tag[0] if tag else ''}{question}"


def boxed(example: Example, convention: str) -> str:
    """All boxes of an example, each behind its phrase where there are several and the convention names none."""
    height, width = example.pictures[-1].shape[:2]
    write = WRITERS[convention]
    found: Sequence[Sequence[float]] = [] if example.boxes is None else example.boxes.tolist()
    told = [
        write([x0 / width, y0 / height, x1 / width, y1 / height], phrase)
        for phrase, (x0, y0, x1, y1) in zip(example.phrases, found, strict=True)
    ]
    if convention == "thousand":
        return f"[{', '.join(told)}]"
    if convention in ("percent", "rotated") and len(told) > 1:
        told = [f"<p>{phrase}</p> {box}" for phrase, box in zip(example.phrases, told, strict=True)]
    return (" ; " if convention == "paligemma" else "" if convention == "florence" else " ").join(told)


def outlined(phrases: Sequence[str]) -> str:
    """What points at masks: each behind its phrase where there are several."""
    if len(phrases) == 1:
        return "Sure, it is [SEG]"
    return "Sure, " + ", ".join(f"{phrase} [{number}]" for number, phrase in enumerate(phrases, 1))


def _told(example: Example, question: str, answer: str) -> Example:
    return replace(example, turns=((question, answer),), answers=(answer,))
