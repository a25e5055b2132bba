"""Words of the bundled model, one after another, in memory that is set aside once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import DynamicCache

from rsvlm.models.families.compact.decoding import Decoder
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.speaking import LONGEST
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD
from rsvlm.models.parts.normed_beams import search
from rsvlm.models.parts.set_aside import SetAside
from rsvlm.models.predictors.words import sentence

BEAMS = 3


def test_captions_are_those_of_transformers_with_a_cache_that_grows(
    predictor: CompactPredictor, bundled: tuple[Compact, Tokenizer], pictures: np.ndarray
):
    model, tokenizer = bundled
    seen = predictor.encode(pictures)
    with torch.inference_mode():
        prefix = predictor._speaker._prefixes(seen)
        said = model.language.generate(
            torch.full((len(seen), 1), CAPTION),
            past_key_values=DynamicCache([tuple(layer) for layer in prefix]),
            attention_mask=torch.ones(len(seen), prefix.shape[-2] + 1, dtype=torch.long),
            max_new_tokens=LONGEST, do_sample=False, pad_token_id=PAD, eos_token_id=EOS,
        )  # fmt: skip
    spoken = predictor.captions(seen)
    assert [reply.text for reply in spoken] == [sentence(tokenizer.decode(ids)) for ids in said.tolist()]
    assert [reply.written for reply in spoken] == (said[:, 1:] != PAD).sum(dim=1).tolist()


def test_best_of_several_sentences_is_that_of_a_search_without_a_cache(
    predictor: CompactPredictor, bundled: tuple[Compact, Tokenizer], pictures: np.ndarray
):
    model, tokenizer = bundled
    for picture in pictures[:2]:
        (seen,) = predictor.encode(picture[None])
        rows = torch.tensor([[CAPTION]])

        def step(words: torch.Tensor, origins: torch.Tensor, seen=seen) -> torch.Tensor:
            nonlocal rows
            rows = torch.cat([rows[origins], words[:, None]], dim=1)
            return model.caption_logits(seen.features.rows(torch.zeros(len(rows), dtype=torch.long)), rows)[:, -1]

        with torch.inference_mode():
            (best,) = search(step, model.caption_logits(seen.features, rows)[:, -1], BEAMS, LONGEST, [EOS])
        (reply,) = predictor.captions([seen], beams=BEAMS)
        assert reply.text == sentence(tokenizer.decode(list(best.words))) and reply.written == len(best.words)
        assert reply.confidence == pytest.approx(math.exp(best.chance / len(best.words)), abs=1e-4)
        assert reply.confidence >= predictor.captions([seen])[0].confidence - 1e-4


def test_several_tokens_are_read_at_once_as_one_by_one(bundled: tuple[Compact, Tokenizer]):
    language = bundled[0].language
    generator = torch.Generator().manual_seed(2)
    config = language.config
    size = (config.num_hidden_layers, 2, 2, config.num_key_value_heads, 5, config.head_dim)
    read, ids = torch.randn(size, generator=generator), torch.randint(20, 900, (2, 4), generator=generator)
    with torch.inference_mode():
        at_once = Decoder(language, read, 4).read(ids)
        slowly = Decoder(language, read, 4)
        for column in ids.T:
            logits = slowly.read(column[:, None])
    torch.testing.assert_close(at_once, logits, atol=1e-4, rtol=1e-4)


def test_no_word_moves_the_memory_of_those_before():
    read = torch.randn(2, 3, 4, 5, 8, generator=torch.Generator().manual_seed(1))
    layer, place = SetAside(read, 2), []
    for _ in range(2):
        keys, values = layer.update(torch.ones(3, 4, 1, 8), torch.zeros(3, 4, 1, 8))
        place.append((keys.data_ptr(), values.data_ptr()))
    assert place[0] == place[1]
    assert torch.equal(keys[:, :, :5], read[0]) and torch.equal(values[:, :, :5], read[1])
    assert keys[:, :, 5:].eq(1).all() and keys.shape[2] == layer.get_seq_length() == 7
    with pytest.raises(RuntimeError):
        layer.update(torch.ones(3, 4, 1, 8), torch.zeros(3, 4, 1, 8))


def test_rows_that_go_on_take_their_memory_along():
    read = torch.arange(3.0)[None, :, None, None, None].expand(2, 3, 1, 2, 4)
    layer = SetAside(read, 1)
    layer.reorder_cache(torch.tensor([2, 2, 0, 1]))
    keys, _ = layer.update(torch.full((4, 1, 1, 4), 9.0), torch.zeros(4, 1, 1, 4))
    assert keys[:, 0, :, 0].tolist() == [[2, 2, 9], [2, 2, 9], [0, 0, 9], [1, 1, 9]]
