"""Reads weights from elsewhere, in a process of its own that can do nothing else; run by importing.py.

python -m rsvlm.models.converting WEIGHTS FOLDER FAMILY     with config.json and tokenizer.json already in FOLDER

WEIGHTS is a file, or the folder of a family that is released in many.

Writes FOLDER/model.safetensors and prints one line of JSON: {"report", "card"} or {"error"}. Before it opens the file it
gives up the network, other programs, writing outside FOLDER, and most of the address space: should a pickle get around
weights_only, there is little that it could do.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError  # nosec B403 # the name of an error
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsvlm.models.cards import get_card
from rsvlm.models.comparing import compare
from rsvlm.models.families.compact import Compact
from rsvlm.models.families.deltavlm_files import convert_deltavlm
from rsvlm.models.families.geoclip_files import convert_geoclip
from rsvlm.models.families.geopix_files import convert_geopix
from rsvlm.models.families.geopix_keys import PLACES as GEOPIX_PLACES
from rsvlm.models.weights import TIED, WEIGHTS, halved, load_compact, read_compact_config
from rsvlm.protocol import RsvlmError

READABLE = (".safetensors", ".pt", ".pth", ".bin")
HARMLESS = {"os.listdir", "os.scandir", "os.walk", "os.putenv", "os.unsetenv", "os.add_dll_directory"}
WRAPPERS = ("model", "state_dict")  # where a trainer's checkpoint keeps the weights, beside the state of the training
COPIES = 4  # of the weights at most in memory: read, converted, written
WORKING = 2 * 2**30  # bytes beside them


def confine(folder: Path, *weights: Path) -> None:
    """From now on: no network, no other program, no file written but below `folder`, and not more memory than it takes."""
    sys.dont_write_bytecode = True
    inside = str(folder.resolve()) + os.sep

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        kind = event.partition(".")[0]
        if kind in ("socket", "subprocess", "shutil") or (kind == "os" and event not in HARMLESS):
            raise PermissionError(f"{event} is not allowed here")
        if event == "open":
            path, _, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            if writes and not os.path.abspath(os.fsdecode(path)).startswith(inside):
                raise PermissionError("writing is not allowed here")

    _limit_memory(COPIES * sum(file.stat().st_size for file in weights) + WORKING)
    sys.addaudithook(refuse)


def _limit_memory(more: int) -> None:
    """Bytes of address space beyond what is taken now. Only Linux tells that and keeps to it."""
    if sys.platform == "linux":
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = taken + more if hard == resource.RLIM_INFINITY else min(hard, taken + more)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def read_tensors(path: Path, numbered: bool = False) -> dict[str, Tensor]:
    """The tensors of a file by key, or by their numbers if it may hold a list.

    Raises RsvlmError (model_failed) for a file that holds anything but data.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise RsvlmError(
            "model_failed",
            f"The file {path.name} holds program code or is damaged, so it is not read.",
            "Ask its authors for a file that holds tensors alone, best as safetensors.",
        ) from error
    except SafetensorError as error:
        raise RsvlmError("model_failed", f"The file {path.name} is damaged.", "Get it again.") from error
    if numbered and isinstance(content, list):
        content = dict(enumerate(content))
    if not isinstance(content, dict):
        raise RsvlmError("model_failed", f"The file {path.name} holds no weights by name.", "Save a state dict.")
    for wrapper in WRAPPERS:
        content = content[wrapper] if isinstance(content.get(wrapper), dict) else content
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor) and not value.is_sparse}


def convert_compact(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """Checkpoints of the trainer hold the model inside its lessons, and these inside their average."""
    config = read_compact_config(folder, "to import", "Give the one that the weights were trained with.")
    ours = {key.removeprefix("module.").removeprefix("model."): tensor for key, tensor in found.items()}
    ours.pop(TIED, None)
    with torch.device("meta"):
        expected = {key: tensor for key, tensor in Compact(config).state_dict().items() if key != TIED}
    report = compare(ours, expected)
    if not report["missing"] and not report["other_shape"]:
        save_file(halved({key: ours[key] for key in expected}), folder / WEIGHTS)
        load_compact(folder)  # what cannot be loaded is not brought in
    like = get_card(None)
    fields = like.model_dump(mode="json", include={"tasks", "prompt_template", "box_convention", "input"})
    numbers = sum(tensor.numel() for tensor in expected.values())
    known = {phrase: [name for name in names if name in config.scenes] for phrase, names in like.groups.items()}
    fields |= {
        "scenes": {name: like.scenes.get(name, name) for name in config.scenes},
        "groups": {phrase: names for phrase, names in known.items() if names},
        "memory_bytes": 5 * numbers + 64 * 2**20,  # float32, and a quarter more to work with
    }
    return {"report": report, "card": fields}


# A family's function gets the folder with its texts and the tensors under their official keys; it writes ours.
CONVERTERS: dict[str, Callable[[Path, dict[str, Tensor]], dict[str, Any]]] = {"compact": convert_compact}
CONVERTERS["deltavlm"] = convert_deltavlm
CONVERTERS["geoclip"] = convert_geoclip
CONVERTERS["geopix"] = convert_geopix

# Folders beside a family's weights with parts that a released checkpoint leaves out. Their keys begin with the folder's name.
PARTS: dict[str, tuple[str, ...]] = {"deltavlm": ("visual_encoder", "llm_model")}


def parts_beside(weights: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights in each of these folders."""
    folders = {name: weights.parent / name for name in PARTS.get(family, ()) if (weights.parent / name).is_dir()}
    return {
        name: [file for file in sorted(folder.iterdir()) if file.suffix in READABLE] for name, folder in folders.items()
    }


# Files and folders of a family that is released in many. Their keys begin with the name of the file or folder and a slash.
PLACES: dict[str, tuple[str, ...]] = {"geopix": GEOPIX_PLACES}


def files_of_release(release: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights at each of these places; safetensors alone where a folder has both kinds."""
    found = {}
    for name in PLACES.get(family, ()):
        place = release / name
        inside = [file for file in sorted(place.iterdir()) if file.suffix in READABLE] if place.is_dir() else [place]
        safe = [file for file in inside if file.suffix == ".safetensors"]
        found[name] = [file for file in safe or inside if file.is_file()]
    return found


def main(weights: Path, folder: Path, family: str) -> dict[str, Any]:
    """What importing.py reads."""
    try:
        if family not in CONVERTERS:
            known = ", ".join(CONVERTERS)
            raise RsvlmError(
                "bad_request", f"Models of the family “{family}” cannot be imported.", f"Families: {known}."
            )
        whole = weights.is_file()
        parts = parts_beside(weights, family) if whole else files_of_release(weights, family)
        confine(folder, *([weights] if whole else ()), *(file for files in parts.values() for file in files))
        found = {
            f"{name}{'.' if whole else '/'}{key}": tensor
            for name, files in parts.items()
            for file in files
            for key, tensor in read_tensors(file, numbered=not whole).items()
        }
        return CONVERTERS[family](folder, found | (read_tensors(weights) if whole else {}))
    except RsvlmError as error:
        return error.to_json()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
