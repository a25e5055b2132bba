"""What runs the convolutions of the bundled family: torch, or onnxruntime where that was found to be the same and faster.

Words, heads and everything small stay in torch. Knows tensors; nothing of pictures or words.
"""

from __future__ import annotations

import logging
from typing import Protocol

from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.encoder import STRIDE, ImageFeatures
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.onnx_records import read_onnx, read_record
from rsvlm.models.onnx_session import OnnxSession
from rsvlm.protocol import RsvlmError

ENCODER, MASKS = "encoder", "masks"  # names of the two networks that are exported


class Runtime(Protocol):
    """name: "torch", or "onnxruntime" and the precision."""

    name: str

    def encode(self, pixels: Tensor) -> ImageFeatures:
        """pixels: (batch, 3, H, W) normalised, as ImageEncoder takes them."""

    def vectors(self, features: ImageFeatures) -> Tensor:
        """(batch, embedding, H / 2, W / 2): a vector for each pixel of pictures of one date."""


class TorchRuntime:
    name = "torch"

    def __init__(self, model: Compact) -> None:
        self._model = model

    def encode(self, pixels: Tensor) -> ImageFeatures:
        return self._model.encoder(pixels)

    def vectors(self, features: ImageFeatures) -> Tensor:
        return self._model.vectors(features)


class OnnxRuntime:
    """encoder, masks: contents of ONNX files; None of a model that draws no masks. Raises as OnnxSession does."""

    def __init__(self, encoder: bytes, masks: bytes | None, device: str, precision: str) -> None:
        self.name = f"onnxruntime {precision}"
        self._encoder = OnnxSession(encoder, device)
        self._masks = None if masks is None else OnnxSession(masks, device)

    def encode(self, pixels: Tensor) -> ImageFeatures:
        tokens, pooled, spread, *scales = self._encoder(pixels)
        grid = (pixels.shape[-2] // STRIDE, pixels.shape[-1] // STRIDE)
        return ImageFeatures(tokens, pooled, grid, spread, tuple(scales))

    def vectors(self, features: ImageFeatures) -> Tensor:
        """Raises ValueError for a model that draws no masks."""
        if self._masks is None:
            raise ValueError("this model draws no masks")
        (found,) = self._masks(features.map(), *features.scales)
        return found


def runtime_of(card: ModelCard, model: Compact, device: str) -> Runtime:
    """What the export on this machine found to be best; torch where there was none, or what it left cannot be used."""
    try:
        record = read_record(card, device)
        if record is not None and record.used is not None:
            masks = None if model.masks is None else read_onnx(card, record, MASKS)
            return OnnxRuntime(read_onnx(card, record, ENCODER), masks, device, record.used)
    except RsvlmError as error:
        logging.getLogger(__name__).warning("%s %s Torch does the work meanwhile.", error.message, error.hint)
    return TorchRuntime(model)
