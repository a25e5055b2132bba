"""CLIP on disk: safetensors under open_clip's names; the card has what they do not tell. Reads the released layouts.

`convert_geoclip` runs in the process of converting.py. Knows files; nothing of pictures.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from open_clip.model import resize_pos_embed
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsvlm.models.cards import Clip, ModelCard
from rsvlm.models.comparing import compare
from rsvlm.models.families.geoclip.keys import official_keys
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.families.geoclip.releases import SKYSCRIPT
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

WEIGHTS, CONFIG, HUB_CONFIG = "model.safetensors", "config.json", "open_clip_config.json"
POSITIONS = "visual.positional_embedding"
EXAMPLE = 'for example {"architecture": "ViT-B-32", "quick_gelu": true}'
MEND = "Give the one that the weights were trained with."


def save_geoclip(folder: Path, config: GeoClipConfig, state: Mapping[str, Tensor], named: bool) -> tuple[str, ...]:
    """Write the weights in their own precision, and the sizes unless the architecture is `named` in the card.

    folder: one that nobody reads yet. Returns the names of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.contiguous() for key, tensor in state.items()}, folder / WEIGHTS)
    if named:
        return (WEIGHTS,)
    (folder / CONFIG).write_bytes((json.dumps(config.to_open_clip(), indent=1) + "\n").encode())
    return WEIGHTS, CONFIG


def load_geoclip(card: ModelCard) -> tuple[GeoClip, Clip]:
    """The model in float32 and evaluation mode, and how its classes are named.

    Raises RsvlmError (model_failed) when the card does not say what it has to, or files are missing, broken or do not fit.
    """
    clip = card.clip
    if clip is None:
        raise RsvlmError("model_failed", f"The card of {card.id} has no [clip], which its family needs.", card.mend)
    if clip.architecture:
        config = _config({"architecture": clip.architecture, "quick_gelu": clip.quick_gelu}, card.id, card.mend)
    else:
        content = read_config(card.folder / CONFIG, card.id, card.mend)
        config = _config(content | {"quick_gelu": clip.quick_gelu}, card.id, card.mend)
    try:
        state = official_keys(load_file(card.folder / WEIGHTS))
    except (OSError, SafetensorError) as error:
        raise RsvlmError(
            "model_failed", f"The files of the model {card.id} are missing or broken.", card.mend
        ) from error
    model = GeoClip.unfilled(config)
    try:
        model.load_state_dict(
            {
                key: tensor.float() if tensor.is_floating_point() else tensor
                for key, tensor in with_positions(state, model).items()
            },
            assign=True,
        )
    except RuntimeError as error:
        raise RsvlmError(
            "model_failed", f"The weights of the model {card.id} do not fit its architecture.", card.mend
        ) from error
    return model.eval(), clip


def with_positions(state: dict[str, Tensor], model: GeoClip) -> dict[str, Tensor]:
    """The same weights for the pictures of `model`: places of patches that were learnt for pictures of another size are
    interpolated, as SkyScript's loader and open_clip's do.
    """
    learnt, wanted = state.get(POSITIONS), model.state_dict().get(POSITIONS)
    if learnt is None or wanted is None or learnt.ndim != 2 or learnt.shape[1] != wanted.shape[1]:
        return state
    if len(learnt) == len(wanted) or math.isqrt(len(learnt) - 1) ** 2 != len(learnt) - 1:
        return state
    found = state | {POSITIONS: learnt.float()}
    resize_pos_embed(found, model)
    return found | {POSITIONS: found[POSITIONS].to(learnt.dtype)}


def convert_geoclip(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """What importing.py reads: a report of keys, the fields of the card, and the files. Writes the model if the keys fit.

    folder: holds config.json, with {"architecture", "quick_gelu"} or in open_clip's words, perhaps with "averaging" and
    "templates" (without these, those of SkyScript), or open_clip_config.json as open_clip's own models come with.
    Raises RsvlmError: bad_request without either, since weights do not tell their activation; model_failed (of others).
    """
    content = _told(folder)
    ways = {key: content.pop(key) for key in ("averaging", "templates") if key in content}
    config = _config(content, "to import", MEND)
    architecture = content.get("architecture")
    try:
        clip = Clip.model_validate(
            {"averaging": "unit", "templates": SKYSCRIPT}
            | ways
            | {"architecture": architecture, "quick_gelu": config.quick_gelu}
        )
    except ValidationError as error:
        raise RsvlmError("model_failed", "Averaging or templates of the model are not of its family.", MEND) from error
    model = GeoClip.unfilled(config)
    state, expected = with_positions(official_keys(found), model), model.state_dict()
    report = compare(state, expected)
    files: tuple[str, ...] = ()
    if not report["missing"] and not report["other_shape"]:
        files = save_geoclip(folder, config, {key: state[key] for key in expected}, architecture is not None)
    numbers = sum(tensor.numel() for tensor in expected.values())
    return {"report": report, "card": _fields(config, clip, numbers), "files": list(files)}


def _told(folder: Path) -> dict[str, Any]:
    for name in (CONFIG, HUB_CONFIG):
        if (folder / name).is_file():
            content = read_config(folder / name, "to import", MEND)
            own = content.get("model_cfg")
            return dict(own) if isinstance(own, dict) else content
    raise RsvlmError(
        "bad_request",
        "These weights do not tell which activation they were trained with, and the wrong one makes them worse unseen.",
        f"Put a {CONFIG} beside them, {EXAMPLE}.",
    )


def _config(content: Mapping[str, Any], model: str, mend: str) -> GeoClipConfig:
    try:
        if "architecture" not in content:
            return GeoClipConfig.from_open_clip(content)
        if content.keys() != {"architecture", "quick_gelu"} or not isinstance(content["quick_gelu"], bool):
            raise ValueError("an architecture is given with quick_gelu, and nothing else")
        return GeoClipConfig.named(str(content["architecture"]), content["quick_gelu"])
    except ValueError as error:
        raise RsvlmError(
            "model_failed", f"The configuration of the model {model} is not one of the family geoclip: {error}.", mend
        ) from error


def _fields(config: GeoClipConfig, clip: Clip, numbers: int) -> dict[str, Any]:
    return {
        "clip": clip.model_dump(mode="json"),
        "tasks": ["embed", "classify", "localize"],
        "prompt_template": clip.templates[0],
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.1, 30.0],
            "sensors": ["optical"],
        },
        "memory_bytes": 5 * numbers + 64 * 2**20,  # float32, and a quarter more to work with
    }
