"""How each kind of model is asked where phrases are in a picture: by probabilities, in words, or by comparing patches.

Knows pictures and phrases; nothing of rasters or maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rsvlm.geo.blending import blended
from rsvlm.geo.tiling import Tiling
from rsvlm.models.predictors.abilities import Answers, Classifies, Likely, Predictor, Question, Reply, Segments
from rsvlm.models.predictors.zero_shot import COVER, unlike
from rsvlm.models.prompts import put
from rsvlm.tasks.plan import TILE_GSD
from rsvlm.tasks.referring import Referring, referring, singled_out

KINDS = {"segment": "segment", "ground": "refer"}  # of prompts, by task
UNFADED = 3.0  # odds from which on what is there is as likely as its pixels are; at even ones they are half as likely
TINY = 1e-6
PATCHES = 2  # along the side of a tile that is compared by patches; half a patch further, the next one begins


@dataclass(frozen=True, eq=False)
class Sight:
    """Of one picture. maps: (phrases, H, W) float32 in [0, 1]; there: (phrases,) float, how likely any of it is in the picture.

    replies: one for each phrase, of a model that answers in words.
    """

    maps: np.ndarray
    there: np.ndarray
    replies: tuple[Reply, ...] = ()


class Seer(Protocol):
    """method: how it works, as the provenance tells it. together: takes several pictures and phrases at once, at little cost.

    whole: can make sense of a referring expression. side: pixels of a tile; finest: metres per pixel of it, where rasters are
    that sharp; stride: pixels of it along the side of one value that masks are made of. warnings: sentences for the user.
    """

    method: str
    together: bool
    whole: bool
    side: int
    finest: float
    stride: int
    warnings: list[str]

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        """pictures: (H, W, 3) uint8 each, of one size; one of each if not `together`."""


def seer_of(predictor: Predictor, task: str) -> Seer:
    """task: "segment" or "ground", which the predictor's card names, unless that has "classify"."""
    able = task in predictor.card.tasks
    if able and isinstance(predictor, Segments):
        return ByProbabilities(predictor)
    if able and isinstance(predictor, Answers):
        return ByWords(predictor, KINDS[task])
    if isinstance(predictor, Classifies):
        return ByPatches(predictor)
    raise TypeError(f"{predictor.card.id} has no ability to {task}")


class ByProbabilities:
    method, together, whole = "probabilities", True, True

    def __init__(self, predictor: Segments) -> None:
        self._predictor, self.warnings, self.stride = predictor, list[str](), predictor.mask_stride
        self.side, (self.finest, _) = predictor.card.input.pixels, predictor.card.input.gsd_range_m

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        """What is hardly there fades away, all of it where it is likelier not there. Expressions are of whole pictures."""
        meant = [referring(phrase) for phrase in phrases]
        names = dict.fromkeys(one.name for one in meant if one and one.name not in phrases)
        every = [*phrases, *names]
        found = self._predictor.likely(self._predictor.encode(np.stack(pictures)), every)
        return [_faded(*_singled_out(meant, one, every)) for one in found]


def _singled_out(
    meant: Sequence[Referring | None], found: Likely, every: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Maps and chances of the phrases, which come first in `every`."""
    maps, there = found.maps[: len(meant)].copy(), found.there[: len(meant)].copy()
    for at, one in enumerate(meant):
        if one:
            maps[at], there[at] = singled_out(one, maps[at], found.maps[every.index(one.name)], float(there[at]))
    return maps, there


def _faded(maps: np.ndarray, there: np.ndarray) -> Sight:
    """Under even odds that anything is there, no pixel is likely enough to be outlined; from odds of UNFADED on nothing fades."""
    odds = there / np.maximum(1 - there, TINY) / UNFADED
    return Sight((maps * np.minimum(1, 2 * odds / (1 + odds))[:, None, None]).astype(np.float32), there)


class ByWords:
    """One question for each phrase; the masks that the answer points at are one."""

    method, together, whole, stride = "words", False, True, 1

    def __init__(self, predictor: Answers, kind: str) -> None:
        """kind: of the prompt (see prompts.py)."""
        self._predictor, self._kind, self.warnings = predictor, kind, list[str]()
        self.side, (self.finest, _) = predictor.card.input.pixels, predictor.card.input.gsd_range_m
        self._looked: tuple[Any, Any] = (None, None)  # the last picture, and what the model saw of it

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        (picture,), (phrase,) = pictures, phrases
        if self._looked[0] is not picture:
            self._looked = picture, self._predictor.encode([picture])
        asked = Question(put(self._predictor.card, self._kind, phrase))
        reply = self._predictor.ask(self._looked[1], [asked])[0]
        masks = (
            reply.masks
            if reply.masks is not None and len(reply.masks)
            else np.zeros((1, *picture.shape[:2]), np.float32)
        )
        merged = masks.max(axis=0, keepdims=True)
        return [Sight(merged, merged.max(axis=(1, 2)), (reply,))]


class ByPatches:
    """Zero-shot: how much more overlapping patches of a picture look like the phrases than like other land cover (CLIP,
    arXiv 2103.00020, section 3.1). Patches are pictures as the model was trained on, of as much ground as tells what it is.
    """

    method, together, whole, stride = "patches", True, False, 1

    def __init__(self, predictor: Classifies) -> None:
        self._predictor = predictor
        self.side = PATCHES * predictor.card.input.pixels
        self.finest = max(TILE_GSD, predictor.card.input.gsd_range_m[0])
        self.warnings = [
            f"The model {predictor.card.id} has not learnt to outline. Patches of the picture were compared with the phrases "
            "(zero-shot): outlines are coarse, and what they show may be something else."
        ]

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        height, width = pictures[0].shape[:2]
        side = self.side // PATCHES
        tiling = Tiling(width, height, side, side // 2)
        patches = [picture[y0:y1, x0:x1] for picture in pictures for x0, y0, x1, y1 in tiling.windows()]
        others = [COVER[at][0] for at in unlike(phrases)]
        likely = self._predictor.zero_shot(self._predictor.encode(np.stack(patches)), [*phrases, *others])
        shares = likely[:, : len(phrases)].reshape(len(pictures), -1, len(phrases)).astype(np.float32)
        flat = np.ones((tiling.side, tiling.side), np.float32)
        return [
            Sight(
                np.concatenate(list(blended(tiling, [share[:, None, None] * flat for share in own])), axis=1),
                own.max(axis=0),
            )
            for own in shares
        ]
