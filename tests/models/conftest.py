"""The bundled model, and small pictures that any model can look at."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact import Compact
from rsvlm.models.load import load_model
from rsvlm.models.predictors.compact import CompactPredictor
from rsvlm.models.weights import load_compact


@pytest.fixture(scope="session")
def bundled() -> tuple[Compact, Tokenizer]:
    """The bundled network and its tokenizer, as read from the repository."""
    return load_compact(get_card(None).folder)


@pytest.fixture(scope="session")
def predictor() -> CompactPredictor:
    return load_model(get_card(None), "cpu")


@pytest.fixture(scope="session")
def pictures() -> np.ndarray:
    """(4, 128, 128, 3) uint8: fields in stripes, noise, a dark lake on green, roofs in a grid."""
    generator = np.random.default_rng(5)
    rows, columns = np.mgrid[0:128, 0:128]
    stripes = np.where((columns // 16 % 2)[..., None], (90, 130, 60), (170, 150, 90))
    noise = generator.integers(0, 255, (128, 128, 3))
    inside = (rows - 60) ** 2 + (columns - 70) ** 2 < 40**2
    lake = np.where(inside[..., None], (25, 45, 70), (70, 105, 55))
    roof = (rows % 24 < 14) & (columns % 24 < 14)
    roofs = np.where(roof[..., None], (190, 90, 70), (120, 125, 110))
    grain = generator.integers(-8, 8, (4, 128, 128, 3))
    return (np.stack([stripes, noise, lake, roofs]) + grain).clip(0, 255).astype(np.uint8)
