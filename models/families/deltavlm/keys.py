"""Keys of DeltaVLM's released checkpoint, and of the image tower and the language model that it was trained on, as ours."""

from __future__ import annotations

import re

from torch import Tensor

from rsvlm.models.parts.qformer import our_key

RELATION = re.compile(r"(context[123]|gate[12])\.")
# What is computed, and what a loss without a caller in the release compares pictures and texts by: of no use here.
UNREAD = re.compile(r"(\.rotary_emb\.inv_freq|\.embeddings\.position_ids)$|^((vision|text)_proj\.|temp$)")


def ours(official: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under our keys, without those that are of no use; keys that nobody knows stay as they are."""
    return {_ours(key): tensor for key, tensor in official.items() if not UNREAD.search(key)}


def _ours(key: str) -> str:
    if RELATION.match(key):
        return f"csrm.{key}"
    if key == "query_tokens":
        return "qformer.query_tokens"
    if key.startswith("Qformer.bert."):
        return "qformer." + our_key(key.removeprefix("Qformer.bert."))
    return key
