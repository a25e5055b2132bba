"""GeoPix at work: pictures and questions in; answers in words, and a mask for everything that they point at, out.

Knows pixels and strings; nothing of rasters, maps or files. What was seen of a picture is kept for the next question. Every
call of the network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import StoppingCriteriaList

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.geopix.files import LARGE, load_geopix
from rsvlm.models.families.geopix.network import GeoPix, Looked
from rsvlm.models.families.geopix.words import Words as Vocabulary
from rsvlm.models.families.geopix.words import put
from rsvlm.models.predictors import abilities
from rsvlm.models.predictors.abilities import Reply
from rsvlm.models.predictors.words import Listeners, Stop, Words
from rsvlm.protocol import Cancelled, RsvlmError

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's
LONGEST = 256  # tokens of an answer


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. key: tells its pixels; size: its height and width in pixels."""

    key: tuple[object, ...]
    looked: Looked
    size: tuple[int, int]


@dataclass(frozen=True)
class Question(abilities.Question):
    """task: "segment", "ground", "describe" or "ask"; None for a question that brings its own tag, as others do.

    class_id: place in the model's memory of the class that is asked for; None where it is not known.
    """

    task: str | None = "segment"
    class_id: int | None = None


class GeoPixPredictor:
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens of this caller."""

    def __init__(
        self,
        card: ModelCard,
        model: GeoPix,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.card, self.device = card, device
        self._model, self._words = model.to(device), words
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))

    def until(self, stop: Callable[[], bool]) -> GeoPixPredictor:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model, and masks come back on their pixels."""
        keys = [(self.card.id, self.card.revision, "looked", *_digest(picture)) for picture in pictures]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if seen[key] is None}
        if new:
            found = self._engine.run((self._model, "encode"), self._encode, list(new.values()), self._stop)
            for key, looked in zip(new, found, strict=True):
                seen[key] = looked
                self._cache.put(key, looked, sum(part.nbytes for part in (looked.tokens, *looked.depths)))
        return [Seen(key, seen[key], picture.shape[:2]) for key, picture in zip(keys, pictures, strict=True)]

    def ask(
        self,
        pictures: Sequence[Seen],
        questions: Sequence[abilities.Question],
        on_text: Callable[[str], None] | None = None,
    ) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one, without numbers of things.

        Raises RsvlmError (bad_request) for a class that the model's memory has no place for.
        """
        own = [one if isinstance(one, Question) else Question(one.text, task=None) for one in questions]
        for question in own:
            if question.class_id is not None and not 0 <= question.class_id < self._model.config.classes:
                raise RsvlmError(
                    "bad_request",
                    f"The model {self.card.id} has no class {question.class_id}.",
                    f"Its classes are 0 to {self._model.config.classes - 1}.",
                )
        rows = [
            (picture, question, Words(self._words.tokenizer, on_text, self._stop))
            for picture, question in zip(pictures, own, strict=True)
        ]
        found = self._engine.run((self._model, "ask"), self._ask, rows, self._stop)
        if self._stop():
            raise Cancelled()
        self.usage["prompt_tokens"] += sum(reply.read for reply in found)
        self.usage["completion_tokens"] += sum(reply.written for reply in found)
        return found

    @torch.inference_mode()
    def _encode(self, pictures: Sequence[np.ndarray]) -> list[Looked]:
        together = self._model.look(torch.cat([self._pixels(picture) for picture in pictures]))
        parts = zip(*(part.split(1) for part in (together.tokens, *together.depths)), strict=True)
        return [Looked(tokens.clone(), tuple(depth.clone() for depth in depths)) for tokens, *depths in parts]

    def _pixels(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, pixels, pixels), normalised. The release reads pictures blue first, and so do its weights."""
        values = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device).permute(2, 0, 1)[None].float() / 255
        if self._model.config.released:
            values = values.flip(1)
        side = (self._model.llava.config.vision_config.image_size,) * 2
        if values.shape[-2:] != side:
            values = interpolate(values, side, mode="bicubic", antialias=True).clamp(0, 1)
        mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, DEVIATION))
        return ((values - mean) / deviation).to(self._model.multiscale_scalar.dtype)

    @torch.inference_mode()
    def _ask(self, rows: Sequence[tuple[Seen, Question, Words]]) -> list[Reply]:
        pictures, questions, words = zip(*rows, strict=True)
        for row in words:
            row.begin()
        looked = _together(pictures)
        batch = self._words.questions([put(question.text, question.task) for question in questions]).to(self.device)
        options = {"streamer": Listeners(words, batch.end), "stopping_criteria": StoppingCriteriaList([Stop(words)])}
        ids, states = self._model.generate(looked, batch, LONGEST, **options)
        targets = self._model.targets(ids, states)
        generic = self._model.config.classes - 1
        classes = [generic if question.class_id is None else question.class_id for question in questions]
        masks = self._model.masks(looked, targets, torch.tensor(classes, device=self.device)[targets.owners])
        chances = self._model.llava.lm_head(states).float().log_softmax(dim=-1).gather(2, ids[..., None])[..., 0]
        replies = []
        for index, picture in enumerate(pictures):
            spoken, own = ids[index] != batch.padding, targets.owners == index
            height, width = picture.size
            outlines = masks.on(height, width, own).float().sigmoid()
            replies.append(
                Reply(
                    self._words.text(ids[index].tolist()),
                    chances[index][spoken].mean().exp().item(),
                    read=int(batch.mask[index].sum()),
                    written=int(spoken.sum()),
                    masks=outlines.cpu().numpy(),
                    quality=masks.quality[own].float().mean(dim=1).cpu().numpy(),
                )
            )
        return replies


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> GeoPixPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    dtype = torch.bfloat16 if card.size_bytes > 2 * LARGE else torch.float32
    model, words = load_geopix(card.folder, card.id, card.mend, dtype)
    return GeoPixPredictor(card, model, words, device, engine, cache)


def _digest(picture: np.ndarray) -> tuple[object, ...]:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()


def _together(pictures: Sequence[Seen]) -> Looked:
    tokens = torch.cat([picture.looked.tokens for picture in pictures])
    depths = zip(*(picture.looked.depths for picture in pictures), strict=True)
    return Looked(tokens, tuple(torch.cat(same) for same in depths))
