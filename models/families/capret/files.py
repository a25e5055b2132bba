"""RS-CapRet on disk: one file of weights, its configuration and words; its trained part alone; and the way there from a
checkpoint as FROMAGe releases it.

Such a checkpoint holds what was trained: linear layers, a scale and the row of [RET]. The rest lies in folders beside it:
visual_model/ (CLIP) and lm/ (LLaMA 2 or OPT).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.capret.keys import official, ours
from rsvlm.models.families.capret.network import CapRet, CapRetConfig, trained
from rsvlm.models.families.capret.words import RET, Words
from rsvlm.models.language_files import (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    grow,
    load_network,
    own_state,
    parse_words,
    read_description,
    read_family_config,
    read_words,
    replace_model,
    take_in,
)
from rsvlm.protocol import RsvlmError

FILES = (WEIGHTS, CONFIG, TOKENIZER)
TOWER, LANGUAGE = ("visual_model", "lm")  # folders beside a released checkpoint
MEND = "Give the one that the weights were trained with, or none for the usual sizes."
PLACE = "<|image|>"  # a word that FROMAGe adds before [RET], and never reads
SIZED = ("visual_embeddings.weight", "visual_fc.weight")
VISION = (
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "patch_size", "image_size",
    "projection_dim", "hidden_act", "layer_norm_eps",
)  # fmt: skip


def words_of(config: CapRetConfig, tokenizer: Tokenizer) -> Words:
    """Raises ValueError where a token is missing."""
    names = config.begin, config.end, config.padding
    return Words(tokenizer, config.prefix, config.caption, *names, config.released)


def save_capret(folder: Path, model: CapRet, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    replace_model(folder, _texts(model.config, words.tokenizer), own_state(model))


def load_capret(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[CapRet, Words]:
    """The model in evaluation mode, and its words. name: of the model for errors, else its folder's; mend: the next step.

    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_family_config(CapRetConfig, folder, "capret", name, mend)
    try:
        words = words_of(config, parse_words((folder / TOKENIZER).read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    return load_network(lambda: CapRet(config), folder / WEIGHTS, name, mend, dtype, LANGUAGE), words


def save_trained(path: Path, model: CapRet) -> None:
    """What is trained alone, as safetensors under the keys of FROMAGe's release."""
    save_file(official({key: tensor for key, tensor in own_state(model).items() if trained(key)}), path)


def load_trained(model: CapRet, found: Mapping[str, Tensor]) -> dict[str, Any]:
    """Put a released checkpoint, or what save_trained wrote, into a model that has the rest.

    Returns a report of keys; nothing is changed where some are missing or of another shape.
    """
    state = ours(found, model.config.retrieval, model.lm.config.tie_word_embeddings)
    report = compare(state, {key: tensor for key, tensor in own_state(model).items() if trained(key)})
    if not report["missing"] and not report["other_shape"]:
        model.load_state_dict({key: tensor for key, tensor in state.items() if trained(key)}, strict=False)
    return report


def convert_capret(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A checkpoint with its parts, or a model of ours; the texts that lie beside them are in `folder`.

    Writes the model there if it fits. Raises RsvlmError: model_failed, bad_request (a text is missing).
    """
    tokenizer = read_words([folder, folder / LANGUAGE])
    config = _config(folder, found, tokenizer)
    try:
        words_of(config, tokenizer)
    except ValueError as error:
        raise RsvlmError("model_failed", f"The words do not fit the model: {error}.", MEND) from error
    with torch.device("meta"):
        model = CapRet(config)
    expected = own_state(model)
    state = ours(found, config.retrieval, model.lm.config.tie_word_embeddings)
    tables = ("lm.model.embed_tokens.weight", "lm.model.decoder.embed_tokens.weight", "lm.lm_head.weight")
    grow(state, tables, config.language["vocab_size"])
    return take_in(folder, state, expected, _texts(config, tokenizer), _card(model))


def _config(folder: Path, found: Mapping[str, Tensor], tokenizer: Tokenizer) -> CapRetConfig:
    """What is to be imported, as the texts beside the weights tell, and the shapes of what was trained. Adds [RET]."""
    if (folder / CONFIG).exists():
        config = read_family_config(CapRetConfig, folder, "capret", "to import", MEND)
    else:
        config = CapRetConfig(released=any("input_embeddings." in key for key in found))
    if (folder / LANGUAGE / CONFIG).exists():
        language = read_description(folder / LANGUAGE / CONFIG)
        config = replace(config, language=language)
        if language.get("model_type") == "opt":
            config = replace(config, begin="</s>", end="</s>", padding="<pad>")
    if (folder / TOWER / CONFIG).exists():
        told = read_description(folder / TOWER / CONFIG)
        seen = told.get("vision_config", told)
        config = replace(config, vision={key: seen[key] for key in VISION if key in seen})
    added = [config.begin, config.end, config.padding]
    if tokenizer.token_to_id(RET) is None:
        added += [PLACE, RET] if config.released else [RET]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in dict.fromkeys(added)])
    rows = max(tokenizer.get_vocab_size(), config.language["vocab_size"])
    config = replace(config, retrieval=tokenizer.get_vocab()[RET], language=config.language | {"vocab_size": rows})
    return _as_trained(config, found)


def _as_trained(config: CapRetConfig, found: Mapping[str, Tensor]) -> CapRetConfig:
    """With sizes that the shapes of what was trained tell."""
    rows = {key.split(".")[-2]: len(tensor) for key, tensor in found.items() if key.endswith(SIZED)}
    width = config.language.get("word_embed_proj_dim") or config.language["hidden_size"]
    prefix = max(rows.get("visual_embeddings", config.prefix * width) // width, 1)
    return replace(config, prefix=prefix, embedding=rows.get("visual_fc", config.embedding))


def _texts(config: CapRetConfig, tokenizer: Tokenizer) -> dict[str, str]:
    return {CONFIG: json.dumps(asdict(config), indent=1) + "\n", TOKENIZER: tokenizer.to_str()}


def _card(model: CapRet) -> dict[str, Any]:
    pixels = model.visual_model.config.image_size
    return {
        "tasks": ["describe", "ask", "embed", "classify", "localize"],
        "prompt_template": "{image}{question}",
        "box_convention": "none",
        "input": {"bands": "red, green, blue", "pixels": pixels, "gsd_range_m": [0.1, 30.0], "sensors": ["optical"]},
    }
