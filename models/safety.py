"""What the configuration of a model may hold: names and numbers, never the name of a program to be run. Imports no torch.

Released libraries have run code that such a file named (transformers: CVE-2026-4372, CVE-2026-5241). So every
configuration is looked through here before anything else reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rsvlm.protocol import RsvlmError

LARGEST = 4_000_000  # bytes of a configuration

# Keys that name or allow code from elsewhere, in whatever depth.
CODE_KEYS = {"auto_map", "custom_pipelines", "trust_remote_code"}
CODE_ENDING = "_implementation_internal"  # _attn_implementation_internal and its like
# Keys that name a module or kernel only by some of their values.
IMPLEMENTATIONS = {"attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation"}

# Architectures that transformers implements itself, with their parts (llava: llava_next as well).
_NAMES = """
    bart bert blip blip-2 blip_2 clip dinov2 florence florence2 gemma gemma2 gemma3 grounding-dino idefics2 idefics3
    instructblip internvl llama llava mistral mistral3 mixtral mpnet opt paligemma phi3 pixtral qwen2 qwen3 sam sam2 sam3
    siglip siglip2 smolvlm swin t5
"""
ARCHITECTURES = frozenset(_NAMES.split())


def read_config(path: Path, model: str, mend: str) -> dict[str, Any]:
    """The object in a configuration that names no code. model: its id, for the error; mend: the next step.

    Raises RsvlmError (model_failed) for a file that is missing, no JSON object, or names code or an unknown architecture.
    """
    broken = RsvlmError("model_failed", f"The file {path.name} of the model {model} is missing or broken.", mend)
    try:
        if path.stat().st_size > LARGEST:
            raise broken
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise broken from error
    if not isinstance(config, dict):
        raise broken
    for key, value in _entries(config):
        _refuse_code(key, value, path.name, model)
    return config


def check_folder(folder: Path, model: str, mend: str) -> None:
    """Look through every configuration of a model. Raises RsvlmError (model_failed) for one that may not be read.

    Vocabularies and tokenizers are not configurations: their keys are any words, and nothing in them is run.
    """
    for path in sorted(folder.glob("**/*config.json")):
        read_config(path, model, mend)


def _entries(value: object) -> Iterator[tuple[str, object]]:
    """Every key and its value, in whatever depth."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield from current.items()
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _refuse_code(key: str, value: object, file: str, model: str) -> None:
    named = key in CODE_KEYS or key.endswith(CODE_ENDING)
    named = named or (key == "auto_mapping" and bool(value))  # of adapters: a module to import
    named = named or (key in IMPLEMENTATIONS and isinstance(value, str) and not value.replace("_", "").isalnum())
    if named:
        raise RsvlmError(
            "model_failed",
            f"The model {model} is refused: {file} holds “{key}”, by which a model names program code to be run.",
            "Take a release of the model that needs no code of its own.",
        )
    if key == "model_type" and value and not _known(str(value)):
        raise RsvlmError(
            "model_failed",
            f"The model {model} is refused: rsvlm does not know its architecture “{str(value)[:60]}” ({file}).",
            "Take a model of a family that “rsvlm models import --help” names.",
        )


def _known(architecture: str) -> bool:
    words = architecture.split("_")
    return any("_".join(words[:count]) in ARCHITECTURES for count in range(1, len(words) + 1))
