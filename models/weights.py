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

from rsvlm.models.families.compact import Compact, CompactConfig
from rsvlm.protocol import RsvlmError


def save_compact(folder: Path, model: Compact, tokenizer: Tokenizer) -> None:
    """Write model.safetensors (float16), config.json and tokenizer.json into `folder`, replacing what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    tied = "language.lm_head.weight"  # the same tensor as the input embeddings
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
        if name != tied
    }
    save_file(state, folder / "model.safetensors.part")
    (folder / "model.safetensors.part").replace(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(model.config), indent=1) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def load_compact(folder: Path) -> tuple[Compact, Tokenizer]:
    """The model in float32 and evaluation mode, and its tokenizer.

    Raises RsvlmError (model_failed) when files are missing or do not fit each other.
    """
    try:
        config = TypeAdapter(CompactConfig).validate_json((folder / "config.json").read_bytes())
        state = load_file(folder / "model.safetensors")
        words = (folder / "tokenizer.json").read_text("utf-8")
        if "model" not in json.loads(words):
            raise ValueError("tokenizer.json holds no tokenizer")
    except (OSError, ValueError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The model in {folder} is incomplete.", "Install it again.") from error
    model = Compact(config)
    float32 = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    float32["language.lm_head.weight"] = float32.get("language.model.embed_tokens.weight", torch.empty(0))
    try:
        model.load_state_dict(float32)
    except RuntimeError as error:
        raise RsvlmError(
            "model_failed", f"The weights in {folder} do not fit the model.", "Install it again."
        ) from error
    model.language.tie_weights()
    return model.eval(), Tokenizer.from_str(words)
