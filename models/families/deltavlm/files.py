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
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.deltavlm.keys import ours
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.words import PADDING, Words
from rsvlm.models.parts.eva_vit import fit_positions
from rsvlm.models.parts.sentencepiece import read_sentencepiece
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

WEIGHTS, CONFIG, LANGUAGE, QUERY = (
    "model.safetensors", "config.json", "tokenizer.json", "query_tokenizer/tokenizer.json",
)  # fmt: skip
FILES = (WEIGHTS, CONFIG, LANGUAGE, QUERY)
POSITIONS = "visual_encoder.pos_embed"
DECODER = "[DEC]"  # a word that the Q-Former's vocabulary has beyond BERT's
LEFT_OUT = {
    "_name_or_path",
    "architectures",
    "dtype",
    "torch_dtype",
    "transformers_version",
}  # of another's configuration
LARGE = 10**9  # numbers from which a model is kept in half precision


def save_deltavlm(folder: Path, model: DeltaVlm, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    _write_texts(folder, model.config, words)
    save_file(_untied(model), folder / f"{WEIGHTS}.part")
    (folder / f"{WEIGHTS}.part").replace(folder / WEIGHTS)


def load_deltavlm(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[DeltaVlm, Words]:
    """The model in evaluation mode, and its words. name, mend: as for read_deltavlm_config.

    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_deltavlm_config(folder, name, mend)
    try:
        state = load_file(folder / WEIGHTS)
        language, query = (_parsed((folder / text).read_text("utf-8")) for text in (LANGUAGE, QUERY))
        words = Words(language, query, config.instruction, config.answer)
    except (OSError, ValueError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    model = unfilled(config)
    if any(compare(state, _untied(model)).values()):
        raise RsvlmError("model_failed", f"The weights of the model {name} do not fit its configuration.", mend)
    cast = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    model.load_state_dict(cast, strict=False, assign=True)
    model.llm_model.tie_weights()
    return model.eval(), words


def unfilled(config: DeltaVlmConfig) -> DeltaVlm:
    """A model to load weights into, which takes no memory yet but for what it computes when it is made."""
    with torch.device("meta"):
        model = DeltaVlm(config)
    for parent in list(model.llm_model.modules()):
        for name, module in list(parent.named_children()):
            if type(module).__name__.endswith("RotaryEmbedding"):
                setattr(parent, name, type(module)(config=model.llm_model.config))
    return model


def read_deltavlm_config(folder: Path, name: str, mend: str) -> DeltaVlmConfig:
    """name: of the model, for the error; mend: the next step.

    Raises RsvlmError (model_failed) for a configuration that is missing, names code or is not one of this family.
    """
    content = read_config(folder / CONFIG, name, mend)
    try:
        if not content.keys() <= DeltaVlmConfig.__dataclass_fields__.keys():
            raise ValueError("unknown keys")
        return TypeAdapter(DeltaVlmConfig).validate_python(content)
    except ValueError as error:
        raise RsvlmError(
            "model_failed", f"The file {CONFIG} of the model {name} is not one of the family deltavlm.", mend
        ) from error


def convert_deltavlm(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A released checkpoint with its parts, or a model of ours; the texts that lie beside them are in `folder`.

    Writes the model there if it fits. Raises RsvlmError: model_failed, bad_request (a text is missing).
    """
    config, language, query = _texts(folder)
    state = ours(found)
    with torch.device("meta"):
        expected = _untied(DeltaVlm(config))
    if POSITIONS in state:
        state[POSITIONS] = fit_positions(state[POSITIONS], expected[POSITIONS].shape[1])
    _grow(state, config.language["vocab_size"])
    report = compare(state, expected)
    if not report["missing"] and not report["other_shape"]:
        _write_texts(folder, config, Words(language, query, config.instruction, config.answer))
        save_file({key: state[key].contiguous() for key in expected}, folder / WEIGHTS)
    numbers = sum(tensor.numel() for tensor in expected.values())
    card = {
        "tasks": ["change", "change_ask", *(["change_masks"] if config.mask_hidden else [])],
        "prompt_template": "{before}{after}q {question}",
        "prompts": {"change": "Please briefly describe the changes in these two images."},
        "dialogue": True,
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.3, 1.0],
            "sensors": ["optical"],
        },
        "memory_bytes": (5 * numbers if numbers < LARGE else 5 * numbers // 2) + 64 * 2**20,
    }
    return {"report": report, "card": card, "files": list(FILES)}


def _texts(folder: Path) -> tuple[DeltaVlmConfig, Tokenizer, Tokenizer]:
    """What is to be imported, as the texts beside the weights tell."""
    mend = "Give the one that the weights were trained with, or none for the released sizes."
    config = read_deltavlm_config(folder, "to import", mend) if (folder / CONFIG).exists() else DeltaVlmConfig()
    own = folder / "llm_model" / CONFIG
    if own.exists():
        told = read_config(own, "to import", "Get it again.")
        config = replace(config, language={key: told[key] for key in told if key not in LEFT_OUT})
    language = _tokenizer(
        [folder / LANGUAGE, folder / "llm_model" / LANGUAGE, folder / "llm_model" / "tokenizer.model"]
    )
    query = _tokenizer([folder / QUERY, folder / "query_tokenizer" / "vocab.txt"])
    language.add_special_tokens([AddedToken(PADDING, special=True)])
    query.add_special_tokens([AddedToken(DECODER, special=True)])
    vocabulary = max(language.get_vocab_size(), config.language["vocab_size"])
    return replace(config, language=config.language | {"vocab_size": vocabulary}), language, query


def _tokenizer(places: list[Path]) -> Tokenizer:
    """Of the first file that is there. Raises RsvlmError."""
    path = next((place for place in places if place.exists()), None)
    if path is None:
        kind, home = ("Q-Former", "query_tokenizer") if "query" in places[0].parent.name else ("language", "llm_model")
        wanted = " or ".join(place.name for place in places[-2:])
        raise RsvlmError(
            "bad_request",
            f"The words of the {kind} model are missing.",
            f"Put {wanted} into a folder {home} beside the weights.",
        )
    try:
        if path.suffix == ".model":
            return read_sentencepiece(path.read_bytes())
        if path.suffix == ".txt":
            return Tokenizer.from_str(BertWordPieceTokenizer(str(path), lowercase=True).to_str())
        return _parsed(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", f"The file {path.name} holds no words.", "Get it again.") from error


def _parsed(text: str) -> Tokenizer:
    """Raises ValueError for what is no tokenizer: its library knows plain exceptions alone."""
    try:
        return Tokenizer.from_str(text)
    except Exception as error:
        raise ValueError("no tokenizer") from error


def _grow(state: dict[str, Tensor], vocabulary: int) -> None:
    """A row for each token that was added to the language model's words: the mean of the others, as nobody learnt it."""
    for key in ("llm_model.model.embed_tokens.weight", "llm_model.lm_head.weight"):
        rows = state.get(key)
        if rows is not None and rows.dim() == 2 and len(rows) < vocabulary:
            mean = rows.float().mean(dim=0, keepdim=True).to(rows.dtype)
            state[key] = torch.cat([rows, mean.expand(vocabulary - len(rows), -1)])


def _untied(model: DeltaVlm) -> dict[str, Tensor]:
    """The state without what is the same tensor as the language model's word embeddings."""
    tied = "llm_model.lm_head.weight" if model.llm_model.config.tie_word_embeddings else None
    return {key: tensor.contiguous() for key, tensor in model.state_dict().items() if key != tied}


def _write_texts(folder: Path, config: DeltaVlmConfig, words: Words) -> None:
    texts = {
        CONFIG: json.dumps(asdict(config), indent=1) + "\n",
        LANGUAGE: words.language.to_str(),
        QUERY: words.query.to_str(),
    }
    if not (folder / QUERY).parent.is_dir():  # where weights are converted, no folder may be made
        (folder / QUERY).parent.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
