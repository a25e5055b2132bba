"""SkyEyeGPT at work: a picture and a question under its tag in, an answer out; boxes are text, 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.skyeye.files import load_skyeye
from rsvlm.models.families.skyeye.network import SkyEye
from rsvlm.models.families.skyeye.words import Batch, put
from rsvlm.models.families.skyeye.words import Words as Vocabulary
from rsvlm.models.language_files import kept_in
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.answering import Answering, Hearing, Seen
from rsvlm.models.predictors.replies import refuse_too_long, replies
from rsvlm.models.predictors.words import Words

LONGEST = 300  # tokens of an answer


class SkyEyePredictor(Answering):
    """Questions are whole prompts; earlier turns are read."""

    def __init__(
        self,
        card: ModelCard,
        model: SkyEye,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, model, words.tokenizer, model.config.pixels, device, engine, cache)
        self._model, self._words = model, words

    def _look(self, pixels: Tensor) -> Tensor:
        return self._model.look(pixels)

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one.

        Raises RsvlmError (too_large) for a question that leaves no room for an answer.
        """
        read = [self._put([question]).ids.shape[1] for question in questions]
        refuse_too_long(self.card, read, LONGEST, self._model.llama_model.config.max_position_embeddings)
        return super().ask(seen, questions, on_text)

    def _put(self, questions: Sequence[Question]) -> Batch:
        earlier = [[(put(asked), put(said)) for asked, said in question.earlier] for question in questions]
        return self._words.questions([put(question.text) for question in questions], earlier)

    def _answers(self, looked: Tensor, questions: Sequence[Question], words: Sequence[Words]) -> list[Reply]:
        batch = self._put(questions).to(self.device)
        hearing = Hearing(words, batch.end)
        spoken = self._model.generate(looked, batch, LONGEST, hearing.tokens, hearing.stopped)
        hearing.finish()
        read = batch.mask.sum(dim=1)
        return replies(self._words.text, spoken.ids, spoken.confidence, read, batch.padding, [batch.end])


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> SkyEyePredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_skyeye(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return SkyEyePredictor(card, model, words, device, engine, cache)
