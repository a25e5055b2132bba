"""What the layers that draw learn from, as it is kept in files, and batches of it. Knows arrays and tensors only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from rsvlm.models.parts.alignment import moved

PIXELS = 128
GRID = PIXELS // 2  # of vectors and masks
QUARTERS = 4  # pixels of a picture to a cell of GRID


@dataclass(frozen=True, eq=False)
class Kept:
    """Of n places, each seen at one date or at two, and m phrases.

    pictures: (n, dates, PIXELS, PIXELS, 3) uint8. offsets: (n, 2) float32, cells of GRID down and across by which the earlier
    date lies off the later; zero of one date.
    meant: (n, m, language width) float16, what stands at the [SEG] of each phrase. truth: (n, m, GRID, GRID) uint8, how many
    quarters of a cell it is. known: (n, m) bool, whether that is known.
    Of two dates the first phrase asks for all that changed; of the others one for what came has its opposite, for what went,
    half of them later, or before.
    """

    pictures: np.ndarray
    offsets: np.ndarray
    meant: np.ndarray
    truth: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def dates(self) -> int:
        return self.pictures.shape[1]

    def rows(self, chosen: np.ndarray, generator: np.random.Generator) -> Batch:
        """chosen: (n,) numbers of places. Of one date all known phrases are asked; of two `in_order`, in either order of time."""
        if self.dates == 1:
            places, phrases = np.nonzero(self.known[chosen])
            return self._batch(chosen, np.zeros(len(chosen), bool), (places, phrases), np.zeros(len(places), bool))
        return self.in_order(chosen, generator.random(len(chosen)) < 0.5, generator)

    def in_order(self, chosen: np.ndarray, back: np.ndarray, generator: np.random.Generator) -> Batch:
        """Asked of each pair: all that changed, all known phrases for what did, and one for what did not.

        back: (n,) bool, of which of them the later date comes first: their truth is moved as that date lies off the other. What
        was meant is as it was read in the order of time.
        """
        there, known = self.truth[chosen].any(axis=(2, 3)), self.known[chosen]
        absent = generator.random(there.shape) * (known & ~there)
        absent[:, 0] = 0  # which is asked anyhow
        asks = there & known
        asks[np.arange(len(asks)), absent.argmax(axis=1)] |= absent.any(axis=1)
        asks[:, 0] = True
        pairs, phrases = np.nonzero(asks)
        return self._batch(chosen, back, (pairs, phrases), phrases == 0)

    def _batch(
        self, chosen: np.ndarray, back: np.ndarray, asked: tuple[np.ndarray, np.ndarray], every: np.ndarray
    ) -> Batch:
        places, phrases = asked
        kinds = self.truth.shape[1] - 1
        opposite = np.where(phrases > 0, (phrases - 1 + kinds // 2) % max(kinds, 1) + 1, 0)
        read = np.where(back[places], opposite, phrases)
        seen = self.pictures[chosen]
        pictures, offsets, meant, truth = (
            torch.from_numpy(part.astype(np.float32))
            for part in (
                np.where(back[:, None, None, None, None], seen[:, ::-1], seen) / 255,
                np.where(back[:, None], -self.offsets[chosen], self.offsets[chosen]),
                self.meant[chosen][places, read],
                self.truth[chosen][places, phrases] / QUARTERS,
            )
        )
        off = offsets * torch.from_numpy(back[:, None])
        truth = moved(truth[:, None], off[torch.from_numpy(places)])[:, 0]
        return Batch(
            pictures.permute(0, 1, 4, 2, 3), offsets, torch.from_numpy(places), torch.from_numpy(every), meant, truth
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """Of n places as Kept has them, and of k questions.

    pictures: (n, dates, 3, PIXELS, PIXELS) in [0, 1]; offsets: (n, 2). places: (k,), which place each asks; every: (k,) bool,
    whether it asks for all that changed; meant, truth: (k, language width), (k, GRID, GRID) in [0, 1].
    """

    pictures: Tensor
    offsets: Tensor
    places: Tensor
    every: Tensor
    meant: Tensor
    truth: Tensor

    def from_side(self, across: bool, down: bool, swapped: bool) -> Batch:
        """Mirrored across or down, then with rows and columns swapped."""
        sides = [side for side, flipped in ((-1, across), (-2, down)) if flipped]
        offsets = self.offsets * torch.tensor([-1.0 if down else 1.0, -1.0 if across else 1.0])
        pictures, truth = (grid.flip(sides) for grid in (self.pictures, self.truth))
        if swapped:
            pictures, truth, offsets = pictures.mT, truth.mT, offsets.flip(1)
        return replace(self, pictures=pictures.contiguous(), truth=truth.contiguous(), offsets=offsets)

    @classmethod
    def joined(cls, parts: Sequence[Batch]) -> Batch:
        """One batch of the places of all of them, which have as many dates."""
        firsts = np.cumsum([0, *(len(part.pictures) for part in parts)])
        later = [replace(part, places=part.places + int(first)) for part, first in zip(parts, firsts[:-1], strict=True)]
        return cls(*(torch.cat([getattr(part, each.name) for part in later]) for each in fields(cls)))


def drawn(sources: Sequence[Kept], count: int, generator: np.random.Generator) -> Batch:
    """Of so many places of all sources, which have as many dates."""
    ends = np.cumsum([len(source) for source in sources])
    chosen = np.sort(generator.choice(ends[-1], min(count, ends[-1]), replace=False))
    parts = []
    for source, end in zip(sources, ends, strict=True):
        own = chosen[(chosen >= end - len(source)) & (chosen < end)] - end + len(source)
        if own.size:
            parts.append(source.rows(own, generator))
    return Batch.joined(parts)
