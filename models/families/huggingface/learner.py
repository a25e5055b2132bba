"""Any image-text model of transformers learning: the answer to the last question, the turns before it read."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.huggingface.files import load_huggingface
from rsvlm.models.families.huggingface.network import UNLIMITED, HuggingFace
from rsvlm.models.families.huggingface.words import put
from rsvlm.models.learning import Example
from rsvlm.models.parts.language import IGNORED

PARTS = {
    "vision": ("*vision_tower.*", "*vision_model.*", "*visual.blocks.*", "*visual.patch_embed.*"),
    "connector": ("*projector.*", "*connector.*", "*merger.*", "*qformer.*", "*language_projection.*", "*query_tokens"),
    "language": ("*language_model.*", "*lm_head.*"),
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

    def __init__(self, model: HuggingFace, folder: Path) -> None:
        """folder: of the model's files; those that are no weights are kept as they are."""
        self.network, self._model, self._folder = model.network, model, folder
        config = model.network.config.get_text_config()
        self.longest = getattr(config, "max_position_embeddings", None) or UNLIMITED

    def tokens(self, example: Example) -> int:
        return int(self.batch([example]).inputs["input_ids"].shape[1])

    def batch(self, examples: Sequence[Example]) -> InputsLesson:
        prompts = [self._prompt(example) for example in examples]
        answers = [example.turns[-1][1] + self._model.processor.tokenizer.eos_token for example in examples]
        if self._model.encodes:
            inputs = self._read(examples, prompts)
            said = self._model.processor.tokenizer(
                text=answers, add_special_tokens=False, padding=True, return_tensors="pt"
            )
            labels = said["input_ids"].masked_fill(said["attention_mask"] == 0, IGNORED)
            return InputsLesson(inputs | {"labels": labels}, {"language": int((labels != IGNORED).sum())})
        inputs = self._read(examples, [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)])
        labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, IGNORED)
        for row, (example, prompt) in enumerate(zip(examples, prompts, strict=True)):
            labels[row, : self._read([example], [prompt])["input_ids"].shape[1]] = IGNORED
        if "token_type_ids" in inputs:  # PaliGemma reads pictures and question both ways, and the answer forwards
            inputs["token_type_ids"] = (labels != IGNORED).long()
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
        folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.rglob("*"):
            if (
                path.is_file()
                and path.suffix not in (".safetensors", ".toml")
                and not path.name.endswith(".index.json")
            ):
                (folder / path.relative_to(self._folder)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, folder / path.relative_to(self._folder))
        self.network.save_pretrained(folder)

    def _prompt(self, example: Example) -> str:
        question = example.turns[-1][0]
        return put(self._model.processor, self._model.architecture, question, example.turns[:-1], len(example.pictures))

    def _read(self, examples: Sequence[Example], texts: Sequence[str]) -> dict[str, Tensor]:
        """Padded on the right."""
        processor = self._model.processor
        images: Any = [[Image.fromarray(picture) for picture in example.pictures] for example in examples]
        if not processor.chat_template and all(len(row) == 1 for row in images):
            images = [row[0] for row in images]  # the older processors read no nested lists
        side, processor.tokenizer.padding_side = processor.tokenizer.padding_side, "right"
        try:
            batch = processor(images=images, text=list(texts), padding=True, return_tensors="pt")
        finally:
            processor.tokenizer.padding_side = side
        return {name: value for name, value in batch.items() if name != "labels"}


def learn(card: ModelCard) -> HuggingFaceLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return HuggingFaceLearner(load_huggingface(card.folder, card.id, card.mend), card.folder)
