"""Whether a request can be met, as far as it shows before a model is loaded and a pixel is read: each task begins with its
check, and the command line makes it before torch, which takes seconds, is imported. Imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from rsvlm.models.cards import ModelCard, able_card, get_card
from rsvlm.protocol import (
    STYLES,
    AskRequest,
    ChangeRequest,
    ClassifyRequest,
    DescribeRequest,
    GroundRequest,
    LocalizeRequest,
    RefineRequest,
    RsvlmError,
    SegmentRequest,
)
from rsvlm.tasks.libraries import open_library

MOST, LONGEST = 50, 200  # phrases of a request, characters of a phrase


def describe(request: DescribeRequest) -> ModelCard:
    """The card of the model that will do it. Raises RsvlmError: bad_request (style, model), unknown_model."""
    if request.style not in STYLES:
        raise RsvlmError("bad_request", f"There is no style “{request.style}”.", f"Choose one of {', '.join(STYLES)}.")
    return able_card(request.model, "describe", "describe a place")


def ask(request: AskRequest) -> ModelCard:
    """The same. Raises RsvlmError: bad_request (question, model, library), unknown_model, not_found, forbidden."""
    if not request.question.strip():
        raise RsvlmError("bad_request", "There is no question.", "Ask something, such as “Is there a harbour?”.")
    card = able_card(request.model, "ask", "answer questions")
    if request.knowledge is not None:
        with open_library(request.knowledge):
            pass
    return card


def segment(request: SegmentRequest) -> ModelCard:
    """The same. Raises RsvlmError: bad_request (phrases, cut, model), unknown_model."""
    _some(request.phrases)
    _cut(request.likely, smallest_m2=request.smallest_m2, tolerance_m=request.tolerance_m)
    return _able(request.model, "segment", "draw outlines of what a phrase names")


def refine(request: RefineRequest) -> ModelCard:
    """The card of the model that will do it, if it has the task, or of the one whose probabilities are cut.

    Raises RsvlmError: bad_request (phrase, place, cut), unknown_model.
    """
    _some([request.phrase])
    _cut(request.likely, tolerance_m=request.tolerance_m)
    if not all(map(math.isfinite, request.at)):
        raise RsvlmError("bad_request", f"No place is at {request.at}.", "Give x and y in the CRS of the raster.")
    return get_card(request.model)


def ground(request: GroundRequest) -> ModelCard:
    """The same. Raises RsvlmError: bad_request (phrases, model), unknown_model."""
    _some(request.phrases)
    return _able(request.model, "ground", "draw boxes around what a phrase names")


def _able(model_id: str | None, task: str, told: str) -> ModelCard:
    """As able_card; a model that tells classes apart by their names is able as well (see sights.py), if no better."""
    card = get_card(model_id)
    return card if "classify" in card.tasks else able_card(model_id, task, told)


def change(request: ChangeRequest) -> ModelCard:
    """The same; an empty question is none. Raises RsvlmError: bad_request (model), unknown_model."""
    if (request.question or "").strip():
        return able_card(request.model, "change_ask", "answer questions about what changed")
    return able_card(request.model, "change", "describe what changed")


def classify(request: ClassifyRequest) -> ModelCard:
    """The same. Raises RsvlmError: bad_request (labels, top, model), unknown_model."""
    if len({label.strip() for label in request.labels} - {""}) < 2:
        raise RsvlmError(
            "bad_request", "There are no two classes to tell apart.", "Name at least two, such as forest,lake."
        )
    if request.top < 1:
        raise RsvlmError("bad_request", "Fewer than one class is to be told.", "Ask for one or more.")
    return able_card(request.model, "classify", "tell classes apart by their names")


def localize(request: LocalizeRequest) -> ModelCard:
    """The same. Raises RsvlmError: bad_request (phrase, model), unknown_model."""
    _some([request.phrase])
    return able_card(request.model, "localize", "find where a phrase is")


def _cut(likely: float, **sizes: float | None) -> None:
    for name, value in sizes.items():
        if value is not None and not 0 <= value < math.inf:
            raise RsvlmError("bad_request", f"{name} is {value:g}.", "Give a number that is not negative.")
    if not 0 < likely <= 1:
        raise RsvlmError("bad_request", f"No probability is {likely:g}.", "Give a number over 0, and 1 at most.")


def _some(phrases: Sequence[str]) -> None:
    if not any(phrase.strip() for phrase in phrases):
        raise RsvlmError("bad_request", "There is no phrase to look for.", "Name something, such as “storage tanks”.")
    if len(phrases) > MOST or max(map(len, phrases)) > LONGEST:
        raise RsvlmError(
            "bad_request",
            f"At most {MOST} phrases of {LONGEST} characters are looked for at once.",
            "Ask for fewer, in fewer words.",
        )


CHECKS: dict[str, Callable[[Any], ModelCard]] = {
    "describe": describe,
    "ask": ask,
    "segment": segment,
    "refine": refine,
    "ground": ground,
    "change": change,
    "classify": classify,
    "localize": localize,
}
