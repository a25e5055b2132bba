"""A mask for every box or set of points: SAM (arXiv 2304.02643, section 3) and SAM 2 (arXiv 2408.00714, section 4), one picture.

The networks are those of transformers. Pictures are prepared here: its processor of SAM 2 cannot do without torchvision.
SAM keeps a picture's shape and fills the square up at the right and below; SAM 2 stretches it. Knows pixels; no words.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad
from transformers import Sam2Model, SamModel

from rsvlm.models.families.huggingface.files import BROKEN, architecture_of, offline, refuse_parts
from rsvlm.models.families.huggingface.processors import LOCAL
from rsvlm.models.ladder import shortage
from rsvlm.models.predictors.abilities import Prompt
from rsvlm.models.safety import check_folder, read_config
from rsvlm.protocol import RsvlmError

logger = logging.getLogger(__name__)

MASKS = "masks"  # folder of a SAM in that of a model whose boxes it outlines
# SAM 2 is released with its memory for films, which one picture does not need.
NETWORKS = {"sam": SamModel, "sam2": Sam2Model, "sam2_video": Sam2Model}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, where the folder names no others


@dataclass(frozen=True, eq=False)
class Looked:
    """maps: of one picture, (1, width, H, W) each, coarse last. size: its height and width; shown: as the network saw it."""

    maps: tuple[Tensor, ...]
    size: tuple[int, int]
    shown: tuple[int, int]

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self.maps)


class Sam:
    """pixels: along the sides of what the network sees. stretches: whether a picture loses its shape for that (SAM 2)."""

    def __init__(self, network: Any, mean: Sequence[float], deviation: Sequence[float]) -> None:
        self.network = network.eval()
        self.stretches = isinstance(network, Sam2Model)
        self.pixels = int(
            network.prompt_encoder.input_image_size if self.stretches else network.config.vision_config.image_size
        )
        self._mean, self._deviation = mean, deviation

    @torch.inference_mode()
    def look(self, picture: np.ndarray) -> Looked:
        """picture: (H, W, 3) uint8."""
        height, width = picture.shape[:2]
        longest = max(height, width)
        shown = (self.pixels,) * 2
        if not self.stretches:
            shown = (round(height * self.pixels / longest) or 1, round(width * self.pixels / longest) or 1)
        values = (
            torch.from_numpy(np.ascontiguousarray(picture)).to(self.network.device).permute(2, 0, 1)[None].float() / 255
        )
        values = interpolate(values, shown, mode="bilinear", antialias=True).clamp(0, 1)
        mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (self._mean, self._deviation))
        values = (values - mean) / deviation
        values = pad(values, (0, self.pixels - shown[1], 0, self.pixels - shown[0])).to(self.network.dtype)
        found = self.network.get_image_embeddings(values)
        return Looked(tuple(found) if self.stretches else (found,), (height, width), shown)

    @torch.inference_mode()
    def outline(self, looked: Looked, prompts: Sequence[Prompt]) -> tuple[Tensor, Tensor]:
        """(things, H, W) logits on the pixels of the picture, over 0 inside, and (things,) IoU as the network guesses it.

        A single point may mean a thing, its part or what it is a part of: the best of three masks is taken.
        """
        height, width = looked.size
        masks = torch.zeros(len(prompts), height, width, device=self.network.device)
        quality = torch.zeros(len(prompts), device=self.network.device)
        kinds: dict[tuple[bool, int], list[int]] = {}
        for index, prompt in enumerate(prompts):
            kinds.setdefault((prompt.box is None, len(prompt.points)), []).append(index)
        for (boxless, points), places in kinds.items():
            several = boxless and points == 1
            found = self.network(
                image_embeddings=list(looked.maps) if self.stretches else looked.maps[0],
                multimask_output=several,
                **self._asked(looked, [prompts[place] for place in places]),
            )
            scores = found.iou_scores[0].float()  # (things, masks)
            best = scores.argmax(dim=1)
            chosen = found.pred_masks[0].float()[torch.arange(len(best)), best]  # (things, h, w)
            masks[places] = self._on_picture(chosen, looked)
            quality[places] = scores.gather(1, best[:, None])[:, 0]
        return masks, quality

    def _asked(self, looked: Looked, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        """Of one kind of prompts: the network's inputs, in pixels of what it saw."""
        options: dict[str, Any] = {"device": self.network.device, "dtype": torch.float32}
        scale = torch.tensor([looked.shown[1] / looked.size[1], looked.shown[0] / looked.size[0]], **options)
        inputs: dict[str, Tensor] = {}
        if prompts[0].points:
            points = torch.tensor([prompt.points for prompt in prompts], **options)
            inputs["input_points"] = points[None] * scale  # (1, things, points, 2)
            labels = [prompt.inside for prompt in prompts]
            inputs["input_labels"] = torch.tensor(labels, device=self.network.device).int()[None]
        if prompts[0].box is not None:
            boxes = torch.tensor([prompt.box for prompt in prompts], **options)
            inputs["input_boxes"] = boxes[None] * scale.repeat(2)  # (1, things, 4)
        return inputs

    def _on_picture(self, masks: Tensor, looked: Looked) -> Tensor:
        """(things, h, w) logits of the network's square -> (things, H, W)."""
        if not self.stretches:
            square = interpolate(masks[:, None], (self.pixels,) * 2, mode="bilinear")
            masks = square[:, 0, : looked.shown[0], : looked.shown[1]]
        return interpolate(masks[:, None], looked.size, mode="bilinear")[:, 0]


def sam_network(folder: Path, name: str, mend: str) -> Any:
    """The class of the SAM that a folder says it holds. Raises RsvlmError (model_failed) where it is none."""
    architecture = architecture_of(folder, name, mend)
    if architecture not in NETWORKS:
        raise RsvlmError("model_failed", f"The model {name} is no SAM, but a “{architecture[:60]}”.", mend)
    return NETWORKS[architecture]


def load_sam(folder: Path, name: str = "this model", mend: str = "Get it again.") -> Sam:
    """In float32: half precision has no room for the pixels of a box.

    Raises RsvlmError (model_failed): what names code, is no SAM, is broken, or has not all its weights.
    """
    check_folder(folder, name, mend)
    kind = sam_network(folder, name, mend)
    pictures: dict[str, Any] = {}
    for file in ("preprocessor_config.json", "processor_config.json"):
        if (folder / file).is_file():
            found = read_config(folder / file, name, mend)
            pictures |= found.get("image_processor", found)
    try:
        with offline():
            network, told = kind.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **LOCAL,
            )
        model = Sam(network, pictures.get("image_mean", MEAN), pictures.get("image_std", DEVIATION))
    except BROKEN as error:
        if shortage(error, "cpu"):
            raise
        logger.warning("%s cannot be loaded", name, exc_info=error)
        raise RsvlmError(
            "model_failed", f"The files of the model {name} are broken or do not fit together.", mend
        ) from error
    refuse_parts(told, name, mend)
    return model
