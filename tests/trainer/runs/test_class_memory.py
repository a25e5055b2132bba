"""Weights that lie in files under other names than in the network are in checkpoints too: GeoPix's memory of classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run


def records(folder: Path) -> Path:
    """Four pictures with a lake in each."""
    generator = np.random.default_rng(0)
    lines = []
    for number in range(4):
        name = f"{number}.png"
        Image.fromarray(generator.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(folder / name)
        square = [[8, 8], [40, 8], [40, 40], [8, 40]]
        lines.append({
            "id": name, "task": "segment", "split": "train", "images": [{"href": name}],
            "messages": [
                {"role": "user", "content": "Can you segment lake ?"}, {"role": "assistant", "content": "The lake [SEG]"},
            ],
            "regions": [{"label": "lake", "polygon": [square]}],
        })  # fmt: skip
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_memory_of_classes_is_learnt_and_found_again(
    tuned: Callable[..., Recipe], add_family: Callable[..., Any], tmp_path: Path
):
    add_family("geopix", ("The", "lake", "."))
    stage = {
        "max_steps": 4, "train": ["memory", "masks"], "objectives": {"language": 1.0, "masks": 1.0}, "learning_rate": 1e-2,
    }  # fmt: skip
    told = {
        "model": {"id": "geopix"}, "data": [{"path": str(records(tmp_path))}], "validation": None, "stages": [stage],
        "batch_size": 2, "pixels": [],
    }  # fmt: skip
    begun = load_file(tmp_path / "models" / "geopix" / "model.safetensors")
    Run(tuned(**told), tmp_path, tmp_path / "straight").train()
    Run(tuned(**told, max_steps=2), tmp_path, tmp_path / "broken").train()
    Run(tuned(**told), tmp_path, tmp_path / "broken", resume=True).train()
    straight, broken = (load_file(tmp_path / name / "last" / "model.safetensors") for name in ("straight", "broken"))
    names = [name for name in begun if "memory.bank.memory" in name]
    assert names and any(not torch.equal(begun[name], straight[name]) for name in names), "the memory has learnt"
    assert all(torch.equal(straight[name], broken[name]) for name in straight)
    checkpoint = load_file(tmp_path / "broken" / "stage-1" / "checkpoint-4" / "model.safetensors")
    assert "memory.bank.memory" in checkpoint
