"""Plays the golden cases of retrieval and zero-shot classification again: figures that the released code gave for vectors.

Knows the layout of the recorded folders.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from rsvlm.trainer.metrics.retrieval import ranked, rs5m_recall, skyscript_recall, unit
from rsvlm.trainer.metrics.zeroshot import best_f1, top


def replay(case: Path) -> dict[str, float]:
    """Name of each figure -> absolute difference."""
    wanted: dict[str, float] = json.loads((case / "meta.json").read_text("utf-8"))["metrics"]
    inputs = load_file(case / "inputs.safetensors")
    if "text_image_index" in inputs:
        found = _rs5m(inputs, wanted)
    elif "pairs_image_text" in inputs:
        ways = skyscript_recall(inputs["image_features"], inputs["text_features"], inputs["pairs_image_text"])
        found = {f"{way}_{name}": value for way, tally in ways.items() for name, value in tally.values().items()}
    else:
        found = _zeroshot(inputs, next(iter(wanted)).rpartition("-")[0])
    return {name: abs(found[name] - value) for name, value in wanted.items()}


def _rs5m(inputs: dict[str, np.ndarray], wanted: dict[str, float]) -> dict[str, float]:
    """By the release's names, which end with the name of the data; rounded to two decimals as there."""
    found = rs5m_recall(inputs["image_embeddings"], inputs["text_embeddings"], inputs["text_image_index"]).values()
    data = next(iter(wanted)).rpartition("-")[2]
    return {f"retrieval-{name.replace(' ', '-')}-{data}": round(value, 2) for name, value in found.items()}


def _zeroshot(inputs: dict[str, np.ndarray], data: str) -> dict[str, float]:
    likely = ranked(unit(inputs["image_embeddings"]) @ inputs["classifier"], 5)
    tops = top(likely.tolist(), inputs["labels"].tolist()).values()
    cosines = unit(inputs["binary_embeddings"]) @ inputs["binary_classifier"][:, 0]
    binary = best_f1(cosines, inputs["binary_labels"].astype(bool))
    names = {
        "threshold": "best_logit_threshold",
        "F1": "best_F1",
        "precision": "best_precision",
        "recall": "best_recall",
    }
    found = {f"{data}-{name.replace('-', '')}": value for name, value in tops.items()}
    return found | {f"{data}-{names[name]}": value for name, value in binary.items()}
