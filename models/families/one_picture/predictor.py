"""A model that answers questions about one picture in words: pictures and prompts in, streamed answers out.

The families gaia, rsgpt4v and rsmoe differ in what happens between the two. Knows pixels and strings; nothing of rasters,
maps or files. What was seen of a picture is kept for the next question. Every call of the network goes through the engine;
methods may be called from any thread.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.one_picture.words import Batch, PictureWords
from rsvlm.models.language_files import LARGE
from rsvlm.models.parts.language import OnToken, Spoken, Stop
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.words import Words
from rsvlm.protocol import Cancelled, RsvlmError

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's
LONGEST = 256  # tokens of an answer


class Looking(Protocol):
    """What every network here has: it sees pictures, normalised as CLIP's, as tokens (batch, n, width) of its language."""

    config: Any
    language_model: Any

    def look(self, pixels: Tensor) -> Tensor: ...

    def to(self, device: str) -> Any: ...

    def parameters(self) -> Iterator[Tensor]: ...

    def buffers(self) -> Iterator[Tensor]: ...


class Speaking(Looking, Protocol):
    """A network that answers in one go."""

    def generate(
        self, tokens: Tensor, batch: Batch, most: int, on_token: OnToken | None = None, stop: Stop | None = None
    ) -> Spoken: ...


Network = TypeVar("Network", bound=Looking)
Vocabulary = TypeVar("Vocabulary", bound=PictureWords)
Own = TypeVar("Own", bound="OnePicturePredictor[Any, Any]")


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. tokens: (1, n, width); key: tells its pixels."""

    key: tuple[object, ...]
    tokens: Tensor


class AsSaid(Words):
    """Words as the model says them, but for space around the whole."""

    def begin(self) -> None:
        super().begin()
        self._space = ""

    def put(self, token: int, end: int) -> None:
        if self._on_text is None or self._ended:
            return
        if token == end:
            self._ended = True
            return
        piece = self._space + (self._stream.step(self._tokenizer, token) or "")
        piece = piece if self._text else piece.lstrip()
        kept = piece.rstrip()
        self._space = piece[len(kept) :]  # told when something follows
        if kept:
            self._tell(kept)

    def finish(self) -> None:
        self._ended = True


Row = tuple[Seen, Question, AsSaid]


class OnePicturePredictor(ABC, Generic[Network, Vocabulary]):
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens of this caller."""

    def __init__(
        self,
        card: ModelCard,
        model: Network,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.card, self.device = card, device
        self._model: Network = model.to(device)
        self._words = words
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
        self._precision = next(model.parameters()).dtype

    def until(self: Own, stop: Callable[[], bool]) -> Own:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model."""
        keys = [(self.card.id, self.card.revision, "picture", *_digest(picture)) for picture in pictures]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if seen[key] is None}
        if new:
            found = self._engine.run((self._model, "encode"), self._encode, list(new.values()), self._stop)
            for key, tokens in zip(new, found, strict=True):
                seen[key] = tokens
                self._cache.put(key, tokens, tokens.nbytes)
        return [Seen(key, seen[key]) for key in keys]

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one.

        Raises RsvlmError: bad_request for earlier turns where the model knows of one alone, too_large for a question that
        leaves no room for an answer.
        """
        if any(question.earlier for question in questions) and not self._words.form.later:
            raise RsvlmError(
                "bad_request", f"The model {self.card.id} reads no earlier turns.", "Ask again in one question."
            )
        for question in questions:
            read = self._words.questions([question.text], [question.earlier]).ids.shape[1]
            if read + self._room() > self._model.language_model.config.max_position_embeddings:
                raise RsvlmError("too_large", f"The question is too long for {self.card.id}.", "Ask in fewer words.")
        rows = [
            (picture, question, AsSaid(self._words.tokenizer, on_text, self._stop))
            for picture, question in zip(seen, questions, strict=True)
        ]
        found = self._engine.run((self._model, "ask"), self._ask, rows, self._stop)
        if self._stop():
            raise Cancelled()
        self.usage["prompt_tokens"] += sum(reply.read for reply in found)
        self.usage["completion_tokens"] += sum(reply.written for reply in found)
        return found

    @torch.inference_mode()
    def _encode(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        tokens = self._model.look(torch.cat([self._pixels(picture) for picture in pictures]))
        return [row.clone() for row in tokens.split(1)]

    def _pixels(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, pixels, pixels), normalised."""
        values = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device).permute(2, 0, 1)[None].float() / 255
        side = (self._model.config.pixels,) * 2
        if values.shape[-2:] != side:
            values = interpolate(values, side, mode="bicubic", antialias=True).clamp(0, 1)
        mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, DEVIATION))
        return ((values - mean) / deviation).to(self._precision)

    @torch.inference_mode()
    def _ask(self, rows: Sequence[Row]) -> list[Reply]:
        for _, _, words in rows:
            words.begin()
        return self._answers(torch.cat([picture.tokens for picture, _, _ in rows]), rows)

    @abstractmethod
    def _answers(self, tokens: Tensor, rows: Sequence[Row]) -> list[Reply]:
        """tokens: (batch, n, width) of the pictures."""

    def _room(self) -> int:
        """Tokens that an answer may take, beyond those of its question."""
        return LONGEST

    def _replies(self, batch: Batch, spoken: Spoken) -> list[Reply]:
        """batch: what was read."""
        return [
            Reply(
                self._words.text(ids.tolist()),
                confidence.item(),
                read=int(mask.sum()),
                written=int((ids != batch.padding).sum()),
            )
            for ids, confidence, mask in zip(spoken.ids, spoken.confidence, batch.mask, strict=True)
        ]


class SpeakingPredictor(OnePicturePredictor[Speaking, PictureWords]):
    """A network that answers in one go."""

    def _answers(self, tokens: Tensor, rows: Sequence[Row]) -> list[Reply]:
        prompts = [question.text for _, question, _ in rows]
        batch = self._words.questions(prompts, [question.earlier for _, question, _ in rows]).to(self.device)
        said = [words for _, _, words in rows]
        spoken = self._model.generate(
            tokens, batch, LONGEST, listener(said, batch.end), lambda row: said[row].stopped()
        )
        return self._replies(batch, spoken)


def listener(rows: Sequence[Words], end: int) -> OnToken:
    """Gives each row's tokens to its words."""

    def hear(tokens: list[int]) -> None:
        for words, token in zip(rows, tokens, strict=True):
            words.put(token, end)

    return hear


def precision(card: ModelCard) -> torch.dtype:
    """Large models are kept in half precision."""
    return torch.bfloat16 if card.size_bytes > 2 * LARGE else torch.float32


def _digest(picture: np.ndarray) -> tuple[object, ...]:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()
