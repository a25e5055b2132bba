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
from rsvlm.models.families.huggingface.sam import MASKS, NETWORKS, sam_network
from rsvlm.models.families.huggingface.words import card_fields
from rsvlm.models.releases import INDEXES, WHOLE, indexed
from rsvlm.models.safety import check_folder
from rsvlm.protocol import RsvlmError

WEIGHTS, INDEX = WHOLE[0], INDEXES[0]
MEND = "Get the folder again, as it is on the hub."


def take_in(release: Path, stage: Path, name: str) -> dict[str, Any]:
    """Copy what `release` has of a model into `stage`, an empty folder, and say how its weights fit.

    A SAM in its folder `masks` comes along, to draw masks for the model's boxes. Returns "report" (missing, unexpected,
    other_shape), "card" (what a card says beside id, files and terms) and "files". Raises RsvlmError: bad_request where
    there are no safetensors, model_failed for what is broken, refused or names code.
    """
    if not release.is_dir():
        raise RsvlmError(
            "bad_request", f"{release} is no folder.", "Give the folder of the model, as it is on the hub."
        )
    check_folder(release, name, MEND)
    kind = _network_of(release, name)
    parts = {"": kind}
    if kind is AutoModelForImageTextToText and (release / MASKS / "config.json").is_file():
        parts[MASKS] = sam_network(release / MASKS, name, MEND)
    files = [f"{part}/{file}".lstrip("/") for part in parts for file in _files(release / part, name)]
    for file in files:
        (stage / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release / file, stage / file)
    report: dict[str, list[Any]] = {"missing": [], "unexpected": [], "other_shape": []}
    networks = [_compared(stage / part, own, f"{part}.".lstrip("."), name, report) for part, own in parts.items()]
    numbers = sum(tensor.numel() for network in networks for tensor in network.parameters())
    config = networks[0].config
    fields = card_fields(config.model_type, _pixels(config), outlines=MASKS in parts)
    if kind is not AutoModelForImageTextToText:
        fields |= {"tasks": ["refine"], "prompt_template": "boxes and points", "prompts": {}, "dialogue": False}
    memory = (5 * numbers if numbers < LARGE else 5 * numbers // 2) + 64 * 2**20
    return {"report": report, "card": fields | {"memory_bytes": memory}, "files": files}


def _compared(folder: Path, kind: Any, before: str, name: str, report: dict[str, list[Any]]) -> Any:
    """The network without its weights, whose misfits go into `report`. before: what their keys begin with there."""
    try:
        with offline():  # no weight is read: names and shapes are compared
            network, told = kind.from_pretrained(
                folder,
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
    for which in ("missing", "unexpected"):
        report[which] += [before + key for key in sorted(told[f"{which}_keys"])]
    report["other_shape"] += [
        {"key": before + key, "found": list(had), "expected": list(wanted)}
        for key, had, wanted in sorted(told["mismatched_keys"])
    ]
    return network


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
    """Names of what belongs to the model: texts, and the one file of weights that it has or those that its index names."""
    several = (folder / INDEX).is_file() and not (folder / WEIGHTS).is_file()  # transformers reads the one file rather
    weights = set(indexed(folder / INDEX)) if several else {WEIGHTS}
    if not all(re.match(FILE, file) and (folder / file).is_file() for file in weights):
        raise RsvlmError(
            "bad_request",
            f"The folder {folder} holds no weights as safetensors, or not all of them.",
            f"There should be a {WEIGHTS}, or an {INDEX} and the files that it names.",
        )
    texts = [path.relative_to(folder).as_posix() for path in (*folder.iterdir(), *folder.glob(f"{SECOND_TOKENIZER}/*"))]
    return sorted({*weights, *(file for file in texts if re.match(FILE, file) and not file.endswith(".safetensors"))})
