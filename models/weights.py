"""Weights on disk: float16 safetensors beside a configuration and a tokenizer; never code, never pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
TIED = "language.lm_head.weight"  # the same tensor as the input embeddings, and not written


def save_compact(folder: Path, model: Compact, tokenizer: Tokenizer) -> None:
    """Write the weights in float16, the configuration and the tokenizer into `folder`, replacing what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {CONFIG: json.dumps(asdict(model.config), indent=1) + "\n", TOKENIZER: tokenizer.to_str(pretty=False)}
    for name, text in texts.items():
        (folder / f"{name}.part").write_bytes(text.encode())
    save_file(halved(model.state_dict()), folder / f"{WEIGHTS}.part")
    for name in (*texts, WEIGHTS):
        (folder / f"{name}.part").replace(folder / name)


def halved(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as they are written: in float16, whole numbers as they are, and none twice."""
    return {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in state.items()
        if name != TIED
    }


def read_compact_config(folder: Path, name: str, mend: str) -> CompactConfig:
    """Raises RsvlmError (model_failed) for a configuration that is missing, names code or is not one of this family."""
    content = read_config(folder / CONFIG, name, mend)
    try:
        if not content.keys() <= CompactConfig.__dataclass_fields__.keys():
            raise ValueError("unknown keys")
        return TypeAdapter(CompactConfig).validate_python(content)
    except ValueError as error:
        raise RsvlmError(
            "model_failed", f"The file {CONFIG} of the model {name} is not one of the family compact.", mend
        ) from error


def load_compact(folder: Path, name: str = "", mend: str = "Install it again.") -> tuple[Compact, Tokenizer]:
    """The model in float32 and evaluation mode, and its tokenizer.

    name, mend: what errors call the model (else its folder's name), and the next step they give.
    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_compact_config(folder, name, mend)
    try:
        state = load_file(folder / WEIGHTS)
        words = (folder / TOKENIZER).read_text("utf-8")
        if "model" not in json.loads(words):
            raise ValueError("tokenizer.json holds no tokenizer")
    except (OSError, ValueError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    model = Compact.unfilled(config)
    state[TIED] = state.get("language.model.embed_tokens.weight", torch.empty(0))
    try:
        model.load_state_dict(state)  # float16 becomes float32 on the way
    except RuntimeError as error:
        raise RsvlmError(
            "model_failed", f"The weights of the model {name} do not fit its configuration.", mend
        ) from error
    model.language.tie_weights()
    return model.eval(), Tokenizer.from_str(words)
