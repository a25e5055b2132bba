"""A causal language model of any architecture: embeddings in, words out one after another.

Thin over transformers: its networks, its cache of keys and values, its search. Pictures stand among the words as tokens that
their family has made; in ids they are IMAGE. Knows ids and tensors: nothing of pictures, texts or prompts.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    DynamicCache,
    LogitsProcessor,
    PreTrainedModel,
    RepetitionPenaltyLogitsProcessor,
    StoppingCriteria,
)
from transformers.generation import BaseStreamer

from rsvlm.models.parts.normed_beams import search

IMAGE = -1  # in ids: here stands a token of a picture
IGNORED = -100  # in labels: this token is not learnt
NEVER = 2**31 - 1  # no word has this id

OnToken = Callable[[list[int]], None]
Stop = Callable[[int], bool]


def build(description: dict[str, Any]) -> PreTrainedModel:
    """A causal language model with random weights, as its configuration in transformers' words describes it."""
    described = dict(description)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(described.pop("model_type"), **described))


def padded(rows: Sequence[Sequence[int]], padding: int, left: bool = False) -> tuple[Tensor, Tensor]:
    """ids and mask, each (rows, longest)."""
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), padding)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        place = slice(longest - len(row), None) if left else slice(len(row))
        ids[index, place] = torch.tensor(row, dtype=torch.long)
        mask[index, place] = 1
    return ids, mask


def next_word_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of the words that are learnt. logits: (batch, length, vocabulary); labels: (batch, length)."""
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED)


@dataclass(frozen=True)
class Spoken:
    """ids: (batch, said), padded after the end; confidence: (batch,), geometric mean of the probabilities of these words."""

    ids: Tensor
    confidence: Tensor


class Language:
    """model: of transformers. It belongs to whoever made it: this is no module, and adds nothing to the names of weights."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model
        self._places = "position_ids" in inspect.signature(model.forward).parameters

    @property
    def width(self) -> int:
        """Of the embeddings of words."""
        return self.model.get_input_embeddings().embedding_dim

    def embed(self, ids: Tensor, pictures: Tensor | None = None) -> Tensor:
        """ids: (batch, length) -> (batch, length, width). pictures: (..., tokens, width), in the order of IMAGE in ids.

        Raises ValueError where ids have room for another number of tokens.
        """
        words = self.model.get_input_embeddings()(ids.clamp(min=0))
        if pictures is None:
            return words
        room = ids == IMAGE
        if int(room.sum()) * words.shape[-1] != pictures.numel():
            raise ValueError(f"there is room for {int(room.sum())} tokens of pictures, not for {pictures.shape}")
        return words.masked_scatter(room[..., None], pictures.to(words.dtype))

    def logits(self, embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, length, vocabulary) of each next word. mask: (batch, length), 0 for padding at either side."""
        return self._forward(embeddings, mask).logits

    def read(self, embeddings: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The logits, and the states (batch, length, width) that they come from."""
        output = self._forward(embeddings, mask, output_hidden_states=True)
        return output.logits, output.hidden_states[-1]

    @torch.no_grad()
    def generate(
        self,
        embeddings: Tensor,
        mask: Tensor,
        max_new_tokens: int,
        end: int | Sequence[int],
        padding: int,
        on_token: OnToken | None = None,
        stop: Stop | None = None,
        beams: int = 1,
        repetition_penalty: float = 1.0,
        first: int | None = None,
        processors: Sequence[LogitsProcessor] = (),
    ) -> Spoken:
        """What follows embeddings (batch, length, width), whose padding stands on the left.

        end: each of these ids ends a row, and is its last; behind it stands padding. on_token: gets the next id of every row;
        with beams, when all is said. stop: is asked after each word whether a row should end. first: an id that counts as
        said before all others, for the penalty. processors: change the logits of each word, in this order, after the penalty.
        """
        ends = [end] if isinstance(end, int) else [*end]
        processors = [RepetitionPenaltyLogitsProcessor(repetition_penalty), *processors]
        if beams > 1:
            return self._searched(
                embeddings, mask, max_new_tokens, ends, padding, on_token, stop, beams, first, processors
            )
        start = torch.full((len(embeddings), 0 if first is None else 1), first or 0, device=embeddings.device)
        found = self.model.generate(
            start,
            inputs_embeds=embeddings,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=ends or [NEVER],
            pad_token_id=padding,
            streamer=_Listener(on_token) if on_token else None,
            stopping_criteria=[_Asks(stop)] if stop else None,
            logits_processor=processors,
            return_dict_in_generate=True,
            output_logits=True,
        )
        ids = found.sequences[:, start.shape[1] :]
        return Spoken(ids, _confidence(ids, found.logits, padding))

    def _searched(
        self,
        embeddings: Tensor,
        mask: Tensor,
        most: int,
        ends: Sequence[int],
        padding: int,
        on_token: OnToken | None,
        stop: Stop | None,
        beams: int,
        first: int | None,
        processors: Sequence[LogitsProcessor],
    ) -> Spoken:
        cache, seen = DynamicCache(config=self.model.config), mask

        def step(words: Tensor, origins: Tensor) -> Tensor:
            nonlocal seen
            cache.reorder_cache(origins)
            seen = functional.pad(seen[origins], (0, 1), value=1)
            return self._forward(self.embed(words[:, None]), seen, past_key_values=cache).logits[:, -1]

        logits = self._forward(embeddings, mask, past_key_values=cache).logits[:, -1]
        found = search(step, logits, beams, most, ends, first, processors, stop)
        ids = padded([sentence.words for sentence in found], padding)[0]
        if on_token:
            for words in ids.T.tolist():
                on_token(words)
        means = [sentence.chance / len(sentence.words) for sentence in found]
        return Spoken(ids.to(embeddings.device), torch.tensor(means, device=embeddings.device).exp())

    def _forward(self, embeddings: Tensor, mask: Tensor | None, **options: Any) -> Any:
        if mask is not None and self._places:
            options["position_ids"] = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -embeddings.shape[1] :]
        options["use_cache"] = "past_key_values" in options
        return self.model(inputs_embeds=embeddings, attention_mask=mask, **options)


def _confidence(ids: Tensor, logits: Sequence[Tensor], padding: int) -> Tensor:
    """logits: (batch, vocabulary) of each word."""
    steps = zip(logits, ids.T, strict=True)
    chances = [row.float().log_softmax(dim=-1).gather(1, said[:, None]) for row, said in steps]
    spoken = ids != padding
    return ((torch.cat(chances, dim=1) * spoken).sum(dim=1) / spoken.sum(dim=1).clamp(min=1)).exp()


class _Listener(BaseStreamer):
    def __init__(self, on_token: OnToken) -> None:
        self._on_token, self._prompt_seen = on_token, False

    def put(self, value: Tensor) -> None:
        if self._prompt_seen:  # generate() begins with what it was given
            self._on_token(value.tolist())
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing is kept back."""


class _Asks(StoppingCriteria):
    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        return torch.tensor([self._stop(row) for row in range(len(input_ids))], device=input_ids.device)


def compute_again(model: nn.Module) -> None:
    """Fill what a network computes when it is made and does not save, after it was made on torch's device "meta"."""
    for parent in list(model.modules()):
        for name, module in list(parent.named_children()):
            if type(module).__name__.endswith("RotaryEmbedding"):
                setattr(parent, name, type(module)(config=module.config))
        places = parent._buffers.get("position_ids")
        if places is not None and places.is_meta:
            parent.register_buffer("position_ids", torch.arange(places.shape[-1]).view(places.shape), persistent=False)
