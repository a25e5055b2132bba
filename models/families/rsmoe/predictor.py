"""RS-MoE at work: experts draft, and the answer that is merged from their drafts streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.one_picture.predictor import LONGEST, OnePicturePredictor
from rsvlm.models.families.rsmoe.files import load_rsmoe
from rsvlm.models.families.rsmoe.network import RsMoe
from rsvlm.models.families.rsmoe.words import EXPERTS, Words
from rsvlm.models.language_files import kept_in
from rsvlm.models.predictors.abilities import Question, Reply
from rsvlm.models.predictors.answering import Hearing
from rsvlm.models.predictors.words import Words as Heard
from rsvlm.protocol import Cancelled


@dataclass(frozen=True, eq=False)
class MergedReply(Reply):
    """drafts: what each expert said, by its name; gates: how far each was heard, 1 in sum."""

    drafts: tuple[tuple[str, str], ...] = ()
    gates: tuple[float, ...] = ()


class RsMoePredictor(OnePicturePredictor[RsMoe, Words]):
    """Read and written tokens of a reply are those of experts and merging together."""

    def _room(self) -> int:
        """Drafts stand in the prompt of the answer, and instructions in those of the drafts."""
        return LONGEST + len(EXPERTS) * self._model.config.draft + self._words.longest_instruction

    def _answers(self, looked: Tensor, questions: Sequence[Question], words: Sequence[Heard]) -> list[Reply]:
        prompts = [question.text for question in questions]
        routed = self._model.route(looked, self._words.asked(prompts).to(self.device))
        parts = self._words.parts(prompts).to(self.device)
        hearing = Hearing(words, parts.end)
        spoken = self._model.draft(looked, routed, parts, lambda row: hearing.stopped(row // len(EXPERTS)))
        if all(hearing.stopped(row) for row in range(len(words))):
            raise Cancelled()  # nobody waits for what would be merged
        experts = self._replies(parts, spoken)
        texts = [reply.text for reply in experts]
        threes = [tuple(texts[start : start + len(EXPERTS)]) for start in range(0, len(texts), len(EXPERTS))]
        merge = self._words.merge(prompts, [(theme, thing, lie) for theme, thing, lie in threes]).to(self.device)
        found = self._model.generate(looked, routed.gates, merge, LONGEST, hearing.tokens, hearing.stopped)
        replies: list[Reply] = []
        for index, reply in enumerate(self._replies(merge.words, found)):
            own = experts[index * len(EXPERTS) :][: len(EXPERTS)]
            replies.append(
                MergedReply(
                    reply.text,
                    reply.confidence,
                    read=reply.read + sum(draft.read for draft in own),
                    written=reply.written + sum(draft.written for draft in own),
                    warnings=reply.warnings,
                    drafts=tuple(zip(EXPERTS, threes[index], strict=True)),
                    gates=tuple(routed.gates[index].tolist()),
                )
            )
        return replies


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> RsMoePredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_rsmoe(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return RsMoePredictor(card, model, words, device, engine, cache)
