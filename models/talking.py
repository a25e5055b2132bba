"""Learning of families that answer in words: a lesson is pixels and a batch of words, the loss is that of the answers' tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rsvlm.models.cards import ModelCard
from rsvlm.models.learning import Example
from rsvlm.models.parts.clip_pixels import whole_square
from rsvlm.models.parts.language import IGNORED
from rsvlm.models.wording import worded
from rsvlm.protocol import RsvlmError

_LIKE = torch.empty(0)  # pixels are made as float32, on the processor


@dataclass(frozen=True)
class WordsLesson:
    """pixels: of each date, (batch, 3, side, side), normalised. words: a batch of the family's Words, with labels."""

    pixels: tuple[Tensor, ...]
    words: Any
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> WordsLesson:
        moved = tuple(pixels.to(device, non_blocking=True) for pixels in self.pixels)
        return replace(self, pixels=moved, words=self.words.to(device))


class TalkingLearner(ABC):
    """A family says how examples become words (`words`), and how its files are written (`save`).

    network: its loss on a lesson is network(*pixels, words). side: of the pictures that it looks at, in pixels.
    """

    objectives: tuple[str, ...] = ("language",)
    dates = 1  # pictures of an example
    ahead = 0  # tokens that stand before a row and are not among its ids

    def __init__(
        self, card: ModelCard, network: nn.Module, side: int, longest: int, parts: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.card, self.network, self.side, self.longest, self.parts = card, network, side, longest, parts

    @abstractmethod
    def words(self, examples: Sequence[Example]) -> Any:
        """A batch with ids and labels, padded on the right. Raises as `worded` does."""

    def worded(self, examples: Sequence[Example]) -> list[Example]:
        """Asked as the model's card asks. Raises RsvlmError (bad_request)."""
        return [worded(example, self.card) for example in examples]

    @abstractmethod
    def save(self, folder: Path) -> None: ...

    def tokens(self, example: Example) -> int:
        return self.ahead + int(self.words([example]).ids.shape[1])

    def batch(self, examples: Sequence[Example]) -> Any:
        """Raises as pixels_of does."""
        words = self.words(examples)
        return WordsLesson(pixels_of(examples, self.dates, self.side), words, {"language": learnt(words)})

    def losses(self, lesson: Any, wanted: Collection[str]) -> dict[str, Tensor]:
        kind = next(self.network.parameters()).dtype
        return {"language": self.network(*(pixels.to(kind) for pixels in lesson.pixels), lesson.words)}

    def begin(self, wanted: Collection[str]) -> None:  # noqa: B027  # most families have nothing to make ready
        """Nothing is to be made ready."""

    def settle(self) -> None:  # noqa: B027
        """Nothing follows a step."""


def learnt(words: Any) -> int:
    """How many tokens of a batch are learnt; the first of a row, which nothing foretells, never is."""
    return int((words.labels[:, 1:] != IGNORED).sum())


def pixels_of(examples: Sequence[Example], dates: int, side: int) -> tuple[Tensor, ...]:
    """Of each date (batch, 3, side, side), as CLIP's towers take them.

    Raises RsvlmError (bad_request) for an example with fewer pictures than the model looks at.
    """
    for example in examples:
        if len(example.pictures) < dates:
            raise RsvlmError(
                "bad_request", f"The record {example.id} shows one date, and this model looks at two.", "Leave it out."
            )
    return tuple(
        torch.cat([whole_square(example.pictures[date], side, _LIKE) for example in examples]) for date in range(dates)
    )
