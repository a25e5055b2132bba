"""What it takes to look at pictures: the encoder and the masks of the bundled family, by torch and by onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from measuring.figures import Figure
from measuring.whole_model import in_turns, pictures, whole_model
from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.encoder import ImageFeatures
from rsvlm.models.families.compact.exporting import PRECISIONS, export
from rsvlm.models.families.compact.runtimes import ENCODER, MASKS, OnnxRuntime, Runtime, TorchRuntime
from rsvlm.models.onnx_records import read_onnx
from rsvlm.models.parts.pixels import normalise

LOOKS = (
    (128, 1, 25.0),
    (128, 8, None),
    (128, 32, None),
    (256, 1, None),
    (256, 8, None),
    (256, 32, None),
)  # px, rows, ms
LONG = 8  # pictures from which on three rounds are enough


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError where nothing can be exported."""
    os.environ["RSVLM_HOME"] = str(folder)
    model, tokenizer = whole_model()
    card = get_card(None)
    record = export(card, model, tokenizer, "cpu", pictures(16, 128), "fp32")
    runtimes: dict[str, Runtime] = {"torch": TorchRuntime(model)}
    for precision in PRECISIONS["cpu"]:
        files = [read_onnx(card, replace(record, used=precision), name) for name in (ENCODER, MASKS)]
        runtimes[precision] = OnnxRuntime(files[0], files[1], "cpu", precision)
    figures = [
        Figure(f"{tried.precision}: what embeddings differ from torch's, 1 - cosine", 1 - tried.cosine, "")
        for tried in record.tried
    ]
    for side, rows, bar in LOOKS:
        pixels = normalise(torch.from_numpy(pictures(rows, side)).permute(0, 3, 1, 2).float() / 255)
        name = f"encoder, {rows} x {side} px"
        works = {kind: partial(_encode, runtime, pixels) for kind, runtime in runtimes.items()}
        figures += _compared(name, works, bar, rounds if rows < LONG else min(rounds, 3))
    with torch.inference_mode():
        seen = runtimes["torch"].encode(normalise(torch.rand(1, 3, 128, 128)))
    works = {kind: partial(_vectors, runtime, seen) for kind, runtime in runtimes.items()}
    return [*figures, *_compared("vectors for masks, 1 x 128 px", works, None, rounds)]


def _compared(name: str, works: dict[str, Callable[[], object]], bar: float | None, rounds: int) -> list[Figure]:
    """bar: of what set-up lets see, which is fp32."""
    found = dict(zip(works, in_turns(list(works.values()), rounds), strict=True))
    plain = found.pop("torch")
    figures = []
    for kind, times in found.items():
        held = bar if kind == "fp32" else None
        figures.append(Figure(f"{name}, {kind}", times.wall, "ms", held, plain.wall, "torch"))
        figures.append(Figure(f"{name}, {kind}, processor time", times.processor, "ms", None, plain.processor, "torch"))
    return figures


@torch.inference_mode()
def _encode(runtime: Runtime, pixels: Tensor) -> object:
    return runtime.encode(pixels)


@torch.inference_mode()
def _vectors(runtime: Runtime, seen: ImageFeatures) -> object:
    return runtime.vectors(seen)
