"""RS-CapRet at work: captions and answers, and pictures and texts as vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.capret.files import load_capret
from rsvlm.models.families.capret.network import CapRet
from rsvlm.models.families.capret.words import PICTURE
from rsvlm.models.families.capret.words import Words as Vocabulary
from rsvlm.models.language_files import kept_in
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.answering import Answering, Hearing, Seen
from rsvlm.models.predictors.replies import refuse_too_long, replies
from rsvlm.models.predictors.words import Words
from rsvlm.models.predictors.zero_shot import zero_shot
from rsvlm.protocol import RsvlmError

LONGEST = 64  # tokens of an answer
ASKS = "The answer asks for a picture: search for one with its text."


class CapRetPredictor(Answering):
    """An empty question asks for a caption, as most of the training data does. Earlier turns stand before a question."""

    def __init__(
        self,
        card: ModelCard,
        model: CapRet,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, model, words.tokenizer, model.visual_model.config.image_size, device, engine, cache)
        self._model, self._words = model, words

    def embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        """(n, width) float32 of unit length."""
        vision = self._model.visual_model.config
        self.usage["prompt_tokens"] += len(pictures) * (1 + (vision.image_size // vision.patch_size) ** 2)
        return np.stack(self._engine.run((self._network, "images"), self._embed_images, pictures, self._stop))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, width) float32 of unit length, comparable with embed_images by their product.

        Raises RsvlmError (too_large) for a text longer than the model can read.
        """
        read = [int(self._words.texts([text]).mask.sum()) for text in texts]
        if max(read) > self._most:
            raise RsvlmError("too_large", f"A text is longer than {self._most:,} tokens.", "Give it in parts.")
        found = np.stack(self._engine.run((self._network, "texts"), self._embed_texts, texts, self._stop))
        self.usage["prompt_tokens"] += sum(read)
        return found

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one.

        Where it ends in [RET], the model asks for a picture, which embed_texts of the answer finds; a warning tells that.
        Raises RsvlmError (too_large) for a question that leaves no room for an answer.
        """
        read = [self._words.questions([_put(question)]).ids.shape[1] for question in questions]
        refuse_too_long(self.card, read, LONGEST, self._most)
        return super().ask(seen, questions, on_text)

    @property
    def _most(self) -> int:
        """Tokens that the language model reads."""
        return int(self._model.lm.config.max_position_embeddings)

    def zero_shot(self, pictures: Sequence[Seen], labels: Sequence[str]) -> np.ndarray:
        """(n, labels) float32: how likely each picture is of each class, each row adding up to one."""
        return zero_shot(self, pictures, labels, self._model.logit_scale.exp().item())

    def _look(self, pixels: Tensor) -> Tensor:
        return self._model.look(pixels)

    def _answers(self, looked: Tensor, questions: Sequence[Question], words: Sequence[Words]) -> list[Reply]:
        prompts = [_put(question) for question in questions]
        batch = self._words.questions(prompts).to(self.device)
        hearing = Hearing(words, batch.end)
        said = self._model.generate(looked, batch, LONGEST, None, hearing.tokens, hearing.stopped)
        hearing.finish()
        read, ends = batch.mask.sum(dim=1), (batch.end, self._words.retrieval)
        found = replies(self._words.text, said.ids, said.confidence, read, batch.padding, ends)
        return [
            replace(reply, warnings=(*reply.warnings, ASKS)) if asks else reply
            for reply, asks in zip(found, said.asks.tolist(), strict=True)
        ]

    @torch.inference_mode()
    def _embed_images(self, pictures: Sequence[Seen]) -> np.ndarray:
        looked = torch.cat([picture.looked for picture in pictures])
        return self._model.embed_images(looked).float().cpu().numpy()

    @torch.inference_mode()
    def _embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        batch = self._words.texts(texts).to(self.device)
        return self._model.embed_texts(batch).float().cpu().numpy()


def _put(question: Question) -> str:
    """The picture stands in front of all that was said of it."""
    turns = [part for turn in question.earlier for part in turn]
    return PICTURE + " ".join([*turns, question.text]).replace(PICTURE, "").strip()


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> CapRetPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_capret(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return CapRetPredictor(card, model, words, device, engine, cache)
