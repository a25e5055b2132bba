"""RS-MoE at work: experts draft, and the answer that is merged from their drafts streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.one_picture.predictor import LONGEST, OnePicturePredictor, Row, listener, precision
from rsvlm.models.families.rsmoe.files import load_rsmoe
from rsvlm.models.families.rsmoe.network import RsMoe
from rsvlm.models.families.rsmoe.words import EXPERTS, Words
from rsvlm.models.predictors.abilities import Reply


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

    def _answers(self, tokens: Tensor, rows: Sequence[Row]) -> list[Reply]:
        questions = [question.text for _, question, _ in rows]
        said = [words for _, _, words in rows]
        routed = self._model.route(tokens, self._words.asked(questions).to(self.device))
        parts = self._words.parts(questions).to(self.device)
        spoken = self._model.draft(tokens, routed, parts, lambda row: said[row // len(EXPERTS)].stopped())
        experts = self._replies(parts, spoken)
        texts = [reply.text for reply in experts]
        threes = [tuple(texts[start : start + len(EXPERTS)]) for start in range(0, len(texts), len(EXPERTS))]
        merge = self._words.merge(questions, [(theme, thing, lie) for theme, thing, lie in threes]).to(self.device)
        hear = listener(said, merge.words.end)
        found = self._model.generate(tokens, routed.gates, merge, LONGEST, hear, lambda row: said[row].stopped())
        replies: list[Reply] = []
        for index, reply in enumerate(self._replies(merge.words, found)):
            own = experts[index * len(EXPERTS) :][: len(EXPERTS)]
            replies.append(
                MergedReply(
                    reply.text,
                    reply.confidence,
                    read=reply.read + sum(draft.read for draft in own),
                    written=reply.written + sum(draft.written for draft in own),
                    drafts=tuple(zip(EXPERTS, threes[index], strict=True)),
                    gates=tuple(routed.gates[index].tolist()),
                )
            )
        return replies


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> RsMoePredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_rsmoe(card.folder, card.id, card.mend, precision(card))
    return RsMoePredictor(card, model, words, device, engine, cache)
