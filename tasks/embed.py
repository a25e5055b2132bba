"""Texts and pictures as vectors that can be compared with each other, for whoever searches with an index of his own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.protocol import Raster, RsvlmError, Watch
from rsvlm.tasks.looking import picture
from rsvlm.tasks.plan import view_size

BATCH = 16  # texts or pictures at once; stop comes between batches


@dataclass(frozen=True)
class Embeddings:
    """vectors: (n, width) float32 of unit length, in the order of the inputs. tokens: of texts and pictures together."""

    vectors: np.ndarray
    tokens: int
    model: str


def embed(inputs: Sequence[str | Raster], model_id: str | None, models: Models, watch: Watch) -> Embeddings:
    """A raster is seen as a whole, in one view.

    Raises RsvlmError: what opening and reading raise, no_data, too_large for a text, unknown_model, cancelled.
    """
    with models.using(model_id, watch.cancelled) as predictor:
        if not isinstance(predictor, Embeds):
            raise RsvlmError(
                "bad_request",
                f"The model {predictor.card.id} makes no vectors of texts and pictures.",
                "Choose another.",
            )
        vectors: dict[int, np.ndarray] = {}
        texts = {index: item for index, item in enumerate(inputs) if isinstance(item, str)}
        for batch in _batches(list(texts)):
            watch.check()
            vectors |= zip(batch, predictor.embed_texts([texts[index] for index in batch]), strict=True)
        by_size: dict[tuple[int, ...], dict[int, np.ndarray]] = {}
        for index, item in enumerate(inputs):
            if isinstance(item, Raster):
                watch.check()
                seen = _whole(item, predictor.card)
                by_size.setdefault(seen.shape, {})[index] = seen
        for pictures in by_size.values():
            _embed_pictures(pictures, predictor, vectors)
        tokens = predictor.usage["prompt_tokens"]
        return Embeddings(np.stack([vectors[index] for index in range(len(inputs))]), tokens, predictor.card.id)


def _embed_pictures(pictures: dict[int, np.ndarray], predictor: Embeds, vectors: dict[int, np.ndarray]) -> None:
    """Put the vectors of pictures of one size into `vectors`."""
    for batch in _batches(list(pictures)):
        encoded = predictor.encode(np.stack([pictures[index] for index in batch]))
        vectors |= zip(batch, predictor.embed_images(encoded), strict=True)


def _batches(indices: list[int]) -> list[list[int]]:
    return [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]


def _whole(raster: Raster, card: ModelCard) -> np.ndarray:
    """(H, W, 3) uint8: all of the extent in one view."""
    with Scene.open(raster) as scene:
        x0, y0, x1, y1 = scene.extent
        width, height = scene.ground_size_m(scene.extent) or (x1 - x0, y1 - y0)
        view = scene.view(scene.extent, view_size(width, height, card.input.pixels))
        if not view.valid_share:
            raise RsvlmError(
                "no_data", "There is nothing to embed here: the extent holds no valid pixels.", "Choose another extent."
            )
        return picture(view)
