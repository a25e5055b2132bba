"""Each tiny model as a folder from the hub, as a card, and as a predictor; and pictures to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.huggingface import predictor
from rsvlm.models.families.huggingface.words import card_fields

from .tiny import BUILDERS, MASKS
from .tiny_others import OTHERS

LONGEST = 16  # tokens of an answer


@pytest.fixture(autouse=True)
def short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has learnt nothing finds no end."""
    monkeypatch.setattr(predictor, "LONGEST", LONGEST)


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each model, as it would come from the hub."""
    folders = {}
    for name, build in (BUILDERS | OTHERS | MASKS).items():
        torch.manual_seed(0)
        folders[name] = tmp_path_factory.mktemp(name)
        build(folders[name])
    return folders


@pytest.fixture
def card_of(releases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModelCard]:
    """card_of(architecture) -> the card of such a model in a folder of models of this test's own."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))

    def add(name: str) -> ModelCard:
        folder = tmp_path / "models" / name
        shutil.copytree(releases[name], folder)
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        content = {
            "id": name, "family": "huggingface", "title": name, "licence": "none", "terms": "none", "memory_bytes": 1,
            "trained_on": ["nothing"], **card_fields(name.removesuffix("-t5"), 32),
            "source": {"files": [file.model_dump(exclude_none=True) for file in files_in(folder, tuple(names))]},
        }  # fmt: skip
        (folder / "card.toml").write_text(tomlkit.dumps(content))
        return get_card(name)

    return add


@pytest.fixture
def predictor_of(card_of: Callable[[str], ModelCard]) -> Callable[..., Any]:
    """predictor_of(architecture, cache_bytes=10**7) -> such a model, loaded by its card."""
    return lambda name, cache_bytes=10**7: predictor.load(card_of(name), "cpu", cache=Cache(cache_bytes))


@pytest.fixture(scope="session")
def views() -> list[np.ndarray]:
    """Three pictures of noise in different shapes."""
    generator = np.random.default_rng(3)
    return [generator.integers(0, 255, (*size, 3)).astype(np.uint8) for size in ((70, 90), (64, 64), (96, 50))]
