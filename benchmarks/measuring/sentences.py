"""What it takes to say something: captions of the bundled family against transformers' own generate, and several at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import DynamicCache

from measuring.figures import Figure
from measuring.whole_model import in_turns, pictures, whole_model
from rsvlm.models.cache import Cache
from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.speaking import LONGEST, Seen
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD
from rsvlm.models.parts.normed_beams import search

BATCHES = (1, 8, 32)
BEAMS = 3
WORDS, BAR = 12, 250.0  # of a caption; ms with looking at the picture
KEPT_BYTES = 2**28


def measure(folder: Path, rounds: int) -> list[Figure]:
    model, tokenizer = whole_model()
    card = get_card(None)
    looks, speaks = (
        CompactPredictor(card, model, tokenizer, "cpu"),
        CompactPredictor(card, model, tokenizer, "cpu", cache=Cache(KEPT_BYTES)),
    )
    shown = pictures(8, 128)
    said = [len(reply.text.split()) for reply in speaks.captions(speaks.encode(shown))]
    nearest = min(range(len(shown)), key=lambda row: abs(said[row] - WORDS))
    one = shown[nearest : nearest + 1]
    (times,) = in_turns([lambda: looks.captions(looks.encode(one))], rounds)
    share = WORDS / said[nearest]
    name = f"a picture and a caption of {WORDS} words (said were {said[nearest]})"
    figures = [
        Figure(name, times.wall * share, "ms", BAR),
        Figure(f"{name}, processor time", times.processor * share, "ms"),
    ]
    for count in BATCHES:
        seen = speaks.encode(pictures(count, 128))
        speaks.captions(seen)  # what stands before the words is kept from now on
        figures += _compared(f"words of {count} captions", speaks, model, seen, rounds)
    return figures


def _compared(name: str, predictor: CompactPredictor, model: Compact, seen: list[Seen], rounds: int) -> list[Figure]:
    prefix = predictor._speaker._prefixes(seen)
    ours, theirs, beams, grown = in_turns(
        [
            lambda: predictor.captions(seen),
            lambda: _generate(model, prefix),
            lambda: predictor.captions(seen, beams=BEAMS),
            lambda: _search(model, prefix),
        ],
        rounds,
    )
    return [
        Figure(name, ours.wall, "ms", None, theirs.wall, "transformers' generate"),
        Figure(f"{name}, processor time", ours.processor, "ms", None, theirs.processor, "transformers' generate"),
        Figure(f"{name}, best of {BEAMS}", beams.wall, "ms", None, grown.wall, "a cache that grows"),
        Figure(
            f"{name}, best of {BEAMS}, processor time",
            beams.processor,
            "ms",
            None,
            grown.processor,
            "a cache that grows",
        ),
    ]


@torch.inference_mode()
def _generate(model: Compact, prefix: Tensor) -> object:
    rows = prefix.shape[2]
    return model.language.generate(
        torch.full((rows, 1), CAPTION),
        past_key_values=DynamicCache([tuple(layer) for layer in prefix]),
        attention_mask=torch.ones(rows, prefix.shape[-2] + 1, dtype=torch.long),
        max_new_tokens=LONGEST, do_sample=False, pad_token_id=PAD, eos_token_id=EOS, output_scores=True,
        return_dict_in_generate=True,
    )  # fmt: skip


@torch.inference_mode()
def _search(model: Compact, prefix: Tensor) -> Sequence[object]:
    cache = DynamicCache([tuple(layer) for layer in prefix])

    def read(ids: Tensor) -> Tensor:
        return model.language(input_ids=ids, past_key_values=cache, use_cache=True).logits[:, -1]

    def step(words: Tensor, origins: Tensor) -> Tensor:
        cache.reorder_cache(origins)
        return read(words[:, None])

    return search(step, read(torch.full((prefix.shape[2], 1), CAPTION)), BEAMS, LONGEST, [EOS])
