"""Pictures and records of them, small enough for models with random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
import torch
from PIL import Image

import rsvlm.geo  # noqa: F401 # its limits, before rasterio opens anything
from rsvlm.models.cards import files_in, get_card
from rsvlm.models.families.geoclip.files import save_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.pool import Models
from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.measuring.data import Data

Asked = Callable[..., Data]


@pytest.fixture
def models() -> Models:
    return Models("cpu", cache_bytes=0)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Six, of 48 x 40 pixels."""
    generator = np.random.default_rng(5)
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        colour = generator.integers(0, 255, 3)
        pixels = (colour + generator.integers(-20, 20, (40, 48, 3))).clip(0, 255)
        pixels[10 : 14 + number, 12:30] = 250
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return paths


@pytest.fixture
def records(tmp_path: Path) -> Asked:
    """records([(task, pictures, question, answers, more fields)]) -> a file of them as a data set."""

    def write(*rows: tuple[str, list[Path], str, list[str], dict[str, Any]]) -> Data:
        path = tmp_path / "records.jsonl"
        with path.open("w") as file:
            for number, (task, images, question, answers, more) in enumerate(rows):
                hrefs = [{"href": str(image)} for image in images]
                record = Record(f"r{number}", task, more.pop("split", "test"), hrefs, said(question, *answers), **more)
                file.write(json.dumps(record.to_json()) + "\n")
        return Data(path)

    return write


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """kept() -> the rows of said.jsonl."""
    return lambda: rows_of(tmp_path / "said.jsonl")


@pytest.fixture
def add_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A small CLIP with random weights, called clip, whose sentences are averaged as they come."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))

    def add() -> None:
        torch.manual_seed(0)
        model = GeoClip(GeoClipConfig.tiny(False)).eval()
        for name, weight in model.named_parameters():
            if name != "logit_scale":
                torch.nn.init.normal_(weight, mean=float("ln" in name and "weight" in name), std=0.2)
        folder = tmp_path / "models" / "clip"
        files = save_geoclip(folder, model.config, model.state_dict(), named=False)
        like = get_card(None).model_dump(mode="json", include={"licence", "terms", "box_convention", "trained_on"})
        told = {
            "id": "clip", "family": "geoclip", "title": "Clip", "tasks": ["classify", "localize"], "memory_bytes": 1,
            "prompt_template": "{}", "input": {**get_card(None).input.model_dump(), "pixels": model.config.pixels},
            "clip": {"quick_gelu": False, "averaging": "raw", "templates": ["a photo of {}.", "{}!"]},
            "source": {"files": [file.model_dump(exclude_none=True) for file in files_in(folder, files)]},
        }  # fmt: skip
        (folder / "card.toml").write_text(tomlkit.dumps({**like, **told}))

    return add
