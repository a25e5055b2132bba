"""Pictures and records of them, small enough for models with random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rsvlm.geo  # noqa: F401 # its limits, before rasterio opens anything
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
                record = Record(f"r{number}", task, "test", hrefs, said(question, *answers), **more)
                file.write(json.dumps(record.to_json()) + "\n")
        return Data(path)

    return write


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """kept() -> the rows of said.jsonl."""
    return lambda: rows_of(tmp_path / "said.jsonl")
