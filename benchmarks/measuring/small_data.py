"""Records to train on: many, on a few pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PICTURES = 50
SIDE = 128  # pixels
WORDS = ("trees", "houses", "a road", "a river", "a meadow", "a car park")


def write_records(folder: Path, count: int) -> Path:
    """records-COUNT.jsonl, and its pictures beside it."""
    generator = np.random.default_rng(0)
    for number in range(PICTURES):
        path = folder / f"{number}.jpg"
        if not path.exists():
            Image.fromarray(generator.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)
    path = folder / f"records-{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            said = f"There are {WORDS[number % len(WORDS)]} and {WORDS[number // 7 % len(WORDS)]}."
            messages = [{"role": "user", "content": "Describe the image."}, {"role": "assistant", "content": said}]
            record = {"id": str(number), "task": "caption", "split": "train", "messages": messages}
            file.write(json.dumps({**record, "images": [{"href": f"{number % PICTURES}.jpg"}]}) + "\n")
    return path


def recipe(records: Path, steps: int, batch: int) -> dict[str, Any]:
    """Adapters on the bundled model; nothing is saved before the last step."""
    adapters = {"rank": 8, "alpha": 16, "targets": ["q_proj", "v_proj", "down_proj"]}
    stage = {"max_steps": steps, "train": ["connector"], "adapters": adapters}
    return {
        "name": "benchmark",
        "model": {"id": "compact"},
        "data": [{"path": str(records)}],
        "stages": [{**stage, "objectives": {"language": 1.0}, "learning_rate": 1e-3}],
        "pixels": [{"start": 0.0, "pixels": SIDE}],
        "batch_size": batch,
        "logging_steps": steps,
        "save_steps": steps,
        "workers": 1,
    }
