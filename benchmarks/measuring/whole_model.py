"""The bundled model with the heads of all tasks, pictures to show it, and clocks that count processor time beside seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer

from measuring.figures import middle
from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.weights import load_compact
from rsvlm.trainer.scenes.making import Wanted, scene

PIXEL_WIDTH = 64  # of the recipe compact_tasks
MS = 1000


class Times(NamedTuple):
    """Medians in milliseconds: of the clock, and of all processors together."""

    wall: float
    processor: float


def whole_model() -> tuple[Compact, Tokenizer]:
    """Weights that do not ship are random: they cost the same."""
    known, tokenizer = load_compact(get_card(None).folder)
    torch.manual_seed(0)
    model = Compact(replace(known.config, pixel_width=PIXEL_WIDTH))
    model.load_state_dict(known.state_dict(), strict=False)
    return model.eval(), tokenizer


def pictures(count: int, side: int) -> np.ndarray:
    """(count, side, side, 3) uint8: generated places, repeated from the eighth on."""
    wanted = Wanted(min(count, 8), pixels=side, pairs=0, split="bench")
    drawn = np.stack([scene(wanted, number).pictures[""] for number in range(wanted.count)])
    return np.resize(drawn, (count, side, side, 3))


def in_turns(works: Sequence[Callable[[], object]], rounds: int) -> list[Times]:
    """Each once before it counts; then in turns, so that whatever disturbs the machine disturbs all."""
    taken: list[list[tuple[float, float]]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, times in zip(works, taken, strict=True):
            begin, used = time.perf_counter(), time.process_time()
            work()
            if number:
                times.append((time.perf_counter() - begin, time.process_time() - used))
    return [Times(*(MS * middle(column) for column in zip(*times, strict=True))) for times in taken]
