"""Data sets of a few rows, written as they are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.protocol import Record
from rsvlm.trainer import formats
from rsvlm.trainer.formats.reading import Source


def write_picture(path: Path, colour: int = 90, size: tuple[int, int] = (40, 30)) -> Path:
    """size: width, height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), colour, np.uint8)).save(path)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """picture("folder/name.png") -> its path below the test's folder."""
    return lambda name, *words: write_picture(tmp_path / name, *words)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """written("name.json", content) -> its path; content: text, or anything that JSON holds."""

    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return write


@pytest.fixture
def read() -> Callable[..., tuple[list[Record], Source]]:
    """read("format", path, images=None, split=None) -> its records, and what was found wrong."""

    def run(name: str, path: Path, images: Path | None = None, split: str | None = None) -> tuple[list[Record], Source]:
        source = Source(path, images, split)
        return list(formats.read(name, source)), source

    return run
