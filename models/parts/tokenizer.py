"""Words to ids and back: a byte-level BPE with the special tokens of the compact family in front.

Knows text only. Any string can be encoded, since every byte has a token.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers


def train_tokenizer(texts: Iterable[str], vocabulary: int, special: tuple[str, ...]) -> Tokenizer:
    """A byte-level BPE of at most `vocabulary` tokens, the special ones first; every digit stands alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        # In this order: the other way round, every digit would be given a space of its own.
        [pre_tokenizers.ByteLevel(add_prefix_space=True), pre_tokenizers.Digits(individual_digits=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tidy(sentence: str) -> str:
    """Lower case, single spaces, no space before punctuation, no final stop: the form that the model reads and writes."""
    words = " ".join(sentence.lower().split())
    for mark in ".,;:!?":
        words = words.replace(f" {mark}", mark)
    return words.rstrip(" .")
