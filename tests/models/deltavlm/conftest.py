"""Small models of the family, with words of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import BertWordPieceTokenizer, Tokenizer, decoders, models, normalizers
from torch import Tensor

from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.words import Words

SPOKEN = [
    "there", "is", "no", "difference", "two", "new", "buildings", "and", "roads", "have", "changed", "briefly", "describe",
    "please", "yes", "how", "many", "q", "a", "?",
]  # fmt: skip
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *SPOKEN]


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT's kind of vocabulary, as vocab.txt."""
    file = tmp_path_factory.mktemp("words") / "vocab.txt"
    file.write_text("\n".join(BERT) + "\n")
    return file


@pytest.fixture(scope="session")
def language() -> Tokenizer:
    """LLaMA's kind of tokenizer, without [PAD]; whole words and single letters alone."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *(f"▁{word}" for word in SPOKEN)]
    letters = sorted({letter for piece in pieces[259:] for letter in piece} - {"▁"})
    merges = []
    for piece in [f"▁{word}" for word in SPOKEN]:
        merges += [(piece[:size], piece[size]) for size in range(1, len(piece))]
    joined = {left + right for left, right in merges} - set(pieces)
    every = [*pieces, "▁", *letters, *sorted(joined)]
    ids = {piece: index for index, piece in enumerate(dict.fromkeys(every))}
    tokenizer = Tokenizer(models.BPE(ids, list(dict.fromkeys(merges)), unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


@pytest.fixture
def words(language: Tokenizer, vocabulary: Path) -> Words:
    own = Tokenizer.from_str(language.to_str())
    own.add_special_tokens(["[PAD]"])
    query = Tokenizer.from_str(BertWordPieceTokenizer(str(vocabulary), lowercase=True).to_str())
    query.add_special_tokens(["[DEC]"])
    return Words(own, query, 24, 16)


@pytest.fixture
def config(words: Words) -> DeltaVlmConfig:
    return DeltaVlmConfig.tiny(words.language.get_vocab_size(), words.query.get_vocab_size())


@pytest.fixture
def model(config: DeltaVlmConfig) -> DeltaVlm:
    torch.manual_seed(0)
    return DeltaVlm(config).eval()


@pytest.fixture
def dates() -> tuple[Tensor, Tensor]:
    """Two pairs of pictures: the first changed, the second did not."""
    torch.manual_seed(1)
    before = torch.randn(2, 3, 42, 42)
    after = torch.stack([torch.randn(3, 42, 42), before[1]])
    return before, after
