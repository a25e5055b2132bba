"""DeltaVLM on disk: one file of weights, its configuration and two tokenizers; and the way there from what is released.

The released checkpoint holds what was trained: two of 39 blocks of the image tower, and nothing of the language model.
The rest lies in folders beside it: visual_encoder/ (eva_vit_g.pth), llm_model/ (Vicuna), query_tokenizer/ (BERT's words).
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer
from torch import Tensor

from rsvlm.models.families.deltavlm.keys import ours
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.words import PADDING, Words
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
from rsvlm.models.parts.eva_vit import fit_positions
from rsvlm.protocol import RsvlmError

LANGUAGE, QUERY = (
    "llm_model",
    "query_tokenizer",
)  # folders beside a released checkpoint; the latter is one of ours as well
QUERY_TOKENIZER, VOCABULARY = f"{QUERY}/{TOKENIZER}", "vocab.txt"
FILES = (WEIGHTS, CONFIG, TOKENIZER, QUERY_TOKENIZER)
POSITIONS = "visual_encoder.pos_embed"
DECODER = "[DEC]"  # a word that the Q-Former's vocabulary has beyond BERT's
MEND = "Give the one that the weights were trained with, or none for the released sizes."


def save_deltavlm(folder: Path, model: DeltaVlm, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    (folder / QUERY).mkdir(parents=True, exist_ok=True)
    replace_model(folder, _texts(model.config, words), own_state(model))


def load_deltavlm(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[DeltaVlm, Words]:
    """The model in evaluation mode, and its words. name: of the model for errors, else its folder's; mend: the next step.

    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_family_config(DeltaVlmConfig, folder, "deltavlm", name, mend)
    try:
        language, query = (parse_words((folder / text).read_text("utf-8")) for text in (TOKENIZER, QUERY_TOKENIZER))
        words = Words(language, query, config.instruction, config.answer)
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    return load_network(lambda: DeltaVlm(config), folder / WEIGHTS, name, mend, dtype, LANGUAGE), words


def convert_deltavlm(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A released checkpoint with its parts, or a model of ours; the texts that lie beside them are in `folder`.

    Writes the model there if it fits. Raises RsvlmError: model_failed, bad_request (a text is missing).
    """
    config, words = _read_texts(folder)
    state = ours(found)
    with torch.device("meta"):
        expected = own_state(DeltaVlm(config))
    if POSITIONS in state:
        state[POSITIONS] = fit_positions(state[POSITIONS], expected[POSITIONS].shape[1])
    tables = (f"{LANGUAGE}.model.embed_tokens.weight", f"{LANGUAGE}.lm_head.weight")
    grow(state, tables, config.language["vocab_size"])
    return take_in(folder, state, expected, _texts(config, words), _card(config))


def _read_texts(folder: Path) -> tuple[DeltaVlmConfig, Words]:
    """What is to be imported, as the texts beside the weights tell. Adds the words that the release adds."""
    config = DeltaVlmConfig()
    if (folder / CONFIG).exists():
        config = read_family_config(DeltaVlmConfig, folder, "deltavlm", "to import", MEND)
    if (folder / LANGUAGE / CONFIG).exists():
        config = replace(config, language=read_description(folder / LANGUAGE / CONFIG))
    language, query = read_words([folder, folder / LANGUAGE]), _query_words(folder / QUERY)
    language.add_special_tokens([AddedToken(PADDING, special=True)])
    query.add_special_tokens([AddedToken(DECODER, special=True)])
    vocabulary = max(language.get_vocab_size(), config.language["vocab_size"])
    config = replace(config, language=config.language | {"vocab_size": vocabulary})
    try:
        return config, Words(language, query, config.instruction, config.answer)
    except ValueError as error:
        raise RsvlmError("model_failed", f"The words do not fit the model: {error}.", MEND) from error


def _query_words(folder: Path) -> Tokenizer:
    """Raises RsvlmError: bad_request (there are none), model_failed."""
    path = next((file for file in (folder / TOKENIZER, folder / VOCABULARY) if file.exists()), None)
    if path is None:
        raise RsvlmError(
            "bad_request",
            "The words of the Q-Former are missing.",
            f"Put BERT's {VOCABULARY} (uncased) or {TOKENIZER} into a folder {QUERY} beside the weights.",
        )
    try:
        if path.name == VOCABULARY:
            return Tokenizer.from_str(BertWordPieceTokenizer(str(path), lowercase=True).to_str())
        return parse_words(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", f"The file {path.name} holds no words.", "Get it again.") from error


def _texts(config: DeltaVlmConfig, words: Words) -> dict[str, str]:
    told = json.dumps(asdict(config), indent=1) + "\n"
    return {CONFIG: told, TOKENIZER: words.language.to_str(), QUERY_TOKENIZER: words.query.to_str()}


def _card(config: DeltaVlmConfig) -> dict[str, Any]:
    dialogue = config.style in ("dialogue", "released")
    return {
        "tasks": ["change", "change_ask", *(["change_masks"] if config.mask_hidden else [])],
        "prompt_template": "{before}{after}q {question}"
        if config.style in ("dialogue", "released")
        else "{before}{after}{question}",
        "prompts": {"change": "Please briefly describe the changes in these two images."},
        "dialogue": dialogue,
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.3, 1.0],
            "sensors": ["optical"],
        },
    }
