"""A second question about a picture that was seen before: what is not done again, and how much sooner the words come.

Measured on the bundled model, and on one of the same family with random weights whose encoder is as large as a ViT-L.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from measuring.figures import Figure, middle
from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.weights import load_compact
from rsvlm.protocol import RsvlmError

SOONER = 0.2
CACHE_BYTES = 2**30
SIDE = 224  # pixels
# 24 layers of 1,024 wide with 16 heads, as ViT-L/16 has (Dosovitskiy et al., ICLR 2021, table 1).
VIT_L = {"token_width": 1024, "token_depth": 24, "heads": 16}
DECODER = {"language_width": 1024, "language_depth": 12, "language_mlp": 2816}


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the bundled model cannot be loaded, or if a second question encodes or reads again."""
    card = get_card(None)
    bundled, tokenizer = load_compact(card.folder)
    torch.manual_seed(0)
    large = Compact(CompactConfig(**VIT_L, **DECODER, scenes=bundled.config.scenes)).eval()
    millions = sum(weight.numel() for weight in large.parameters()) / 1e6
    figures = _figures(card, bundled, tokenizer, "bundled model", None, rounds)
    return figures + _figures(
        card, large, tokenizer, f"ViT-L size, {millions:.0f} M random weights", SOONER, min(rounds, 3)
    )


def _figures(
    card: ModelCard, model: Compact, tokenizer: Tokenizer, name: str, bar: float | None, rounds: int
) -> list[Figure]:
    predictor = CompactPredictor(card, model, tokenizer, "cpu", cache=Cache(CACHE_BYTES))
    pictures = np.random.default_rng(0).integers(0, 255, (rounds + 1, 1, SIDE, SIDE, 3), dtype=np.uint8)
    first, second = [], []
    for picture in pictures:
        first.append(_first_word(predictor, picture))
        before = (predictor.counts.encodes, predictor.counts.prefills)
        second.append(_first_word(predictor, picture))
        if before != (predictor.counts.encodes, predictor.counts.prefills):
            raise RsvlmError("model_failed", f"The {name} looked at a picture twice.", "See models/cache.py.")
    return [
        Figure(
            f"second question about a picture, to the first word: {name}",
            middle(second[1:]),
            "s",
            bar,
            middle(first[1:]),
            "first question",
            bar_on_ratio=True,
        )
    ]


def _first_word(predictor: CompactPredictor, picture: np.ndarray) -> float:
    moments: list[float] = []
    begin = time.perf_counter()
    asked = predictor.until(lambda: len(moments) > 0)
    try:
        asked.captions(asked.encode(picture), lambda _piece: moments.append(time.perf_counter()))
    except RsvlmError as error:
        if error.code != "cancelled" or not moments:
            raise
    return moments[0] - begin
