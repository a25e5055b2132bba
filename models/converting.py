"""Reads weights from elsewhere, in a process of its own that can do nothing else; run by importing.py.

python -m rsvlm.models.converting WEIGHTS FOLDER FAMILY     with config.json and tokenizer.json already in FOLDER

WEIGHTS is a file, or the folder of a model in several (see releases.py).

Writes FOLDER/model.safetensors and prints one line of JSON: {"report", "card"} or {"error"}. Before it opens the file it
gives up the network, other programs, writing outside FOLDER, and most of the address space: should a pickle get around
weights_only, there is little that it could do.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from pickle import UnpicklingError  # nosec B403 # the name of an error
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from rsvlm.models.releases import files_beside, files_of_release, named_weights, release_of
from rsvlm.protocol import RsvlmError

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


def main(weights: Path, folder: Path, family: str) -> dict[str, Any]:
    """What importing.py reads."""
    try:
        release = release_of(family)
        convert = release.function(f"convert_{family}")
        many = release.lies_in(weights)
        parts = files_of_release(weights, family) if many else files_beside(weights, family)
        whole = [weights] if weights.is_file() else [] if many else named_weights(weights)
        confine(folder, *whole, *(file for files in parts.values() for file in files))
        found = {
            f"{name}{'/' if many else '.'}{key}": tensor
            for name, files in parts.items()
            for file in files
            for key, tensor in read_tensors(file, numbered=many).items()
        }
        for file in whole:
            pickled = release.pickled and file.suffix != ".safetensors"
            found |= release.function("read_release")(file) if pickled else read_tensors(file)
        converted: dict[str, Any] = convert(folder, found)
        return converted
    except RsvlmError as error:
        return error.to_json()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
