"""Small models of the family, with words of their own."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor

from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.families.skyeye.words import Words

SPOKEN = (
    "[INST]", "[/INST]", "<Img>", "</Img>", "[caption]", "[vqa]", "[refer]", "Briefly", "describe", "this", "image.", "give",
    "me", "the", "location", "of", "white", "plane", "two", "planes", "on", "apron", "no", "yes", "is", "it", "?",
)  # fmt: skip


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Whole words, and what every tokenizer of LLaMA has."""
    every = ["<unk>", "<s>", "</s>", *SPOKEN]
    own = Tokenizer(models.WordLevel({word: place for place, word in enumerate(every)}, unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    own.add_special_tokens(every[:3])
    return own


@pytest.fixture
def config(tokenizer: Tokenizer) -> SkyEyeConfig:
    return SkyEyeConfig.tiny(tokenizer.get_vocab_size())


@pytest.fixture
def words(tokenizer: Tokenizer, config: SkyEyeConfig) -> Words:
    return Words(tokenizer, config.picture, config.answer)


@pytest.fixture
def model(config: SkyEyeConfig) -> SkyEye:
    """With adapters that say something: they begin as nothing."""
    torch.manual_seed(0)
    model = SkyEye(config).eval()
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.fixture
def pictures() -> Tensor:
    """Two pictures, as the tower takes them."""
    torch.manual_seed(1)
    return torch.randn(2, 3, 56, 56)
