"""Bring in a model of transformers from the folder that it was released as: what is data of it, looked through and compared.

Weights are copied as they are, without being read into memory. Knows files; nothing of pictures or questions.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from transformers import AutoModelForImageTextToText

from rsvlm.models.cards import FILE
from rsvlm.models.families.huggingface.files import BROKEN, LARGE, architecture_of, not_of_this_kind, offline
from rsvlm.models.families.huggingface.processors import LOCAL, SECOND_TOKENIZER
from rsvlm.models.families.huggingface.sam import NETWORKS
from rsvlm.models.families.huggingface.words import card_fields
from rsvlm.models.safety import check_folder, read_config
from rsvlm.protocol import RsvlmError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MEND = "Get the folder again, as it is on the hub."


def take_in(release: Path, stage: Path, name: str) -> dict[str, Any]:
    """Copy what `release` has of a model into `stage`, an empty folder, and say how its weights fit.

    Returns "report" (missing, unexpected, other_shape), "card" (what a card says beside id, files and terms) and "files".
    Raises RsvlmError: bad_request where there are no safetensors, model_failed for what is broken, refused or names code.
    """
    if not release.is_dir():
        raise RsvlmError(
            "bad_request", f"{release} is no folder.", "Give the folder of the model, as it is on the hub."
        )
    check_folder(release, name, MEND)
    kind = _network_of(release, name)
    for file in _files(release, name):
        (stage / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release / file, stage / file)
    try:
        with offline():  # no weight is read: names and shapes are compared
            network, told = kind.from_pretrained(
                stage,
                device_map="meta",
                ignore_mismatched_sizes=True,
                use_safetensors=True,
                output_loading_info=True,
                **LOCAL,
            )
    except BROKEN as error:
        raise RsvlmError(
            "model_failed", f"The files of the model {name} are broken or do not fit together.", MEND
        ) from error
    other = [{"key": key, "found": list(had), "expected": list(wanted)} for key, had, wanted in told["mismatched_keys"]]
    numbers = sum(tensor.numel() for tensor in network.parameters())
    fields = card_fields(network.config.model_type, _pixels(network.config))
    if architecture_of(stage, name, MEND) in NETWORKS:
        fields |= {"tasks": [], "prompt_template": "boxes and points", "dialogue": False}
    return {
        "report": {
            "missing": sorted(told["missing_keys"]),
            "unexpected": sorted(told["unexpected_keys"]),
            "other_shape": sorted(other, key=lambda entry: entry["key"]),
        },
        "card": fields | {"memory_bytes": (5 * numbers if numbers < LARGE else 5 * numbers // 2) + 64 * 2**20},
        "files": _files(stage, name),
    }


def _network_of(release: Path, name: str) -> Any:
    architecture = architecture_of(release, name, MEND)
    if architecture in NETWORKS:
        return NETWORKS[architecture]
    not_of_this_kind(architecture, name, MEND)
    return AutoModelForImageTextToText


def _pixels(config: Any) -> int:
    """Along the longer side of what the network sees at once; a usual number where it takes any size."""
    parts: list[Any] = [getattr(config, part, None) for part in ("prompt_encoder_config", "vision_config")]
    size = next((part.image_size for part in parts if getattr(part, "image_size", None)), 448)
    return int(size if isinstance(size, int) else max(size))


def _files(folder: Path, name: str) -> list[str]:
    """Names of what belongs to the model: texts, and the weights that its index names or the one file that it has."""
    if (folder / INDEX).is_file():
        weights = {str(file) for file in read_config(folder / INDEX, name, MEND).get("weight_map", {}).values()}
    else:
        weights = {WEIGHTS}
    if not weights or not all(re.match(FILE, file) and (folder / file).is_file() for file in weights):
        raise RsvlmError(
            "bad_request",
            f"The folder {folder} holds no weights as safetensors, or not all of them.",
            f"There should be a {WEIGHTS}, or an {INDEX} and the files that it names.",
        )
    texts = [path.relative_to(folder).as_posix() for path in (*folder.iterdir(), *folder.glob(f"{SECOND_TOKENIZER}/*"))]
    return sorted({*weights, *(file for file in texts if re.match(FILE, file) and not file.endswith(".safetensors"))})
