"""The bundled model, and small pictures that any model can look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
import torch
from tokenizers import Tokenizer

from rsvlm.models import converting, importing
from rsvlm.models.cards import ModelCard, get_card, sha256
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.load import load_model
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError


@pytest.fixture(autouse=True)
def read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of what families make of keys and shapes read weights in this process, which takes seconds less for each; those
    marked own_process read them as the command does, and so does test_eleven.py for each system.
    """
    if request.path.parent.name not in ("capret", "deltavlm", "geoclip", "geopix", "huggingface", "one_picture"):
        return
    if request.node.get_closest_marker("own_process"):
        return

    def convert(weights: Path, stage: Path, family: str) -> dict[str, Any]:
        found = converting.main(weights.resolve(), stage, family)
        if "error" in found:
            raise RsvlmError.from_json(found)
        return found

    monkeypatch.setattr(converting, "confine", lambda *paths: None)
    monkeypatch.setattr(importing, "_convert", convert)


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


@pytest.fixture
def add_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled: tuple[Compact, Tokenizer]
) -> Callable[..., ModelCard]:
    """add_model(id, seed=0) -> the card of a small model with random weights, in a folder of models of this test's own."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    model, tokenizer = bundled
    sizes = {"stem": 8, "widths": (8, 16, 32), "depths": (1, 1, 1), "token_width": 32, "token_depth": 1, "heads": 2}
    sizes |= {"language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4}

    def add(name: str, seed: int = 0) -> ModelCard:
        torch.manual_seed(seed)
        folder = tmp_path / "models" / name
        shutil.rmtree(folder, ignore_errors=True)
        save_compact(folder, Compact(CompactConfig(**sizes, scenes=model.config.scenes)), tokenizer)
        files = [
            {"name": path.name, "sha256": sha256(path), "size_bytes": path.stat().st_size}
            for path in sorted(folder.iterdir())
        ]
        card = ModelCard.model_validate(
            {**get_card(None).model_dump(), "id": name, "source": {"files": files}, "memory_bytes": 1}
        )
        content = card.model_dump(mode="json", exclude_none=True)
        (folder / "card.toml").write_text(tomlkit.dumps(content))
        return get_card(name)

    return add
