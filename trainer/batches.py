"""Batches as a function of the seed and the step alone, so that a resumed run sees what an unbroken one would have seen."""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from rsvlm.models.families.compact.network import CAPTION, EOS, PAD, RET
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.trainer.augment import random_affine, random_light, warp
from rsvlm.trainer.recipe import Recipe

LONGEST = 24  # tokens of a caption; longer ones stand aside where a picture has shorter ones, else they are cut


def pad(rows: list[list[int]]) -> Tensor:
    """(rows, LONGEST + 2) int64, padded at the end: one shape for all batches, which CPU kernels are compiled for."""
    return torch.tensor([row + [PAD] * (LONGEST + 2 - len(row)) for row in rows])


class StepBatches(Dataset):
    """Item i is the whole batch of step i.

    squares: (pictures, side, side, 3) uint8; captions: alternatives of each picture; scenes: class of each picture;
    repeats: how often each picture is seen in an epoch; teacher: (pictures, channels, 7, 7).
    """

    def __init__(
        self,
        recipe: Recipe,
        squares: np.ndarray,
        captions: list[list[str]],
        scenes: list[int],
        repeats: np.ndarray,
        teacher: Tensor,
        tokenizer: Tokenizer,
        start: int = 0,
    ) -> None:
        self.recipe, self.start = recipe, start
        self.squares, self.teacher = torch.from_numpy(squares), teacher
        self.scenes, self.repeats = torch.tensor(scenes), repeats
        self.texts = [[tidy(caption) for caption in row] for row in captions]
        self.words = [[encoding.ids for encoding in tokenizer.encode_batch(row)] for row in self.texts]
        self.short = [[k for k, ids in enumerate(row) if len(ids) <= LONGEST] or [0] for row in self.words]

    def __len__(self) -> int:
        return self.recipe.steps - self.start

    def pictures(self, step: int) -> np.ndarray:
        """(batch,) indices seen at this step: epochs are shuffled one by one and laid end to end."""
        length = round(self.repeats.sum())
        places = np.arange(step * self.recipe.batch, (step + 1) * self.recipe.batch)
        chosen = np.empty(self.recipe.batch, int)
        for epoch in np.unique(places // length):
            generator = np.random.default_rng([self.recipe.seed, int(epoch)])
            whole = np.repeat(np.arange(len(self.repeats)), np.floor(self.repeats).astype(int))
            rest = generator.permutation(len(self.repeats))
            part = np.flatnonzero(generator.random(len(rest)) < self.repeats % 1)
            order = generator.permutation(np.concatenate([whole, part, rest])[:length])
            here = places // length == epoch
            chosen[here] = order[places[here] % length]
        return chosen

    def side(self, step: int) -> int:
        """Pixels along a side of the pictures of this step."""
        share = step / self.recipe.steps
        return [stage.pixels for stage in self.recipe.pixels if share >= stage.start][-1]

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        step = item + self.start
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        chosen = torch.from_numpy(self.pictures(step))
        affine = random_affine(len(chosen), generator)
        pixels = self.squares[chosen].permute(0, 3, 1, 2).float() / 255
        pixels = random_light(warp(pixels, affine, self.side(step)), generator)
        draw = torch.rand(len(chosen), generator=generator).tolist()
        pick = [self.short[i][int(share * len(self.short[i]))] for i, share in zip(chosen.tolist(), draw, strict=True)]
        words = [self.words[i][k][:LONGEST] for i, k in zip(chosen.tolist(), pick, strict=True)]
        texts = [self.texts[i][k] for i, k in zip(chosen.tolist(), pick, strict=True)]
        said = [set(self.texts[i]) for i in chosen.tolist()]
        return {
            "pixels": normalise(pixels).contiguous(memory_format=torch.channels_last),
            "ids": pad([[CAPTION, *row, EOS] for row in words]),
            "texts": pad([[*row, RET] for row in words]),
            "scenes": self.scenes[chosen],
            "teacher": warp(self.teacher[chosen].float(), affine, 4),
            "same": torch.tensor([[text in captions for text in texts] for captions in said]),
        }
