"""Any image-text model of transformers, in a folder of safetensors, configuration and processor; never with code of its own.

A decoder that reads from left to right sees the picture before the question, so what it made of the picture (keys and
values) serves the next question as well. Where the question changes what is seen of the picture it does not: PaliGemma
and Florence-2 read both together in both directions, InstructBLIP's Q-Former looks with the question in mind.
Knows tensors and prompts; nothing of tasks, boxes or callers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import DynamicCache, GenerationConfig, LogitsProcessor, StoppingCriteria
from transformers.generation import BaseStreamer

# Architectures whose keys and values of a picture were shown to serve any question about it.
READS_AHEAD = frozenset(
    {"blip-2", "idefics2", "idefics3", "internvl", "llava", "mistral3"}
    | {"qwen2_5_vl", "qwen2_vl", "qwen3_vl", "qwen3_vl_moe", "smolvlm"}
)
UNLIMITED = 2**30  # tokens, of models that count places by their distance
# What a release may say of how its words are found. The rest is ours: the likeliest word, one row for each question.
KEPT = (
    "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id",
    "no_repeat_ngram_size", "repetition_penalty", "suppress_tokens", "begin_suppress_tokens",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ahead:
    """What the decoder made of everything up to the last token of a picture.

    ids: those tokens; layers: keys and values (1, heads, tokens, width) of each layer.
    """

    ids: tuple[int, ...]
    layers: tuple[tuple[Tensor, Tensor], ...]

    @property
    def nbytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)


@dataclass(frozen=True, eq=False)
class Spoken:
    """ids: (rows, said), filled up behind an end. chances: (rows, said), logarithms of their probabilities.

    read: tokens that stood before, by row.
    """

    ids: Tensor
    chances: Tensor
    read: tuple[int, ...]


class _Chances(LogitsProcessor):
    """Keeps how likely the likeliest word was; changes nothing."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.kept.append(scores.float().log_softmax(dim=-1).amax(dim=-1))
        return scores


class HuggingFace:
    """network, processor: of transformers. prompt: holds the processor's mark for each picture, where it has one."""

    def __init__(self, network: Any, processor: Any) -> None:
        self.network, self.processor = network.eval(), processor
        self.architecture: str = network.config.model_type
        text = network.config.get_text_config()
        self.encodes: bool = network.config.is_encoder_decoder or text.is_encoder_decoder
        forgets = getattr(text, "sliding_window", None) and getattr(text, "use_sliding_window", True)
        self.reads_ahead = self.architecture in READS_AHEAD and not self.encodes and not forgets
        # BLIP-2's own way of answering takes pictures only.
        self._speaker = network.language_model if self.architecture == "blip-2" else network
        found = network.generation_config.to_dict()
        kept = {key: found[key] for key in KEPT if found.get(key) is not None}
        for part in (network, self._speaker):
            part.generation_config = GenerationConfig(**(kept | {"pad_token_id": self.padding}))
        eos = kept.get("eos_token_id", processor.tokenizer.eos_token_id)
        self.ends = frozenset(eos if isinstance(eos, list) else [eos])

    @property
    def padding(self) -> int:
        return int(self.processor.tokenizer.pad_token_id)

    @property
    def device(self) -> torch.device:
        return torch.device(self.network.device)

    def prepare(self, prompts: Sequence[str], pictures: Sequence[Sequence[np.ndarray]]) -> dict[str, Tensor]:
        """The network's inputs for each prompt and its (H, W, 3) uint8 pictures, filled up to one length."""
        images: Any = [[Image.fromarray(picture) for picture in row] for row in pictures]  # Idefics 2 reads no arrays
        if not self.processor.chat_template and all(len(row) == 1 for row in pictures):
            images = [row[0] for row in pictures]  # the older processors read no nested lists
        options = {"padding": len(prompts) > 1, "return_tensors": "pt", "input_data_format": "channels_last"}
        batch = self.processor(images=images, text=list(prompts), **options)
        batch.pop("labels", None)  # for training
        return dict(batch.to(self.device, self.network.dtype))

    def room(self, inputs: Sequence[dict[str, Tensor]]) -> list[int]:
        """How many words an answer to each row may have; none or less where there is no room for any."""
        limit = getattr(self.network.config.get_text_config(), "max_position_embeddings", None) or UNLIMITED
        read = [length for part in inputs for length in part["attention_mask"].sum(dim=1).tolist()]
        return [limit - 1 if self.encodes and length <= limit else limit - length for length in read]

    def shown(self, inputs: dict[str, Tensor]) -> tuple[int, int]:
        """Width and height in pixels at which Qwen saw the first picture."""
        _, down, across = inputs["image_grid_thw"][0].tolist()
        patch = int(self.network.config.vision_config.patch_size)
        return across * patch, down * patch

    def picture_end(self, ids: Sequence[int]) -> int:
        """The number of tokens up to the last one of a picture."""
        mark = self.network.config.image_token_id
        return max(place for place, token in enumerate(ids) if token == mark) + 1

    @torch.inference_mode()
    def read(self, inputs: Sequence[dict[str, Tensor]]) -> list[Ahead]:
        """Look at the pictures of rows that were prepared apart and are alike up to the end of these."""
        ids = inputs[0]["input_ids"][0].tolist()
        end = self.picture_end(ids)
        shapes = [row["input_ids"].shape for row in inputs]
        together = {
            name: torch.cat(
                [
                    row[name][:, :end] if row[name].shape == shape else row[name]
                    for row, shape in zip(inputs, shapes, strict=True)
                ]
            )
            for name in inputs[0]
        }
        self._forget()
        output = self.network(**together, use_cache=True)
        output = getattr(output, "language_model_outputs", output)
        layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]
        return [
            Ahead(
                tuple(ids[:end]),
                tuple((keys[row : row + 1].clone(), values[row : row + 1].clone()) for keys, values in layers),
            )
            for row in range(len(inputs))
        ]

    @torch.inference_mode()
    def speak(self, inputs: dict[str, Tensor], most: int, streamer: BaseStreamer, stop: StoppingCriteria) -> Spoken:
        """The likeliest words, `most` at most. inputs: of one batch as it was prepared."""
        return self._generate(self.network, inputs, most, streamer, stop)

    @torch.inference_mode()
    def speak_on(
        self,
        inputs: Sequence[dict[str, Tensor]],
        ahead: Sequence[Ahead],
        most: int,
        streamer: BaseStreamer,
        stop: StoppingCriteria,
    ) -> Spoken:
        """The same from where each picture ends. inputs: of rows that were prepared apart.

        A row reads `padding, picture, padding, question`; the places of its tokens are counted without the padding.
        """
        rows = [row["input_ids"][0] for row in inputs]
        cut = [len(row.ids) for row in ahead]
        before, after = max(cut), max(len(ids) - end for ids, end in zip(rows, cut, strict=True))

        def laid(name: str, fill: int) -> Tensor:
            parts = []
            for row, end in zip(inputs, cut, strict=True):
                values = row[name][0] if name in row else torch.ones_like(row["input_ids"][0])
                first, second = values[:end], values[end:]
                parts.append(
                    torch.cat([first.new_full((before - end,), fill), first,
                               first.new_full((after - len(second),), fill), second])
                )  # fmt: skip
            return torch.stack(parts)

        batch = {"input_ids": laid("input_ids", self.padding), "attention_mask": laid("attention_mask", 0)}
        if "mm_token_type_ids" in inputs[0]:
            batch["mm_token_type_ids"] = laid("mm_token_type_ids", 0)
        if "image_grid_thw" in inputs[0]:  # by the sizes of its pictures Qwen counts places
            batch["image_grid_thw"] = torch.cat([row["image_grid_thw"] for row in inputs])
        self._forget()
        return self._generate(self._speaker, batch | {"past_key_values": _cache(ahead, before)}, most, streamer, stop)

    def _generate(
        self, speaker: Any, inputs: dict[str, Any], most: int, streamer: BaseStreamer, stop: StoppingCriteria
    ) -> Spoken:
        chances = _Chances()
        ids = speaker.generate(
            **inputs,
            max_new_tokens=most,
            streamer=streamer,
            stopping_criteria=[stop],
            logits_processor=[chances],
        )
        read = tuple(inputs["attention_mask"].sum(dim=1).tolist())
        return Spoken(ids[:, -len(chances.kept) :], torch.stack(chances.kept, dim=1), read)

    def _forget(self) -> None:
        """Qwen keeps how far places and tokens of its last rows are apart, and would take them for those of the next."""
        inner: Any = getattr(self.network, "model", None)
        if hasattr(inner, "rope_deltas"):
            inner.rope_deltas = None


def _cache(ahead: Sequence[Ahead], length: int) -> DynamicCache:
    """Keys and values of all rows, filled up on the left to `length`."""
    layers = []
    for parts in zip(*(row.layers for row in ahead), strict=True):
        keys, values = (
            torch.cat(
                [torch.nn.functional.pad(part[which], (0, 0, length - part[which].shape[2], 0)) for part in parts]
            )
            for which in (0, 1)
        )
        layers.append((keys, values))
    return DynamicCache(layers)
