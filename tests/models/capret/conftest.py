"""Small models of the family, with words of their own."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor

from rsvlm.models.families.capret.files import words_of
from rsvlm.models.families.capret.network import CapRet, CapRetConfig
from rsvlm.models.families.capret.words import RET, Words

SPOKEN = (
    "a", "large", "airport", "with", "two", "runways", "boats", "at", "the", "port", "forest", "describe", "picture", "of",
    "what", "is", "here", "?",
)  # fmt: skip


def plain_tokenizer() -> Tokenizer:
    """Whole words, and what every tokenizer of LLaMA has; without [RET]."""
    every = ["<unk>", "<s>", "</s>", *SPOKEN]
    own = Tokenizer(models.WordLevel({word: place for place, word in enumerate(every)}, unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    own.add_special_tokens(every[:3])
    return own


@pytest.fixture
def tokenizer() -> Tokenizer:
    own = plain_tokenizer()
    own.add_special_tokens([RET])
    return own


@pytest.fixture
def config(tokenizer: Tokenizer) -> CapRetConfig:
    return CapRetConfig.tiny(tokenizer.get_vocab_size(), tokenizer.get_vocab()[RET])


@pytest.fixture
def words(tokenizer: Tokenizer, config: CapRetConfig) -> Words:
    return words_of(config, tokenizer)


@pytest.fixture
def model(config: CapRetConfig) -> CapRet:
    torch.manual_seed(0)
    return CapRet(config).eval()


@pytest.fixture
def pictures() -> Tensor:
    """Four pictures, as CLIP's tower takes them."""
    torch.manual_seed(1)
    return torch.randn(4, 3, 28, 28)
