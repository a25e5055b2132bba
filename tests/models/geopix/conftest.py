"""Small models of the family, with words of their own."""

from __future__ import annotations

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig
from rsvlm.models.families.geopix.words import END, FIRST, IMAGE, PADDING, SEGS, SYSTEM, Words

SPOKEN = (
    "USER:", "ASSISTANT:", "[segment]", "[refer]", "[caption]", "Can", "you", "segment", "the", "lake", "and", "road", "?",
    "Sure,", "it", "is", "No", ".", ",", "*",
)  # fmt: skip


@pytest.fixture
def plain() -> Tokenizer:
    """Whole words, and what every tokenizer of LLaMA has; without the family's own tokens."""
    every = dict.fromkeys(["<unk>", FIRST, END, *SYSTEM.split(), *SPOKEN])
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(every)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece(cleanup=True)
    tokenizer.add_special_tokens(["<unk>", FIRST, END])
    return tokenizer


@pytest.fixture
def tokenizer(plain: Tokenizer) -> Tokenizer:
    plain.add_special_tokens([AddedToken(token, special=True) for token in (PADDING, IMAGE, *SEGS)])
    return plain


@pytest.fixture
def words(tokenizer: Tokenizer) -> Words:
    return Words(tokenizer, tokens=16)


@pytest.fixture
def config(tokenizer: Tokenizer) -> GeoPixConfig:
    return GeoPixConfig.tiny(tokenizer.get_vocab_size())


@pytest.fixture
def model(config: GeoPixConfig) -> GeoPix:
    torch.manual_seed(0)
    return GeoPix(config).eval()


@pytest.fixture
def pictures() -> Tensor:
    """Two pictures, as CLIP's tower takes them."""
    torch.manual_seed(1)
    return torch.randn(2, 3, 56, 56)
