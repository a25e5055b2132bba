"""GeoPix at work: pictures and questions in; answers in words, and a mask for everything that they point at, out.

Knows pixels and strings; nothing of rasters, maps or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import StoppingCriteriaList

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.geopix.classes import meant
from rsvlm.models.families.geopix.files import load_geopix
from rsvlm.models.families.geopix.network import GeoPix, Looked
from rsvlm.models.families.geopix.saying import Words, said
from rsvlm.models.families.geopix.words import Words as Vocabulary
from rsvlm.models.families.geopix.words import put
from rsvlm.models.language_files import kept_in
from rsvlm.models.parts.clip_pixels import whole_square
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.models.predictors.words import Listeners, Stop
from rsvlm.protocol import RsvlmError

LONGEST = 256  # tokens of an answer


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. key: tells its pixels; size: its height and width in pixels."""

    key: Key
    looked: Looked
    size: tuple[int, int]


class GeoPixPredictor(EncodesOnce):
    """Questions are whole prompts. Words point at masks by [1], [2] and so on, in their order.

    Masks of a model that has a memory are drawn in the light of a class: see `meant`; where there is none, of its last place.
    """

    def __init__(
        self,
        card: ModelCard,
        model: GeoPix,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, device, engine, cache, model)
        self._model, self._words = model, words

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model, and masks come back on their pixels."""
        found = self._encoded([(picture,) for picture in pictures], self._encode)
        return [Seen(*looked, picture.shape[:2]) for looked, picture in zip(found, pictures, strict=True)]

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one.

        Raises RsvlmError (too_large) for a question that leaves no room for an answer.
        """
        room = self._model.llava.config.text_config.max_position_embeddings - LONGEST
        for question in questions:
            if self._words.questions([put(question.text)]).ids.shape[1] > room:
                raise RsvlmError("too_large", f"The question is too long for {self.card.id}.", "Ask in fewer words.")
        rows = [
            (picture, question, Words(self._words.tokenizer, on_text, self._stop))
            for picture, question in zip(seen, questions, strict=True)
        ]
        return self._answered(rows, self._ask)

    @torch.inference_mode()
    def _encode(self, rows: Sequence[tuple[np.ndarray]]) -> list[Looked]:
        return self._model.look(torch.cat([self._pixels(picture) for (picture,) in rows])).rows()

    def _pixels(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, pixels, pixels), normalised. The release reads pictures blue first, and so do its weights."""
        ordered = picture[..., ::-1] if self._model.config.released else picture
        return whole_square(ordered, self._model.llava.config.vision_config.image_size, self._model.multiscale_scalar)

    @torch.inference_mode()
    def _ask(self, rows: Sequence[tuple[Seen, Question, Words]]) -> list[Reply]:
        pictures, questions, words = zip(*rows, strict=True)
        for row in words:
            row.begin()
        looked = Looked.together([picture.looked for picture in pictures])
        batch = self._words.questions([put(question.text) for question in questions]).to(self.device)
        options = {"streamer": Listeners(words, batch.end), "stopping_criteria": StoppingCriteriaList([Stop(words)])}
        ids, states = self._model.generate(looked, batch, LONGEST, **options)
        kept = [[token for token in row if token not in (batch.padding, batch.end)] for row in ids.tolist()]
        texts, parts = zip(*(said(self._words.tokenizer, row) for row in kept), strict=True)
        targets = self._model.targets(ids, states)
        names, place = self._model.config.class_names, self._model.config.place
        classes = [
            place(meant(before, question.text, names))
            for question, told in zip(questions, parts, strict=True)
            for before in told[:-1]
        ]
        masks = self._model.masks(looked, targets, torch.tensor(classes, dtype=torch.long, device=self.device))
        chances = self._model.llava.lm_head(states).float().log_softmax(dim=-1).gather(2, ids[..., None])[..., 0]
        replies = []
        for index, picture in enumerate(pictures):
            height, width = picture.size
            spoken, own = ids[index] != batch.padding, targets.owners == index
            written = int(spoken.sum())
            cut = batch.end not in ids[index]
            replies.append(
                Reply(
                    texts[index],
                    chances[index][spoken].mean().exp().item(),
                    read=int(batch.mask[index].sum()),
                    written=written,
                    masks=masks.on(height, width, own).float().sigmoid().cpu().numpy(),
                    quality=masks.quality[own].float().mean(dim=1).cpu().numpy(),
                    warnings=(f"The answer was cut off after {written} tokens.",) if cut else (),
                )
            )
        return replies


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> GeoPixPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    dtype = kept_in(card.size_bytes)
    model, words = load_geopix(card.folder, card.id, card.mend, dtype)
    return GeoPixPredictor(card, model, words, device, engine, cache)
