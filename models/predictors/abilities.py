"""What a predictor can be asked, whatever its family: one small protocol for each ability.

Pictures and pairs are encoded once and asked many times; what `encode` returns is for the same predictor only. A card's
`tasks` say which of these its predictor has. Knows pixels and strings; nothing of rasters, maps or files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rsvlm.models.cards import ModelCard

Turn = tuple[str, str]  # a question and its answer
OnText = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """text: a whole prompt, as the card's template puts it (see prompts.py). earlier: turns before it, the first one first."""

    text: str
    earlier: tuple[Turn, ...] = ()


@dataclass(frozen=True, eq=False)
class Reply:
    """text: what was said; boxes in it are written by the card's convention (see boxes.py).

    confidence: geometric mean of the probabilities of its tokens, 0 to 1. read: tokens that stood before it, those of
    pictures included; written: its own, the last one included. masks: (things, H, W) float32 in [0, 1], on the pixels of
    the picture; quality: (things,) IoU as the model guesses it. warnings: sentences for the user on what the answer lacks.
    """

    text: str
    confidence: float
    read: int
    written: int
    masks: np.ndarray | None = None
    quality: np.ndarray | None = None
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Predictor(Protocol):
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens that this caller has
    taken, as the protocol counts them.
    """

    card: ModelCard
    device: str
    size_bytes: int
    usage: dict[str, int]

    def until(self, stop: Callable[[], bool]) -> Predictor:
        """The same for one caller, with a `usage` of its own, whose calls raise Cancelled once `stop` says so."""


@runtime_checkable
class Answers(Predictor, Protocol):
    """Tasks "describe", "ask", "ground" and "segment": words on one picture, with boxes in them or masks beside them."""

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Any]:
        """(H, W, 3) uint8 each, of any size."""

    def ask(self, seen: Sequence[Any], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """One question for each picture. on_text streams the words of the only one."""


@dataclass(frozen=True, eq=False)
class Likely:
    """Where in one picture phrases are. maps: (phrases, H, W) float32 in [0, 1], on the pixels of the picture: how likely each
    belongs to what the phrase names; 0 or 1 from a model that only decides. there: (phrases,) float32 in [0, 1]: how likely
    any of it is in the picture.
    """

    maps: np.ndarray
    there: np.ndarray


@runtime_checkable
class Segments(Predictor, Protocol):
    """Tasks "segment" and "ground" by probabilities, of any number of phrases at once. A model that has this is asked so.

    mask_stride: pixels of a picture along the side of one value that its masks are made of.
    """

    @property
    def mask_stride(self) -> int: ...

    def encode(self, pictures: Any) -> list[Any]:
        """(H, W, 3) uint8 each; all of one size, as one array (n, H, W, 3)."""

    def likely(self, seen: Sequence[Any], phrases: Sequence[str]) -> list[Likely]:
        """All phrases in each picture. Raises RsvlmError (too_large), Cancelled."""


@dataclass(frozen=True)
class Prompt:
    """What to outline, in pixels of the picture, x right and y down.

    box: x0, y0, x1, y1; points: (x, y); inside: for each point, whether it lies on the thing.
    """

    box: tuple[float, float, float, float] | None = None
    points: tuple[tuple[float, float], ...] = ()
    inside: tuple[bool, ...] = ()


@dataclass(frozen=True, eq=False)
class Outlines:
    """masks: (things, H, W) float32 in [0, 1], on the pixels of the picture; quality: (things,) IoU as guessed."""

    masks: np.ndarray
    quality: np.ndarray


@runtime_checkable
class Refines(Predictor, Protocol):
    """Task "refine": what boxes or points mean, without words."""

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Any]:
        """(H, W, 3) uint8 each, of any size."""

    def masks(self, seen: Sequence[Any], prompts: Sequence[Sequence[Prompt]]) -> list[Outlines]:
        """A mask for each prompt of each picture. Raises RsvlmError (bad_request) for a prompt of nothing, Cancelled."""


@runtime_checkable
class ChangeAnswers(Predictor, Protocol):
    """Tasks "change" and "change_ask": words on two dates of one place."""

    def encode(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[Any]:
        """(H, W, 3) uint8 each, of any size, both dates alike."""

    def ask(self, seen: Sequence[Any], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """One question for each pair. on_text streams the words of the only one."""


@runtime_checkable
class ChangeMasks(Predictor, Protocol):
    """Task "change_masks": where two dates of one place differ. Beside ChangeAnswers, from the same `encode`."""

    def change_masks(self, pairs: Sequence[Any], pixels: int) -> np.ndarray:
        """(n, pixels, pixels) float32: probability of change."""


@runtime_checkable
class Embeds(Predictor, Protocol):
    """Task "localize": pictures and texts as vectors of one space; their tokens are counted in `usage` as read."""

    def encode(self, pictures: Any) -> list[Any]:
        """(H, W, 3) uint8 each; all of one size, as one array (n, H, W, 3)."""

    def embed_images(self, pictures: Sequence[Any]) -> np.ndarray:
        """(n, width) float32 of unit length."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, width) float32 of unit length. Raises RsvlmError (too_large)."""


@runtime_checkable
class Classifies(Embeds, Protocol):
    """Task "classify": which of some classes, given by name, a picture shows."""

    def zero_shot(self, pictures: Sequence[Any], labels: Sequence[str]) -> np.ndarray:
        """(n, labels) float32: how likely each class is, each row adding up to one. Raises RsvlmError (too_large)."""
