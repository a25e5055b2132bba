"""A caption archive and a teacher small enough to train on while one waits."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.trainer.teacher import BLOCKS, CHANNELS

SCENES = {
    "forest": ((30, 70, 35), "many green trees are in a forest"),
    "desert": ((200, 170, 110), "it is a piece of yellow desert"),
    "lake": ((30, 50, 90), "a dark blue lake is here"),
}
ODD = "many cars are parked in a {scene} with {number} rows of trees beside a very long and very winding narrow road, "


def write_archive(path: Path, count: int = 24, side: int = 64) -> Path:
    """A zip of coloured pictures; every fourth is in the split val. Each has three captions, one of them long."""
    generator = np.random.default_rng(11)
    with zipfile.ZipFile(path, "w") as archive:
        rows = []
        for number in range(count):
            scene = list(SCENES)[number % 3]
            colour, caption = SCENES[scene]
            noise = generator.integers(-25, 25, (side, side, 3))
            picture = (np.array(colour) + noise).clip(0, 255).astype(np.uint8)
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "PNG")
            name = f"{scene}_{number}.png"
            archive.writestr(f"images/{name}", file.getvalue())
            captions = [
                f"{caption} .",
                f"This is {scene} number {number} .",
                ODD.format(scene=scene, number=number) * 2,
            ]
            split = "val" if number % 4 == 3 else "train"
            rows.append({"filename": name, "split": split, "scene": scene, "captions": captions})
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)) + "\n")
    return path


def write_teacher(path: Path) -> Path:
    """Random weights in the shapes of MobileNetV2, of a size that keeps the signal alive."""
    generator = np.random.default_rng(4)
    tensors: dict[str, np.ndarray] = {}

    def layer(out: int, inside: int, kernel: int, kind: str) -> None:
        number = f"{len(tensors) // 2:02d}"
        weight = generator.normal(0, (2 / (inside * kernel**2)) ** 0.5, (out, inside, kernel, kernel))
        tensors[f"{number}.{kind}.w"] = weight.astype(np.float16)
        tensors[f"{number}.b"] = generator.normal(0, 0.1, out).astype(np.float32)

    layer(32, 3, 3, "conv")
    width = 32
    for expansion, out, repeats, _ in BLOCKS:
        for _ in range(repeats):
            if expansion > 1:
                layer(width * expansion, width, 1, "conv")
            layer(width * expansion, 1, 3, "dw")
            layer(out, width * expansion, 1, "conv")
            width = out
    layer(CHANNELS, width, 1, "conv")
    np.savez(path, **tensors)
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder: tiny.zip with 24 pictures (18 train, 6 val) and teacher.npz."""
    folder = tmp_path_factory.mktemp("data")
    write_archive(folder / "tiny.zip")
    write_teacher(folder / "teacher.npz")
    return folder
