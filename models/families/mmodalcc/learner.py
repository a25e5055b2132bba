"""MModalCC learning: the sentence on what changed, from two dates and a map of each (black where a record has none)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.mmodalcc.files import END, START, load_mmodalcc, save_mmodalcc
from rsvlm.models.families.mmodalcc.network import PAD, MModalCC, caption_loss
from rsvlm.models.families.mmodalcc.pixels import pixels_of
from rsvlm.models.learning import Example
from rsvlm.models.wording import answer_of

PARTS = {
    "vision": ("rgb_trunk.*", "semantic_trunk.*"),
    "difference": ("encoder.*",),
    "language": ("decoder.*",),
}


@dataclass(frozen=True)
class PairsLesson:
    """pixels: (batch, 4, 3, pixels, pixels) in [0, 1]; ids: (batch, length) with <start> and <end>; lengths: (batch,)."""

    pixels: Tensor
    ids: Tensor
    lengths: Tensor
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> PairsLesson:
        moved = {name: getattr(self, name).to(device, non_blocking=True) for name in ("pixels", "ids", "lengths")}
        return replace(self, **moved)


class MModalCCLearner:
    objectives = ("language",)
    parts = PARTS

    def __init__(self, model: MModalCC, tokenizer: Tokenizer) -> None:
        self.network, self._tokenizer = model, tokenizer
        self.longest = model.config.longest
        words = tokenizer.get_vocab()
        self._start, self._end = words[START], words[END]

    def tokens(self, example: Example) -> int:
        return len(self._ids(example))

    def batch(self, examples: Sequence[Example]) -> PairsLesson:
        rows = [self._ids(example) for example in examples]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
        lengths = torch.tensor([len(row) for row in rows])
        pixels = torch.cat([self._pixels(example) for example in examples])
        return PairsLesson(pixels, ids, lengths, {"language": int(lengths.sum()) - len(rows)})

    def losses(self, lesson: PairsLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        logits = self.network.caption_logits(lesson.pixels, lesson.ids)
        return {"language": caption_loss(logits, lesson.ids, lesson.lengths)}

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        save_mmodalcc(folder, self.network.config, self.network.state_dict(), self._tokenizer)

    def _ids(self, example: Example) -> list[int]:
        said = self._tokenizer.encode(answer_of(example).lower().rstrip(" ."), add_special_tokens=False).ids
        return [self._start, *said, self._end]

    def _pixels(self, example: Example) -> Tensor:
        """(1, 4, 3, pixels, pixels): rgb before, rgb after, map before, map after."""
        before, after = example.pictures
        return pixels_of((before, after), example.maps, self.network.config.pixels)


def learn(card: ModelCard) -> MModalCCLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    model, tokenizer = load_mmodalcc(card.folder, card.id, card.mend)
    return MModalCCLearner(model.float(), tokenizer)
