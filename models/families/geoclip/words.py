"""Words as CLIP's text towers read them: byte pairs of open_clip's vocabulary between a start and an end.

Knows text and token ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor


@lru_cache(maxsize=1)
def _tokenizer() -> SimpleTokenizer:
    return SimpleTokenizer()


def token_ids(text: str) -> list[int]:
    """All ids of a text, its start and its end among them."""
    tokenizer = _tokenizer()
    return [tokenizer.sot_token_id, *tokenizer.encode(text), tokenizer.eot_token_id]


def batch_ids(texts: Sequence[str], context: int) -> Tensor:
    """(n, context): zeros behind a text; one that is too long is cut, and ends where it was cut."""
    ids = torch.zeros(len(texts), context, dtype=torch.long)
    for row, text in zip(ids, texts, strict=True):
        found = token_ids(text)
        row[: len(found)] = torch.tensor(found[: context - 1] + found[-1:] if len(found) > context else found)
    return ids
