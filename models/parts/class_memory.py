"""What objects of a class look like all over the data, learnt and read again while one of them is outlined.

GeoPix (arXiv 2501.06828), class-wise learnable memory: a bank with a place for every class and level, a memory encoder (see
instance_memory.py) and memory attention. The image's features attend to themselves, then to what the bank holds of the
target's class and to what a first, rough mask picked out of this image. How these two meet is not told where it could be
checked; here they are read side by side. Knows grids and the numbers of classes only: nothing of their names, or of masks'
decoding.

In the release all of this is without effect: its attention throws away what it found. `ReleasedMemory` is what remains of it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from rsvlm.models.parts.instance_memory import InstanceMemory
from rsvlm.models.parts.sinusoid import sinusoid

HEADS = 4  # of the attention to memories
HIDDEN = 512
SCALE = 1.421  # of what is read, at first


def placed(tokens: Tensor) -> Tensor:
    """(batch, n, width) -> the same, with the place of each in its row added."""
    return tokens + sinusoid(*tokens.shape[1:]).to(tokens)


class MemoryBank(nn.Module):
    """class ids: (targets,) -> (targets, width, n, n) for a level: the `length` memories of each class, mixed into one.

    Each class is a parameter of its own: optimisers leave alone what no target asked for, with its momentum and decay. They
    are saved as one tensor `memory` (classes, levels, length, width, n, n), as released.
    """

    def __init__(self, classes: int, levels: int, length: int, width: int, grid: int) -> None:
        super().__init__()
        self.memory = nn.ParameterList(torch.randn(levels, length, width, grid, grid) for _ in range(classes))
        self.register_state_dict_post_hook(_join_classes)
        self.register_load_state_dict_pre_hook(_part_classes)
        self.mix = nn.Sequential(
            nn.Conv3d(length, length // 2, 1),
            nn.BatchNorm3d(length // 2),
            nn.ReLU(),
            nn.Conv3d(length // 2, length // 4, 1),
            nn.BatchNorm3d(length // 4),
            nn.ReLU(),
            nn.Conv3d(length // 4, 1, 1),
            nn.BatchNorm3d(1),
        )

    def forward(self, class_ids: Tensor, level: int) -> Tensor:
        kept = torch.stack([self.memory[place][level] for place in class_ids.tolist()], dim=2)
        kept = kept.transpose(0, 1)  # (width, length, targets, n, n)
        return self.mix(kept).squeeze(1).transpose(0, 1)


def _join_classes(bank: nn.Module, state: dict[str, Tensor], prefix: str, metadata: object) -> None:
    rows = sorted(
        (key for key in state if key.startswith(f"{prefix}memory.")), key=lambda key: int(key.rpartition(".")[2])
    )
    state[f"{prefix}memory"] = torch.stack([state.pop(key) for key in rows])


def _part_classes(bank: nn.Module, state: dict[str, Tensor], prefix: str, *others: object) -> None:
    whole = state.pop(f"{prefix}memory", None)
    if whole is not None:
        state.update({f"{prefix}memory.{place}": row for place, row in enumerate(whole)})


class MemoryAttention(nn.Module):
    """features: (targets, n * n, width) and memories: (targets, m, memory width) -> (targets, n * n, width)."""

    def __init__(self, width: int, memory_width: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(width, 1, batch_first=True)
        self.cross_attn_image = nn.MultiheadAttention(
            width, HEADS, kdim=memory_width, vdim=memory_width, batch_first=True
        )
        self.linear1 = nn.Linear(width, HIDDEN)
        self.linear2 = nn.Linear(HIDDEN, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.scale = nn.Parameter(torch.full((width,), SCALE))

    def forward(self, features: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """keys: the memories with their places; values: without."""
        normed = self.norm1(features)
        asking = placed(normed)
        features = features + self.self_attn(asking, asking, normed, need_weights=False)[0]
        read = self.cross_attn_image(self.norm2(features), keys, values, need_weights=False)[0]
        features = features + self.scale * read
        return features + self.linear2(relu(self.linear1(self.norm3(features))))


class ClassMemory(nn.Module):
    """Features of the image, once more for each target: in the light of its class and of its first mask."""

    def __init__(self, classes: int, levels: int, length: int, memory_width: int, width: int, grid: int) -> None:
        super().__init__()
        self.bank = MemoryBank(classes, levels, length, memory_width, grid)
        self.encoder = InstanceMemory(width, memory_width)
        self.attention = MemoryAttention(width, memory_width)
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor, masks: Tensor, class_ids: Tensor, level: int) -> Tensor:
        """features: (targets, width, n, n); masks: logits (targets, 1, 4 n, 4 n); class_ids: (targets,), from 0.

        Returns (targets, width, n, n). n: the grid that the bank was made for.
        """
        memories = [
            grid.flatten(2).transpose(1, 2)  # (targets, n * n, memory width)
            for grid in (self.bank(class_ids, level), self.encoder(features, masks))
        ]
        keys = torch.cat([placed(memory) for memory in memories], dim=1)
        found = self.attention(features.flatten(2).transpose(1, 2), keys, torch.cat(memories, dim=1))
        return self.norm(found).transpose(1, 2).unflatten(2, features.shape[-2:])


class ReleasedMemory(nn.Module):
    """All that the release's memory does: it scales each channel and normalises. (targets, width, n, n) -> the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), SCALE))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        return self.norm(features.permute(0, 2, 3, 1) * (1 + self.scale)).permute(0, 3, 1, 2)
