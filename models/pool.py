"""The models that are loaded, each once. Imports torch only when the first is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsvlm.models.cards import get_card

if TYPE_CHECKING:
    from rsvlm.models.predictors.compact import CompactPredictor


class Models:
    """Predictors by card id, loaded when first needed. device: auto | cpu | cuda."""

    def __init__(self, device: str = "auto") -> None:
        self._wanted = device
        self._loaded: dict[str, CompactPredictor] = {}

    @property
    def device(self) -> str:
        """Where models run: "cpu" or "cuda"."""
        from rsvlm.models.load import pick_device

        return pick_device(self._wanted)

    def get(self, model_id: str | None) -> CompactPredictor:
        """Raises RsvlmError for an unknown model, missing weights or a device that is not there."""
        from rsvlm.models.load import load_model

        card = get_card(model_id)
        if card.id not in self._loaded:
            self._loaded[card.id] = load_model(card, self._wanted)
        return self._loaded[card.id]
