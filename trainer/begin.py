"""Where a run begins: the learner of the model that a recipe names, and who teaches it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from rsvlm.models.cards import get_card
from rsvlm.models.learning import Learner
from rsvlm.models.load import FAMILIES
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.recipe import Model


def learner_of(model: Model, examples: Examples, folder: Path) -> Learner:
    """folder: of the run; a new model is kept there as it begins, and found again.

    Raises RsvlmError: unknown_model, bad_request, model_failed.
    """
    if model.id is not None:
        card = get_card(model.id)
        return _module(card.family, "learn").learn(card)
    family, begun = str(model.family), folder / "begin"
    if not begun.exists():
        try:
            learner = _module(family, "new").new(model.settings, examples.texts(), examples.labels())
        except ValueError as error:
            raise RsvlmError(
                "bad_request",
                f"A new model of the family {family} cannot have these settings.",
                "See its documentation.",
            ) from error
        part = folder / "begin.part"
        learner.save(part)
        part.replace(begun)
    return _module(family, "again").again(begun)


def _module(family: str, does: str) -> Any:
    """The learner module of a family. Raises RsvlmError (bad_request) where it has none, or has no such function."""
    if family not in FAMILIES:
        raise RsvlmError("bad_request", f"There is no family “{family}”.", f"Choose one of {', '.join(FAMILIES)}.")
    module = import_module(f"rsvlm.models.families.{family}.learner")
    if not hasattr(module, does):
        raise RsvlmError(
            "bad_request",
            f"Models of the family {family} begin with released weights.",
            "Import them, and give model.id.",
        )
    return module
