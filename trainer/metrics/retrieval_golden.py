"""Plays the golden cases of retrieval and zero-shot classification again: figures that the released code gave for vectors.

Knows the layout of the recorded folders.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from rsvlm.trainer.metrics.retrieval import rs5m_retrieval, skyscript_retrieval
from rsvlm.trainer.metrics.zeroshot import best_f1, top_k


def replay(case: Path) -> dict[str, float]:
    """Name of each figure -> absolute difference."""
    wanted: dict[str, float] = json.loads((case / "meta.json").read_text("utf-8"))["metrics"]
    inputs = load_file(case / "inputs.safetensors")
    if "text_image_index" in inputs:
        found = _rs5m(inputs, wanted)
    elif "pairs_image_text" in inputs:
        found = skyscript_retrieval(inputs["image_features"], inputs["text_features"], inputs["pairs_image_text"])
    else:
        found = _zeroshot(inputs, next(iter(wanted)).rpartition("-")[0])
    return {name: abs(found[name] - value) for name, value in wanted.items()}


def _rs5m(inputs: dict[str, np.ndarray], wanted: dict[str, float]) -> dict[str, float]:
    """By the release's names, which end with the name of the data."""
    found = rs5m_retrieval(inputs["image_embeddings"], inputs["text_embeddings"], inputs["text_image_index"])
    data = next(iter(wanted)).rpartition("-")[2]
    return {
        f"retrieval-{name.replace('_R@', '-R@').replace('mean_recall', 'mean-recall')}-{data}": value
        for name, value in found.items()
    }


def _zeroshot(inputs: dict[str, np.ndarray], data: str) -> dict[str, float]:
    tops = top_k(inputs["image_embeddings"], inputs["classifier"].T, inputs["labels"])
    binary = best_f1(inputs["binary_embeddings"], inputs["binary_classifier"][:, 0], inputs["binary_labels"])
    names = {
        "threshold": "best_logit_threshold",
        "f1": "best_F1",
        "precision": "best_precision",
        "recall": "best_recall",
    }
    found = {f"{data}-top{k}": value for k, value in tops.items()}
    return found | {f"{data}-{names[name]}": value for name, value in binary.items()}
