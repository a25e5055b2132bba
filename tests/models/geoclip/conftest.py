"""Small models of the family, and a folder of models of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tomlkit
import torch

from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.geoclip.files import save_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig


@pytest.fixture
def model() -> GeoClip:
    return small()


def small(quick_gelu: bool = True, seed: int = 0) -> GeoClip:
    """With towers that tell their inputs apart, which fresh ones hardly do."""
    torch.manual_seed(seed)
    found = GeoClip(GeoClipConfig.tiny(quick_gelu)).eval()
    for name, weight in found.named_parameters():
        if name != "logit_scale":
            torch.nn.init.normal_(weight, mean=float("ln" in name and "weight" in name), std=0.2)
    return found


@pytest.fixture
def models_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def add_clip(models_home: Path) -> Callable[..., ModelCard]:
    """add_clip(id, model, **of the card's [clip]) -> the card of a model in the user's folder, with its sizes beside it."""

    def add(name: str, model: GeoClip, **clip: object) -> ModelCard:
        folder = models_home / name
        files = save_geoclip(folder, model.config, model.state_dict(), named=bool(clip.get("architecture")))
        told = {
            "quick_gelu": model.config.quick_gelu,
            "averaging": "raw",
            "templates": ["a photo of {}.", "{}!"],
        } | clip
        like = get_card(None).model_dump(
            mode="json", include={"licence", "terms", "box_convention", "trained_on", "input"}
        )
        own = {
            "id": name,
            "family": "geoclip",
            "title": name,
            "tasks": ["embed", "classify", "localize"],
            "memory_bytes": 1,
            "clip": told,
        }
        source = {"files": [file.model_dump(exclude_none=True) for file in files_in(folder, files)]}
        content = like | own | {"prompt_template": "{}", "source": source}
        content["input"]["pixels"] = model.config.pixels
        (folder / "card.toml").write_text(tomlkit.dumps(content))
        return get_card(name)

    return add


@pytest.fixture
def pictures() -> list[np.ndarray]:
    """Of several sizes, small and large, one of them wide."""
    generator = np.random.default_rng(3)
    sizes = ((32, 32), (50, 41), (20, 77), (96, 96))
    return [
        np.kron(generator.integers(0, 256, (4, 4, 3)), np.ones((h // 4 + 1, w // 4 + 1, 1)))[:h, :w].astype(np.uint8)
        for h, w in sizes
    ]
