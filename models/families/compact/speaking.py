"""What the bundled family says of what it has seen, and where it sees what a phrase names.

What the decoder makes of a picture, before the first word, is kept for the next question. Rows of one call have prompts of one
length and pictures of one size. Knows features and ids; nothing of pixels or engines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.families.compact.decoding import Decoder, at_the_end, beams, greedy, keys_and_values
from rsvlm.models.families.compact.encoder import ImageFeatures
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.presence import backwards
from rsvlm.models.families.compact.runtimes import Runtime
from rsvlm.models.families.compact.words import (
    ANSWER,
    ASK,
    CAPTION,
    EOS,
    GROUND,
    NONE,
    PAD,
    SEG,
    SEGMENT,
    SPECIAL_TOKENS,
    outline_asked,
    put,
)
from rsvlm.models.parts.alignment import aligned
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.predictors.abilities import Question, Reply
from rsvlm.models.predictors.encode_once import Key
from rsvlm.models.predictors.words import Words, sentence
from rsvlm.protocol import asks_for_all

LONGEST = 40  # tokens of an answer
TASKS = {"<caption>": CAPTION, "<ask>": ASK, "<ground>": GROUND, "<segment>": SEGMENT}
_TASK = re.compile(rf"\s*({'|'.join(TASKS)})\s*")
_OWN = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))
_BOX = re.compile(r"((?:<\d+>){4})\s*")


@dataclass(frozen=True, eq=False)
class Seen:
    """What the model has looked at. dates: features of a picture, or of two of one place, each a batch of one.

    key: tells the pixels, and how they were seen. size: height and width in pixels.
    """

    key: Key
    dates: tuple[ImageFeatures, ...]
    size: tuple[int, int]

    @property
    def features(self) -> ImageFeatures:
        """Of the (first) picture."""
        return self.dates[0]


def dates_of(seen: Sequence[Seen]) -> list[ImageFeatures]:
    """One batch for each date."""
    return [ImageFeatures.together(date) for date in zip(*(each.dates for each in seen), strict=True)]


class Speaker:
    """prefills: how many pictures the decoder has read before its first word."""

    def __init__(self, model: Compact, tokenizer: Tokenizer, cache: Cache, device: str, runtime: Runtime) -> None:
        self.model, self.tokenizer, self.device = model, tokenizer, device
        self._cache, self._runtime = cache, runtime
        self.prefills = 0

    def prompt(self, question: Question) -> tuple[int, ...]:
        """Ids of a question and of what was said before. The question begins with its task, else it is one in words.

        Tokens of the model's own in it are left out: it would take them for another task, or for its end.
        """
        ids = [
            token
            for asked, answered in question.earlier
            for token in (*put(ASK, self._ids(asked)), *self._ids(answered), EOS)
        ]
        task = _TASK.match(question.text)
        text = question.text[task.end() :] if task else question.text
        meant = TASKS[task[1]] if task else ASK
        if meant == ASK and not ids and asks_for_all(text):
            return (CAPTION,)
        return (*ids, *put(meant, self._ids(text)))

    def say(
        self, seen: Sequence[Seen], prompts: Sequence[Sequence[int]], words: Sequence[Words], tried: int
    ) -> list[Reply]:
        """tried: how many sentences are tried at once for each row; a single one is told word by word."""
        for row in words:
            row.begin()
        prefix = self._prefixes(seen)
        decoder = Decoder(self.model.language, prefix, len(prompts[0]) + LONGEST)
        logits = decoder.read(torch.tensor(prompts, device=self.device))
        found = beams(decoder, logits, LONGEST, words, tried) if tried > 1 else greedy(decoder, logits, LONGEST, words)
        read = prefix.shape[-2] + len(prompts[0])
        return [Reply(self._text(said.ids), math.exp(said.chance), read, len(said.ids)) for said in found]

    def likely(self, seen: Sequence[Seen], phrases: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Logits (n, phrases, H / 2, W / 2) of each pixel, and how likely (n, phrases) each phrase is there at all.

        What two dates differ in is looked for in both orders of time, where it is known what a phrase means in the other one.
        """
        asked = list(dict.fromkeys(phrases))
        back = [backwards(phrase) if len(seen[0].dates) > 1 else None for phrase in asked]
        asked += [phrase for phrase in back if phrase and phrase not in asked]
        rows = [outline_asked(self._ids(phrase)) for phrase in asked]
        answer, meant = at_the_end(self.model.language, self._prefixes(seen), rows).unbind(dim=2)
        chances = self.model.language.lm_head(answer)[..., [SEG, NONE]].float().softmax(dim=-1)[..., 0]
        dates = [self._runtime.vectors(date) for date in dates_of(seen)]
        if len(dates) == 1:
            logits = self._outlines(meant, dates[0])
        else:
            before, after = aligned(*dates), dates[1]
            logits = self._outlines(meant[:, : len(back)], self.model.compared(before, after))
            known = [number for number, phrase in enumerate(back) if phrase]
            turned = [asked.index(phrase) for phrase in back if phrase]
            if known:
                other = self._outlines(meant[:, turned], self.model.compared(after, before))
                logits[:, known] = (logits[:, known] + other) / 2
        places = [asked.index(phrase) for phrase in phrases]
        return logits[:, places], chances[:, places]

    def _outlines(self, meant: Tensor, pixels: Tensor) -> Tensor:
        """(n, phrases, width) of what stands at each [SEG], (n, embedding, H, W) -> logits (n, phrases, H, W)."""
        _, logits = self.model.heads.queries(meant.flatten(0, 1), pixels.repeat_interleave(meant.shape[1], dim=0))
        return logits.unflatten(0, meant.shape[:2])

    def _prefixes(self, seen: Sequence[Seen]) -> Tensor:
        """(layers, 2, n, heads, tokens, width): keys and values of the pictures, which stand before every question."""
        kept = {each.key: self._cache.get(("prefix", *each.key)) for each in seen}
        new = list({each.key: each for each in seen if kept[each.key] is None}.values())
        if new:
            layers = keys_and_values(self.model.language, self.model.prefix(*dates_of(new)))
            self.prefills += len(new)
            for row, each in enumerate(new):
                kept[each.key] = layers[:, :, row].clone()
                self._cache.put(("prefix", *each.key), kept[each.key], kept[each.key].nbytes)
        return torch.stack([kept[each.key] for each in seen], dim=2)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(tidy(_OWN.sub(" ", text))).ids

    def _text(self, ids: Sequence[int]) -> str:
        """Boxes in braces, as the convention “percent” has them; what is not there as “None”."""
        kept = [token for token in ids if token not in (PAD, EOS, ANSWER)]
        text = self.tokenizer.decode(kept, skip_special_tokens=False).replace(SPECIAL_TOKENS[NONE], "none")
        return sentence(_BOX.sub(r"{\1} ", text))
