"""What a family offers to those who train it: examples become a batch, a batch becomes losses.

A family that can be trained has a module `learner` in its folder, with learn(card), the learner of an installed model. Where
models can begin anew it has new(settings, texts, labels, start) too, with random weights or with what fits of the model of the
card `start`, and again(folder) for such a one as it was saved.
Knows pictures, words and tensors; nothing of records, runs or optimisers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

Turn = tuple[str, str]  # what is asked, what is answered


@dataclass(frozen=True)
class Example:
    """What one training record shows and says.

    pictures: one, or two dates of one place, (H, W, 3) uint8 of one size. task: as records call it. turns: the conversation;
    the answer of the last one is one of `answers`, all that are right. phrases, masks: n targets, (n, H, W) bool. boxes:
    (n, 4) pixels x0, y0, x1, y1, one for each phrase. label: the class of the whole picture. maps: for each picture, what lies
    where as colours, (H, W, 3) uint8 (SECOND-CC), where the record has them.
    """

    id: str
    task: str
    pictures: tuple[np.ndarray, ...]
    turns: tuple[Turn, ...] = ()
    answers: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    masks: np.ndarray | None = None
    boxes: np.ndarray | None = None
    label: str | None = None
    maps: tuple[np.ndarray, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


class Lesson(Protocol):
    """Tensors of a batch that go to a device together. counts: by objective, how many terms (tokens, pictures, pixels) its loss
    is the mean of; so that the means of parts of a batch, and of processes, can be joined to what one batch would have given.
    """

    counts: Mapping[str, int]

    def to(self, device: Any) -> Any: ...


class Learner(Protocol):
    """network: what is trained. objectives: its losses, by name. parts: what a stage may train, by a name of the field such as
    "vision", "connector", "language", "heads" -> patterns of names of parameters, with *. longest: tokens that a row may have.
    """

    network: nn.Module
    objectives: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    longest: int

    def tokens(self, example: Example) -> int:
        """How long the row of this example is, the tokens of its pictures counted."""

    def batch(self, examples: Sequence[Example]) -> Lesson:
        """Pixels and words as the network takes them; made in a worker process."""

    def losses(self, lesson: Any, wanted: Collection[str]) -> dict[str, Tensor]:
        """By objective, each a mean: those that are wanted and for which the lesson counts anything."""

    def begin(self, wanted: Collection[str]) -> None:
        """Before the first step of a stage with these objectives, if anything is to be made ready."""

    def settle(self) -> None:
        """What follows each step of the optimiser, if anything."""

    def save(self, folder: Path) -> None:
        """The model as its family's files lie in a folder, without a card."""
