"""What a language model said, as replies: text, tokens counted, and a warning where an answer was cut off; and the refusal of
questions that leave no room for one.

Knows ids and strings; nothing of pictures or networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.predictors.abilities import Reply
from rsvlm.models.predictors.words import sentence
from rsvlm.protocol import RsvlmError


def replies(
    text: Callable[[list[int]], str], ids: Tensor, confidence: Tensor, read: Tensor, padding: int, ends: Sequence[int]
) -> list[Reply]:
    """One for each row. ids: (batch, said), padded behind one of `ends`; text: what they say; confidence, read: (batch,)."""
    found = []
    for row, sure, before in zip(ids.tolist(), confidence.tolist(), read.tolist(), strict=True):
        written = sum(token != padding for token in row)
        ended = any(token in ends for token in row)
        warnings = () if ended else (f"The answer was cut off after {written} tokens.",)
        found.append(Reply(sentence(text(row)), sure, before, written, warnings=warnings))
    return found


def refuse_too_long(card: ModelCard, read: Iterable[int], room: int, most: int) -> None:
    """Raises RsvlmError (too_large) where tokens that are read leave less than `room` of the `most` that a model reads."""
    if any(tokens + room > most for tokens in read):
        raise RsvlmError("too_large", f"The question is too long for {card.id}.", "Ask in fewer words.")
