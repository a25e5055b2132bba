"""Keys and values of a decoder in memory that is set aside once, so that no word copies those before it.

A layer for transformers' cache. Its own StaticLayer hands out all of its room, which each word then has to look at through a
mask; this one hands out a view of what has been written so far. Knows tensors only.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DynamicLayer


class SetAside(DynamicLayer):
    """read: (2, rows, heads, tokens, width), keys and values of what was read. room: how many tokens may follow.

    Raises RuntimeError when more follow.
    """

    def __init__(self, read: Tensor, room: int) -> None:
        super().__init__()
        tokens = read.shape[3]
        self._memory = read.new_empty(*read.shape[:3], tokens + room, read.shape[4])
        self._memory[:, :, :, :tokens] = read
        self._show(tokens)
        self.dtype, self.device, self.is_initialized = read.dtype, read.device, True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """key_states, value_states: (rows, heads, new tokens, width). Returns those of all tokens."""
        begin, new = self.get_seq_length(), key_states.shape[-2]
        place = self._memory.narrow(3, begin, new)
        place[0], place[1] = key_states, value_states
        self._show(begin + new)
        return self.keys, self.values

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """beam_idx: which rows go on; one may go on more than once, or not at all."""
        tokens = self.get_seq_length()
        written, before = self._memory.narrow(3, 0, tokens), self._memory
        self._memory = before.new_empty(2, len(beam_idx), *before.shape[2:])
        torch.index_select(written, 1, beam_idx, out=self._memory.narrow(3, 0, tokens))
        self._show(tokens)

    def _show(self, tokens: int) -> None:
        self.keys, self.values = self._memory[:, :, :, :tokens]
