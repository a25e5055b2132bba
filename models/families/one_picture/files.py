"""Families of one picture and one language model on disk: a file of weights, their configuration and words; and the way
there from released checkpoints, which hold a part of the model, with the rest in folders beside them.

Knows files and keys; a family says how it is built and what its keys are called (see the files.py of each).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.comparing import compare
from rsvlm.models.families.one_picture.words import PictureWords
from rsvlm.models.language_files import (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    grow,
    load_network,
    memory_needed,
    own_state,
    parse_words,
    read_description,
    read_family_config,
    read_words,
    replace_model,
    write_model,
)
from rsvlm.models.parts.eva_vit import fit_positions
from rsvlm.protocol import RsvlmError

FILES = (WEIGHTS, CONFIG, TOKENIZER)
LANGUAGE = "language_model"  # attribute of every network here
MEND = "Give the one that the weights were trained with, or none for the usual sizes."
POSITIONS = "picture.visual_encoder.pos_embed"

Config = TypeVar("Config", bound=Any)  # a frozen dataclass with a field `language`
Network = TypeVar("Network", bound=nn.Module)
Words = TypeVar("Words", bound=PictureWords)


@dataclass(frozen=True)
class Layout(Generic[Config, Network, Words]):
    """How a family is built and kept. words: raises ValueError for a tokenizer that lacks a token.

    ours: tensors of a release, or of a model of ours, under our keys. beside: the folder in which a release has its
    language model. card: what a card says of the family, without the memory that it takes.
    """

    family: str
    config: type[Config]
    network: Callable[[Config], Network]
    words: Callable[[Config, Tokenizer], Words]
    ours: Callable[[Mapping[str, Tensor], Config], dict[str, Tensor]]
    beside: str
    card: Callable[[Config], dict[str, Any]]

    def save(self, folder: Path, model: Network, config: Config, words: Words) -> None:
        """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
        replace_model(folder, _texts(config, words.tokenizer), own_state(model))

    def load(self, folder: Path, name: str, mend: str, dtype: torch.dtype) -> tuple[Network, Words]:
        """The model in evaluation mode, and its words. name: of the model for errors, else its folder's; mend: next step.

        Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
        """
        name = name or folder.name
        config = read_family_config(self.config, folder, self.family, name, mend)
        try:
            words = self.words(config, parse_words((folder / TOKENIZER).read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
        return load_network(lambda: self.network(config), folder / WEIGHTS, name, mend, dtype, LANGUAGE), words

    def configured(self, folder: Path, start: Config) -> Config:
        """As config.json says, else `start`. Raises RsvlmError (model_failed) for one of another family."""
        if (folder / CONFIG).exists():
            return read_family_config(self.config, folder, self.family, "to import", MEND)
        return start

    def convert(self, folder: Path, found: dict[str, Tensor], config: Config) -> dict[str, Any]:
        """A checkpoint with its parts, or a model of ours; the texts that lie beside them are in `folder`.

        config: of the model, but for a language model that is described in its own folder. Writes the model there if it
        fits. Raises RsvlmError: model_failed, bad_request (a text is missing).
        """
        if (folder / self.beside / CONFIG).exists():
            config = replace(config, language=read_description(folder / self.beside / CONFIG))
        tokenizer = read_words([folder, folder / self.beside])
        try:
            self.words(config, tokenizer)
        except ValueError as error:
            raise RsvlmError("model_failed", f"The words do not fit the model: {error}.", MEND) from error
        with torch.device("meta"):
            expected = own_state(self.network(config))
        state = self.ours(found, config)
        if POSITIONS in state and POSITIONS in expected:
            state[POSITIONS] = fit_positions(state[POSITIONS], expected[POSITIONS].shape[1])
        tables = [key for key in state if key.endswith(("embed_tokens.weight", "lm_head.weight"))]
        grow(state, tables, config.language.get("vocab_size", 0))
        for head in [key for key in tables if key not in expected and key.endswith("lm_head.weight")]:
            del state[head]  # the table of words itself
        report = compare(state, expected)
        if not report["missing"] and not report["other_shape"]:
            write_model(folder, _texts(config, tokenizer), {key: state[key] for key in expected})
        card = self.card(config) | {"memory_bytes": memory_needed(expected)}
        return {"report": report, "card": card, "files": list(FILES)}


def _texts(config: Any, tokenizer: Tokenizer) -> dict[str, str]:
    return {CONFIG: json.dumps(asdict(config), indent=1) + "\n", TOKENIZER: tokenizer.to_str()}
