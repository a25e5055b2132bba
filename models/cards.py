"""Model cards: what a model is, where its weights lie, what it may be used for and how good it was measured to be.

A card is data (resources/models/*.toml); adding a model of a known family is adding a card. Imports no torch.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rsvlm.protocol import RsvlmError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RESOURCES = Path(__file__).resolve().parents[1] / "resources" / "models"
BUNDLED = "compact"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(Strict):
    """What the model looks at. pixels: along the short side of one view; gsd_range_m: metres per pixel of that view."""

    bands: str
    pixels: int
    gsd_range_m: tuple[float, float]
    sensors: tuple[str, ...]


class Figure(Strict):
    """One measured figure and the command that measures it again."""

    data: str
    protocol: str
    metric: str
    value: float
    n: int
    command: str


class Calibration(Strict):
    """scene_temperature: divides scene logits; unsure_below: probability under which a class is called a guess.

    familiar_from: familiarity under which a picture counts as unlike the training data, so that its classes are guesses.
    fine_gsd_m: classes in fine_scenes were seen at finer ground sample distances only and are ruled out above it.
    """

    scene_temperature: float
    unsure_below: float
    familiar_from: float
    fine_gsd_m: float
    fine_scenes: tuple[str, ...]


class ModelCard(Strict):
    """A model as users and programs see it.

    path: folder of bundled weights, below resources/models; scenes: class name -> noun phrase.

    groups: noun phrase of a wider class -> classes in it, to say at least that much where no single class is likely.
    """

    id: str
    family: str
    title: str
    tasks: tuple[str, ...]
    licence: str
    terms: str
    citation: str
    path: str
    sha256: str
    size_bytes: int
    memory_bytes: int
    input: Input
    prompt_template: str
    box_convention: str
    trained_on: tuple[str, ...]
    calibration: Calibration
    scenes: dict[str, str]
    groups: dict[str, tuple[str, ...]]
    figures: tuple[Figure, ...] = ()

    @property
    def folder(self) -> Path:
        return RESOURCES / self.path

    @property
    def revision(self) -> str:
        """First digits of the checksum of the weights: another file is another revision."""
        return self.sha256[:12]

    @property
    def installed(self) -> bool:
        return (self.folder / "model.safetensors").is_file()

    def verify(self) -> bool:
        """Whether the weights on disk are those that the card speaks of."""
        weights = self.folder / "model.safetensors"
        return self.installed and hashlib.sha256(weights.read_bytes()).hexdigest() == self.sha256


@cache
def load_cards() -> dict[str, ModelCard]:
    """All cards by id. Raises RsvlmError (model_failed) naming a card that cannot be read."""
    cards = {}
    for path in sorted(RESOURCES.glob("*.toml")):
        try:
            card = ModelCard.model_validate(tomllib.loads(path.read_text("utf-8")))
        except ValueError as error:  # no TOML, no UTF-8, or not what a card holds
            raise RsvlmError(
                "model_failed", f"The model card {path.name} cannot be read.", "Install rsvlm again."
            ) from error
        cards[card.id] = card
    return cards


def get_card(model_id: str | None) -> ModelCard:
    """The card of `model_id`; None and "default" mean the bundled model. Raises RsvlmError (unknown_model)."""
    wanted = BUNDLED if model_id in (None, "default") else model_id
    cards = load_cards()
    if wanted not in cards:
        known = ", ".join(cards)
        raise RsvlmError("unknown_model", f"There is no model called “{wanted}”.", f"Installed are: {known}.")
    return cards[wanted]
