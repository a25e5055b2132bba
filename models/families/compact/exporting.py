"""The convolutions of the bundled family for onnxruntime: made from the weights, held against torch, kept if worth it.

One file takes any number of pictures of any size: fixed sizes were no faster where it was measured (docs/performance.md), and
each would need a file, and a session with weights of its own in memory.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import ModelCard, sha256
from rsvlm.models.families.compact.encoder import ImageEncoder
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.runtimes import ENCODER, MASKS, OnnxRuntime, Runtime, TorchRuntime
from rsvlm.models.onnx_precisions import in_precision
from rsvlm.models.onnx_records import ENDING, OnnxRecord, Tried, keep, workplace
from rsvlm.models.parts.pixel_decoder import PixelDecoder
from rsvlm.models.parts.pixels import normalise
from rsvlm.protocol import RsvlmError

PRECISIONS = {"cpu": ("fp32", "int8"), "cuda": ("fp32", "fp16")}  # that are tried on a device
# What counts as the same without being asked for: answers differ no more than by rounding.
SAME_COSINE, SAME_IOU = 0.9995, 0.99
# What is let through where somebody asks for a precision.
NEAR_COSINE, NEAR_IOU = 0.98, 0.9
PHRASES = ("building", "road", "tree", "water", "field")
OPSET = 17
ROUNDS = 9  # of which the shortest counts, as the one that other programs disturbed least


@dataclass(frozen=True)
class _Network:
    """One that gets a file of its own. given: tensors that go in on some pictures, by name; outputs: what comes out."""

    name: str
    module: nn.Module
    given: dict[str, Tensor]
    outputs: dict[str, Tensor]


class _Encoder(nn.Module):
    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        return self.encoder(pixels).tensors


class _Masks(nn.Module):
    def __init__(self, decoder: PixelDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, coarse: Tensor, *finer: Tensor) -> Tensor:
        return self.decoder((*finer, coarse))


def check_wanted(wanted: str, device: str) -> None:
    """Raises RsvlmError (bad_request) for a precision that is not tried on a device."""
    known = ("auto", "torch", *PRECISIONS[device])
    if wanted not in known:
        raise RsvlmError(
            "bad_request", f"There is no precision “{wanted}” on {device}.", f"Choose one of {', '.join(known)}."
        )


def export(
    card: ModelCard, model: Compact, tokenizer: Tokenizer, device: str, pictures: np.ndarray, wanted: str = "auto"
) -> OnnxRecord:
    """Make the files of a model, try them on this machine, and keep them with a record of which is used.

    pictures: (n, H, W, 3) uint8; the first half tells the range of numbers within, the other is what files are tried on.
    wanted: "auto" (the fastest that is the same and faster than torch), "torch" or a precision of this device.
    Raises RsvlmError: unavailable (onnx or onnxruntime is missing, folder closed), model_failed (the wanted precision is too
    far from torch).
    """
    half = len(pictures) // 2
    made = workplace()
    try:
        networks = _networks(model, pictures[:half])
        for network in networks:
            _write(network, made)
        tried = []
        for precision in PRECISIONS[device]:
            runtime = OnnxRuntime(*_contents(networks, precision, made), device, precision)
            tried.append(_tried(card, model, tokenizer, runtime, pictures[half:], device))
        files = {path.name: sha256(path) for path in sorted(made.glob(f"*{ENDING}"))}
        record = OnnxRecord(card.id, card.revision, device, _choice(tried, wanted), tuple(tried), files)
        keep(record, made, card)
    except ImportError as error:
        raise RsvlmError(
            "unavailable",
            f"The package {error.name} is not installed, so onnxruntime gets no files.",
            "Install rsvlm with its extra “cpu” or “gpu”; without it, torch does the work.",
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return record


@torch.inference_mode()
def _networks(model: Compact, pictures: np.ndarray) -> list[_Network]:
    pixels = normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
    seen = model.encoder(pixels)
    scales = {f"scale{number}": scale for number, scale in enumerate(seen.scales)}
    found = {"tokens": seen.tokens, "pooled": seen.pooled, "spread": seen.spread, **scales}
    networks = [_Network(ENCODER, _Encoder(model.encoder), {"pixels": pixels}, found)]
    if model.masks is not None:
        given = {"coarse": seen.map(), **scales}
        networks.append(_Network(MASKS, _Masks(model.masks.pixels), given, {"vectors": model.vectors(seen)}))
    return networks


def _write(network: _Network, folder: Path) -> None:
    """In float32, for any number of pictures of any size."""
    axes = {
        name: {0: "pictures"} | {axis: f"{name}{axis}" for axis in range(2, tensor.ndim)}
        for name, tensor in (network.given | network.outputs).items()
    }
    if "tokens" in axes:
        axes["tokens"] = {0: "pictures", 1: "tokens"}
    # Plain tensors, traced: the newer way of torch.onnx needs three more packages and takes twenty times as long.
    rows = tuple(tensor[:2].clone() for tensor in network.given.values())
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module.eval(), rows, folder / f"{network.name}-fp32{ENDING}", dynamo=False, opset_version=OPSET,
            input_names=list(network.given), output_names=list(network.outputs), dynamic_axes=axes,
        )  # fmt: skip


def _contents(networks: Sequence[_Network], precision: str, folder: Path) -> tuple[bytes, bytes | None]:
    """Of the encoder's file and of that for masks, which are made if need be."""
    contents: dict[str, bytes] = {}
    for network in networks:
        path = folder / f"{network.name}-{precision}{ENDING}"
        if not path.exists():
            in_precision(folder / f"{network.name}-fp32{ENDING}", precision, path, network.given)
        contents[network.name] = path.read_bytes()
    return contents[ENCODER], contents.get(MASKS)


def _tried(
    card: ModelCard, model: Compact, tokenizer: Tokenizer, runtime: OnnxRuntime, pictures: np.ndarray, device: str
) -> Tried:
    """Through predictors, as answers come about."""
    ours = CompactPredictor(card, model, tokenizer, device, runtime=runtime)
    theirs = CompactPredictor(card, model, tokenizer, device)
    seen, known = ours.encode(pictures), theirs.encode(pictures)
    cosine = (ours.embed_images(seen) * theirs.embed_images(known)).sum(axis=1).min()
    iou = None
    if model.masks is not None:
        one, other = (
            np.stack([found.maps for found in predictor.likely(rows, PHRASES)]) > 0.5
            for predictor, rows in ((ours, seen), (theirs, known))
        )
        either = (one | other).sum()
        iou = float((one & other).sum() / either) if either else 1.0
    seconds, torch_seconds = _seconds(runtime, TorchRuntime(model), pictures[:1], device)
    return Tried(runtime.name.split()[-1], seconds, torch_seconds, float(cosine), iou)


@torch.inference_mode()
def _seconds(one: Runtime, other: Runtime, pictures: np.ndarray, device: str) -> tuple[float, float]:
    """The shortest of ROUNDS each, in turns, so that whatever disturbs the machine disturbs both."""
    pixels = normalise(torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 255)
    best = [float("inf"), float("inf")]
    for _round in range(ROUNDS):
        for which, runtime in enumerate((one, other)):
            begin = time.perf_counter()
            runtime.encode(pixels).pooled.cpu()
            best[which] = min(best[which], time.perf_counter() - begin)
    return best[0], best[1]


def _choice(tried: Sequence[Tried], wanted: str) -> str | None:
    """Raises RsvlmError (model_failed) where the wanted precision is too far from torch."""
    if wanted == "torch":
        return None
    if wanted == "auto":
        good = [one for one in tried if one.times > 1 and _near(one, SAME_COSINE, SAME_IOU)]
        return min(good, key=lambda one: one.seconds).precision if good else None
    (asked,) = (one for one in tried if one.precision == wanted)
    if not _near(asked, NEAR_COSINE, NEAR_IOU):
        raise RsvlmError(
            "model_failed",
            f"In {wanted}, what the model sees differs too much: cosine {asked.cosine:.3f}"
            + (f", masks {asked.iou:.2f}." if asked.iou is not None else "."),
            "Choose another precision, or “auto”.",
        )
    return wanted


def _near(tried: Tried, cosine: float, iou: float) -> bool:
    return tried.cosine >= cosine and (tried.iou is None or tried.iou >= iou)
