"""CLIP at work: pictures and texts in; vectors of one space, and probabilities of classes given by name, out.

Knows pixels and strings; nothing of rasters, maps or files. What was made of a picture, and of a list of classes, is kept.
Every call of the network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import Clip, ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.geoclip.files import load_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, class_logits
from rsvlm.models.families.geoclip.words import batch_ids, token_ids
from rsvlm.models.parts.clip_pixels import middle_square, normalise_clip
from rsvlm.models.parts.prompt_averaging import Averaging
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.models.prompts import class_sentences
from rsvlm.protocol import Cancelled, RsvlmError

BATCH = 16  # pictures at once
CLASSES = 4  # between two looks at whether somebody still waits


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. vector: (width,) float32 of unit length; key: tells its pixels."""

    key: Key
    vector: np.ndarray


class GeoClipPredictor(EncodesOnce):
    """card, device: what answers and where. Pictures and texts in, vectors out; classes by the card's sentences."""

    def __init__(
        self,
        card: ModelCard,
        model: GeoClip,
        clip: Clip,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, device, engine, cache, model)
        self._model, self._clip = model, clip

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size. Of one that is no square the model sees the middle."""
        found: list[Seen] = []
        for start in range(0, len(pictures), BATCH):
            rows = [(picture,) for picture in pictures[start : start + BATCH]]
            found += [Seen(*seen) for seen in self._encoded(rows, self._encode)]
        return found

    def embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        """(n, width) float32 of unit length."""
        self.usage["prompt_tokens"] += len(pictures) * self._model.config.image_tokens
        return np.stack([picture.vector for picture in pictures])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, width) float32 of unit length, comparable with embed_images by their product.

        Raises RsvlmError (too_large) for a text longer than the model can read.
        """
        self.usage["prompt_tokens"] += sum(map(len, self.text_ids(texts)))
        return np.stack(self._run(self._embed_texts, list(batch_ids(texts, self._model.config.context))))

    def text_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text as it is embedded, its start and end among them. Raises as embed_texts does."""
        found = [token_ids(text) for text in texts]
        if max(map(len, found)) > self._model.config.context:
            raise RsvlmError(
                "too_large", f"A text is longer than {self._model.config.context:,} tokens.", "Give it in parts."
            )
        return found

    def named_by(self, templates: Sequence[str], averaging: Averaging) -> GeoClipPredictor:
        """The same, which names classes by other sentences, or averages them in another order, than its card says."""
        own = copy.copy(self)
        own._clip = self._clip.model_copy(update={"templates": tuple(templates), "averaging": averaging})
        return own

    def zero_shot(self, pictures: Sequence[Seen], labels: Sequence[str]) -> np.ndarray:
        """(n, labels) float32: how likely each picture is of each class, each row adding up to one.

        Raises RsvlmError: bad_request without labels, too_large for one that is too long.
        """
        if not labels:
            raise RsvlmError("bad_request", "There are no classes to tell apart.", "Name at least two.")
        vectors = torch.from_numpy(np.stack([picture.vector for picture in pictures]))
        return class_logits(vectors, self._classes(tuple(labels))).softmax(dim=-1).numpy()

    def _classes(self, labels: tuple[str, ...]) -> Tensor:
        """(labels, width) of unit length, each averaged from its sentences in the order that the card says."""
        key = (self.card.id, self.card.revision, self._clip, labels)
        kept = self._cache.get(key)
        if kept is None:
            sentences = [class_sentences(label, self._clip.templates) for label in labels]
            self.text_ids([sentence for own in sentences for sentence in own])
            rows = [batch_ids(own, self._model.config.context) for own in sentences]
            found: list[Tensor] = []
            for start in range(0, len(rows), CLASSES):
                if self._stop():
                    raise Cancelled()
                found += self._run(self._name, rows[start : start + CLASSES])
            kept = torch.stack(found)
            self._cache.put(key, kept, kept.nbytes)
        return kept

    def _run(self, work: Callable[[Sequence], list], rows: Sequence) -> list:
        """On the inference thread, with the rows of others who ask the same of this model."""
        return self._engine.run((self._model, work.__name__), work, rows, self._stop)

    def _key(self, pictures: Sequence[np.ndarray]) -> Key:
        return (*super()._key(pictures), self._clip.quick_gelu)

    @torch.inference_mode()
    def _encode(self, rows: Sequence[tuple[np.ndarray]]) -> list[np.ndarray]:
        squares = np.stack([middle_square(picture, self._model.config.pixels) for (picture,) in rows])
        pixels = normalise_clip(torch.from_numpy(squares).to(self.device))
        return list(self._model.encode_image(pixels, normalize=True).float().cpu().numpy())

    @torch.inference_mode()
    def _embed_texts(self, rows: Sequence[Tensor]) -> list[np.ndarray]:
        ids = torch.stack(list(rows)).to(self.device)
        return list(self._model.encode_text(ids, normalize=True).float().cpu().numpy())

    @torch.inference_mode()
    def _name(self, rows: Sequence[Tensor]) -> list[Tensor]:
        # One class after another: each has as many sentences as a batch should have.
        return [self._model.classes(ids[None].to(self.device), self._clip.averaging)[0].float().cpu() for ids in rows]


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> GeoClipPredictor:
    """device: "cuda" or "cpu". Raises RsvlmError (model_failed)."""
    model, clip = load_geoclip(card)
    return GeoClipPredictor(card, model, clip, device, engine, cache)
