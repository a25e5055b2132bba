"""What models are measured by: for each task, which records of a data set it takes and what a model is asked of them.

One module for each kind of asking, imported only when it is used. Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rsvlm.models.cards import ModelCard, able_card


@dataclass(frozen=True)
class Ability:
    """task: what a card calls it; told: the same to the user."""

    task: str
    told: str


@dataclass(frozen=True)
class Measured:
    """kind: the class of `module`, in this package, that asks. ability: what the model needs. takes: which records, in words.

    tasks: of those records; () = it does not depend on their task.
    """

    module: str
    kind: str
    ability: Ability
    takes: str
    tasks: tuple[str, ...] = ()


EMBEDS = Ability("localize", "compare pictures with words")
ANSWERS = Ability("ask", "answer questions")
OUTLINES = Ability("segment", "draw outlines of what a phrase names")
BOXES = Ability("ground", "draw boxes around what a phrase names")
NAMES = Ability("classify", "tell classes apart by their names")
ASKS_CHANGE = Ability("change_ask", "answer questions about what changed")
QUESTIONS_OF_CHANGE = ("deltavlm-count", "deltavlm-location", "yes-no", "exact")  # protocols
MASKS_OF_CHANGE = ("masks", "pixels")

DRAWN = ("segment", "ground")

MEASURED = {
    "caption": Measured("words", "Captions", Ability("describe", "describe a place"), "captions of one picture", ("caption",)),
    "vqa": Measured("words", "Questions", ANSWERS, "questions on one picture, with answers", ("vqa",)),
    "change": Measured("words", "Change", Ability("change", "describe what changed"), "words on two dates, by the protocol"),
    "segment": Measured("drawn", "Masks", OUTLINES, "phrases with outlines in one picture", DRAWN),
    "ground": Measured("drawn", "Boxes", BOXES, "phrases with boxes in one picture", DRAWN),
    "retrieval": Measured("vectors", "Retrieval", EMBEDS, "captions of one picture", ("caption",)),
    "zeroshot": Measured("vectors", "ZeroShot", NAMES, "pictures of known class"),
    "localize": Measured("places", "Places", EMBEDS, "phrases with regions in one picture", ("localize",)),
    "rag": Measured("knowledge", "Knowledge", ANSWERS, "questions on one picture, with answers"),
    "consistency": Measured("steady", "Steadiness", ANSWERS, "questions on one picture, with answers"),
}  # fmt: skip


DIFFERENCES = Measured(
    "drawn", "Differences", Ability("change_masks", "draw what changed"), "two dates with outlines of change"
)


COVER = Measured("cover", "Cover", OUTLINES, "outlines of several classes in one picture", ("segment",))
PRESENCE = Measured(
    "drawn", "Presence", OUTLINES, "phrases with outlines, or with target_absent, in one picture", DRAWN
)
OF_SEGMENT = {"semantic": COVER, "presence": PRESENCE}  # by protocol


def able(task: str, protocol: str, model: str | None) -> ModelCard:
    """The card of a model that can be asked. Raises RsvlmError: unknown_model, bad_request naming those that can."""
    ability = spec_of(task, protocol).ability
    return able_card(model, ability.task, ability.told)


def spec_of(task: str, protocol: str) -> Measured:
    found = MEASURED[task]
    if task == "segment" and protocol in OF_SEGMENT:
        return OF_SEGMENT[protocol]
    if task != "change" or protocol not in (*QUESTIONS_OF_CHANGE, *MASKS_OF_CHANGE):
        return found
    return DIFFERENCES if protocol in MASKS_OF_CHANGE else replace(found, ability=ASKS_CHANGE)
