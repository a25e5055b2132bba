"""Word after word from the decoder of the bundled family: the likeliest one each time, or the best of several sentences.

The tests hold these few lines against transformers' generate(), whose cache grows with each word.
Knows ids and tensors; nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaForCausalLM
from transformers.cache_utils import Cache

from rsvlm.models.families.compact.words import EOS, PAD, padded
from rsvlm.models.parts.normed_beams import search
from rsvlm.models.parts.set_aside import SetAside
from rsvlm.models.predictors.words import Words


@dataclass(frozen=True)
class Said:
    """ids: the end among them, if it has come. chance: mean log-probability of them."""

    ids: tuple[int, ...]
    chance: float


def keys_and_values(language: LlamaForCausalLM, embedded: Tensor) -> Tensor:
    """embedded: (rows, tokens, width), read before all words -> (layers, 2, rows, heads, tokens, width)."""
    read = language.model(inputs_embeds=embedded, use_cache=True).past_key_values
    return torch.stack([torch.stack([layer.keys, layer.values]) for layer in read.layers])


def at_the_end(language: LlamaForCausalLM, read: Tensor, phrases: Sequence[Sequence[int]]) -> Tensor:
    """read: (layers, 2, rows, heads, tokens, width). phrases: ids, each asked of every row.

    Returns (rows, phrases, 2, width), what stands in the end at the last but one id of each, and at the last.
    """
    ids = padded(phrases, PAD, 1).to(read.device)
    ends = torch.tensor([[len(phrase) - 2, len(phrase) - 1] for phrase in phrases], device=read.device)
    rows = read.shape[2]
    each = read.repeat_interleave(len(phrases), dim=2)
    hidden = language.model(
        input_ids=ids.repeat(rows, 1), past_key_values=DynamicCache([tuple(layer) for layer in each])
    ).last_hidden_state.unflatten(0, (rows, len(phrases)))
    return hidden[:, torch.arange(len(phrases), device=read.device)[:, None], ends]


class Decoder:
    """A language model that has read some tokens, of which its keys and values tell, and reads on.

    read: (layers, 2, rows, heads, tokens, width). room: how many tokens may follow.
    """

    def __init__(self, language: LlamaForCausalLM, read: Tensor, room: int) -> None:
        self._language = language
        self._cache = Cache(layers=[SetAside(layer, room) for layer in read])
        self._sees = read.new_zeros(1, 1, 1, read.shape[4] + room)  # a single word looks at all before it

    def read(self, ids: Tensor) -> Tensor:
        """ids: (rows, length) -> logits (rows, vocabulary) of what follows them."""
        mask = self._sees[..., : self._cache.get_seq_length() + 1] if ids.shape[1] == 1 else None
        hidden = self._language.model(input_ids=ids, attention_mask=mask, past_key_values=self._cache, use_cache=True)
        return self._language.lm_head(hidden.last_hidden_state[:, -1])

    def go_on(self, words: Tensor, origins: Tensor) -> Tensor:
        """words: (n,), each after the row of the step before that its number in `origins` tells -> logits (n, vocabulary)."""
        self._cache.reorder_cache(origins)
        return self.read(words[:, None])


def greedy(decoder: Decoder, logits: Tensor, most: int, words: Sequence[Words]) -> list[Said]:
    """logits: (rows, vocabulary) of the first word. most: tokens of an answer. words: hear each row's; end it when they wish."""
    ids: list[list[int]] = [[] for _ in words]
    sums = [0.0] * len(words)
    going = set(range(len(words)))
    for said in range(1, most + 1):
        chances, best = logits.float().log_softmax(dim=-1).max(dim=-1)
        for row, (word, chance) in enumerate(zip(best.tolist(), chances.tolist(), strict=True)):
            if row in going:
                ids[row].append(word)
                sums[row] += chance
                words[row].put(word, EOS)
                if word == EOS or words[row].stopped():
                    going.remove(row)
        if not going or said == most:
            break
        logits = decoder.read(best[:, None])
    for listener in words:
        listener.finish()
    return [Said(tuple(one), total / len(one)) for one, total in zip(ids, sums, strict=True)]


def beams(decoder: Decoder, logits: Tensor, most: int, words: Sequence[Words], tried: int) -> list[Said]:
    """As greedy, of `tried` sentences at once; each row is heard when all is said."""
    found = search(decoder.go_on, logits, tried, most, [EOS], stop=lambda row: words[row].stopped())
    for row, sentence in zip(words, found, strict=True):
        for word in sentence.words:
            row.put(word, EOS)
        row.finish()
    return [Said(sentence.words, sentence.chance / len(sentence.words)) for sentence in found]
