"""Any image-text model of transformers learning: the answer to the last question, the turns before it read."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.huggingface.files import load_huggingface
from rsvlm.models.families.huggingface.network import UNLIMITED, HuggingFace
from rsvlm.models.families.huggingface.words import plain, put
from rsvlm.models.learning import Example
from rsvlm.models.parts.language import IGNORED
from rsvlm.models.wording import worded

WEIGHTS = (".safetensors", ".bin", ".toml")  # and the card, which is not the new model's

KINDS = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}  # as safetensors calls them

PARTS = {
    "vision": ("*vision_tower.*", "*vision_model.*", "*visual.blocks.*", "*visual.patch_embed.*"),
    "connector": ("*projector.*", "*connector.*", "*merger.*", "*qformer.*", "*language_projection.*", "*query_tokens"),
    "language": ("*language_model.*", "*text_model.*", "*lm_head.*"),
}


@dataclass(frozen=True)
class InputsLesson:
    """inputs: of the network as its processor makes them, labels among them."""

    inputs: dict[str, Tensor]
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> InputsLesson:
        return replace(self, inputs={name: tensor.to(device) for name, tensor in self.inputs.items()})


class HuggingFaceLearner:
    objectives = ("language",)
    parts = PARTS

    def __init__(self, model: HuggingFace, card: ModelCard) -> None:
        self.network, self._model, self._card = model.network, model, card
        self._tokenizer = model.processor.tokenizer
        config = model.network.config.get_text_config()
        self.longest = getattr(config, "max_position_embeddings", None) or UNLIMITED
        self._picture_tokens: dict[tuple[Any, ...], int] = {}  # by the sizes of the pictures

    def tokens(self, example: Example) -> int:
        """Pictures of one size take as many tokens as each other: each size is processed once."""
        example = worded(example, self._card)
        prompt = self._prompt(example)
        sizes = tuple(picture.shape for picture in example.pictures)
        if sizes not in self._picture_tokens:
            read = self._read([example], [prompt])["input_ids"].shape[1]
            self._picture_tokens[sizes] = int(read) - self._count(prompt)
        said = self._count(self._answer(example, prompt))
        return max(said, self._count(prompt) + self._picture_tokens[sizes] + (0 if self._model.encodes else said))

    def batch(self, examples: Sequence[Example]) -> InputsLesson:
        examples = [worded(example, self._card) for example in examples]
        prompts = [self._prompt(example) for example in examples]
        answers = [self._answer(example, prompt) for example, prompt in zip(examples, prompts, strict=True)]
        if self._model.encodes:
            inputs = self._read(examples, prompts)
            said = self._tokenizer(text=answers, add_special_tokens=False, padding=True, return_tensors="pt")
            labels = said["input_ids"].masked_fill(said["attention_mask"] == 0, IGNORED)
            return InputsLesson(inputs | {"labels": labels}, {"language": int((labels != IGNORED).sum())})
        if self._model.architecture == "paligemma":  # its processor ends a question with a line of its own
            inputs = self._read(examples, prompts, suffix=[example.turns[-1][1] for example in examples])
            labels = inputs["input_ids"].masked_fill(inputs["token_type_ids"] == 0, IGNORED)
        else:
            texts = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
            inputs = self._read(examples, texts)
            labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, IGNORED)
            for row, (prompt, text) in enumerate(zip(prompts, texts, strict=True)):
                read = int(inputs["attention_mask"][row].sum())
                labels[row, : read - self._count(text) + self._count(prompt)] = IGNORED
        return InputsLesson(inputs | {"labels": labels}, {"language": int((labels[:, 1:] != IGNORED).sum())})

    def losses(self, lesson: InputsLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        kind = next(self.network.parameters()).dtype
        inputs = {name: value.to(kind) if value.is_floating_point() else value for name, value in lesson.inputs.items()}
        return {"language": self.network(**inputs).loss}

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        """The weights, as exact as those that the model was released with, and all other files as they are where it lies.

        A SAM in a folder of its own is no part of what is trained: its weights stay as they are.
        """
        kind = _kind(self._card.folder)
        state: dict[str, Tensor] = self.network.state_dict()
        kept: dict[tuple[int, torch.Size], Tensor] = {}  # weights that are tied stay one
        for name, tensor in state.items():
            if tensor.is_floating_point():
                state[name] = kept.setdefault((tensor.data_ptr(), tensor.shape), tensor.to(kind))
        self.network.save_pretrained(folder, state_dict=state)
        for path in self._card.folder.rglob("*"):
            replaced = path.parent == self._card.folder and path.name.endswith((*WEIGHTS, ".index.json"))
            if path.is_file() and not replaced:
                target = folder / path.relative_to(self._card.folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)

    def _prompt(self, example: Example) -> str:
        question = example.turns[-1][0]
        return put(self._model.processor, self._model.architecture, question, example.turns[:-1], len(example.pictures))

    def _answer(self, example: Example, prompt: str) -> str:
        """Behind a space where the prompt ends in a word, as “ASSISTANT:”."""
        ends = prompt[-1:]
        space = " " if not self._model.encodes and (ends.isalnum() or ends in (":", ".", "?", "!")) else ""
        return f"{space}{plain(self._model.processor, example.turns[-1][1])}{self._tokenizer.eos_token}"

    def _count(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _read(self, examples: Sequence[Example], texts: Sequence[str], **options: Any) -> dict[str, Tensor]:
        """Padded on the right."""
        processor = self._model.processor
        images: Any = [[Image.fromarray(picture) for picture in example.pictures] for example in examples]
        if not processor.chat_template and all(len(row) == 1 for row in images):
            images = [row[0] for row in images]  # the older processors read no nested lists
        side, self._tokenizer.padding_side = self._tokenizer.padding_side, "right"
        try:
            batch = processor(images=images, text=list(texts), padding=True, return_tensors="pt", **options)
        finally:
            self._tokenizer.padding_side = side
        return {name: value for name, value in batch.items() if name != "labels"}


def _kind(folder: Path) -> torch.dtype:
    """What most numbers of a model's own weights are."""
    counts: Counter[str] = Counter()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 # it is no mapping
                part = file.get_slice(name)
                counts[part.get_dtype()] += math.prod(part.get_shape())
    return next((KINDS[kind] for kind, _ in counts.most_common() if kind in KINDS), torch.float32)


def learn(card: ModelCard) -> HuggingFaceLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return HuggingFaceLearner(load_huggingface(card.folder, card.id, card.mend), card)
