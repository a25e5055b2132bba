"""SkyEyeGPT on disk: one file of weights, its configuration and words; its trained part alone; and the way there from what
is released.

The released checkpoint holds what was trained: the projection and the adapters. The rest lies in folders beside it:
visual_encoder/ (eva_vit_g.pth) and llama_model/ (LLaMA 2 chat).
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.skyeye.keys import official, ours
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig, trained
from rsvlm.models.families.skyeye.words import TEMPLATES, Words, put
from rsvlm.models.language_files import (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    load_network,
    own_state,
    parse_words,
    read_description,
    read_family_config,
    read_words,
    replace_model,
    take_in,
)
from rsvlm.models.parts.adapters import WRAPPED
from rsvlm.models.parts.eva_vit import fit_positions
from rsvlm.protocol import RsvlmError

FILES = (WEIGHTS, CONFIG, TOKENIZER)
TOWER, LANGUAGE = ("visual_encoder", "llama_model")  # folders beside a released checkpoint
POSITIONS = f"{TOWER}.pos_embed"
MEND = "Give the one that the weights were trained with, or none for the released sizes."


def words_of(config: SkyEyeConfig, text: str) -> Words:
    """text: of tokenizer.json. Raises ValueError."""
    return Words(parse_words(text), config.picture, config.answer, config.ending, config.released)


def save_skyeye(folder: Path, model: SkyEye, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    replace_model(folder, _texts(model.config, words), own_state(model))


def load_skyeye(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[SkyEye, Words]:
    """The model in evaluation mode, and its words. name: of the model for errors, else its folder's; mend: the next step.

    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_family_config(SkyEyeConfig, folder, "skyeye", name, mend)
    try:
        words = words_of(config, (folder / TOKENIZER).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    return load_network(lambda: SkyEye(config), folder / WEIGHTS, name, mend, dtype, LANGUAGE), words


def save_trained(path: Path, model: SkyEye) -> None:
    """The projection and the adapters alone, as safetensors under the keys of the release."""
    kept = {key: tensor for key, tensor in own_state(model).items() if trained(key)}
    save_file(official(kept), path)


def load_trained(model: SkyEye, found: dict[str, Tensor]) -> dict[str, Any]:
    """Put a released checkpoint, or what save_trained wrote, into a model that has the rest.

    Returns a report of keys; nothing is changed where some are missing or of another shape.
    """
    state = ours(found, model.config.targets)
    report = compare(state, {key: tensor for key, tensor in own_state(model).items() if trained(key)})
    if not report["missing"] and not report["other_shape"]:
        model.load_state_dict({key: tensor for key, tensor in state.items() if trained(key)}, strict=False)
    return report


def convert_skyeye(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A released checkpoint with its parts, or a model of ours; the texts that lie beside them are in `folder`.

    Writes the model there if it fits. Raises RsvlmError: model_failed, bad_request (a text is missing).
    """
    config = (
        read_family_config(SkyEyeConfig, folder, "skyeye", "to import", MEND) if (folder / CONFIG).exists() else None
    )
    released = any(WRAPPED in key for key in found)
    config = config or SkyEyeConfig(released=released)
    if (folder / LANGUAGE / CONFIG).exists():
        config = replace(config, language=read_description(folder / LANGUAGE / CONFIG))
    try:
        words = Words(read_words([folder, folder / LANGUAGE]), config.picture)
    except ValueError as error:
        raise RsvlmError("model_failed", f"The words do not fit the model: {error}.", MEND) from error
    state = ours(found, config.targets)
    with torch.device("meta"):
        expected = own_state(SkyEye(config))
    if POSITIONS in state:
        state[POSITIONS] = fit_positions(state[POSITIONS], expected[POSITIONS].shape[1])
    if released:  # which never loads this norm: it stays as it was made
        state.setdefault("ln_vision.weight", torch.ones(config.image_width))
        state.setdefault("ln_vision.bias", torch.zeros(config.image_width))
    return take_in(folder, state, expected, _texts(config, words), _card(config))


def _texts(config: SkyEyeConfig, words: Words) -> dict[str, str]:
    return {CONFIG: json.dumps(asdict(config), indent=1) + "\n", TOKENIZER: words.tokenizer.to_str()}


def _card(config: SkyEyeConfig) -> dict[str, Any]:
    pictures = {
        "bands": "red, green, blue",
        "pixels": config.pixels,
        "gsd_range_m": [0.1, 30.0],
        "sensors": ["optical"],
    }
    return {
        "tasks": ["describe", "ask", "ground"],
        "prompt_template": "[INST] <Img>{image}</Img> [{task}] {question} [/INST]",
        "prompts": {tag: put("{text}", tag) for tag in TEMPLATES},
        "box_convention": "{<x0><y0><x1><y1>}, 0 to 100",
        "boxes": "percent",
        "dialogue": True,
        "input": pictures,
    }
