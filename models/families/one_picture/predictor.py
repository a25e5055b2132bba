"""A model that answers questions about one picture in words: pictures and prompts in, streamed answers out.

The families gaia, rsgpt4v and rsmoe differ in what happens between the two. Knows pixels and strings; nothing of rasters,
maps or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.one_picture.words import Batch, PictureWords
from rsvlm.models.parts.language import OnToken, Spoken, Stop
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.answering import Answering, Hearing, Seen
from rsvlm.models.predictors.words import Words
from rsvlm.protocol import RsvlmError

LONGEST = 256  # tokens of an answer


class Looking(Protocol):
    """What every network here has: it sees pictures, normalised as CLIP's, as tokens (batch, n, width) of its language."""

    config: Any
    language_model: Any

    def look(self, pixels: Tensor) -> Tensor: ...


class Speaking(Looking, Protocol):
    """A network that answers in one go."""

    def generate(
        self, tokens: Tensor, batch: Batch, most: int, on_token: OnToken | None = None, stop: Stop | None = None
    ) -> Spoken: ...


Network = TypeVar("Network", bound=Looking)
Vocabulary = TypeVar("Vocabulary", bound=PictureWords)


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


class OnePicturePredictor(Answering, Generic[Network, Vocabulary]):
    """As for Answering; a family says how it answers (`_answers`)."""

    listens = AsSaid

    def __init__(
        self,
        card: ModelCard,
        model: Network,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, model, words.tokenizer, model.config.pixels, device, engine, cache)
        self._model, self._words = model, words

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
        return super().ask(seen, questions, on_text)

    def _look(self, pixels: Tensor) -> Tensor:
        return self._model.look(pixels)

    def _room(self) -> int:
        """Tokens that an answer may take, beyond those of its question."""
        return LONGEST

    def _replies(self, batch: Batch, spoken: Spoken) -> list[Reply]:
        """batch: what was read."""
        replies = []
        for ids, confidence, mask in zip(spoken.ids, spoken.confidence, batch.mask, strict=True):
            written = int((ids != batch.padding).sum())
            warnings = () if batch.end in ids else (f"The answer was cut off after {written} tokens.",)
            text = self._words.text(ids.tolist())
            replies.append(Reply(text, confidence.item(), int(mask.sum()), written, warnings=warnings))
        return replies


class SpeakingPredictor(OnePicturePredictor[Speaking, PictureWords]):
    """A network that answers in one go."""

    def _answers(self, looked: Tensor, questions: Sequence[Question], words: Sequence[Words]) -> list[Reply]:
        prompts, earlier = [question.text for question in questions], [question.earlier for question in questions]
        batch = self._words.questions(prompts, earlier).to(self.device)
        hearing = Hearing(words, batch.end)
        spoken = self._model.generate(looked, batch, LONGEST, hearing.tokens, hearing.stopped)
        return self._replies(batch, spoken)
