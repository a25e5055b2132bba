"""The tensors of a checkpoint that was pickled as whole modules, by the names that lead to them.

Neither the classes of the modules are needed, nor is anything of the file run (see inert_pickle.py). Used in the process of
converting.py. Knows how torch.save writes, and nothing of any model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import torch
from torch import Tensor

from rsvlm.models.inert_pickle import WRONG, Machine, Record
from rsvlm.protocol import RsvlmError

MOST_MODULES, DEEPEST = 100_000, 64  # of one file; one that refers to itself in circles would have no end
DTYPES = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """A file of numbers inside the checkpoint."""

    dtype: torch.dtype
    key: str


@dataclass(frozen=True)
class Stored:
    """A tensor that is still on disk; offset and strides in numbers."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def _storage(persistent: Any) -> Storage:
    """persistent: ("storage", type, key, device, count)."""
    kind, storage, key, _, _ = persistent
    if kind != "storage" or not str(key).isalnum():
        raise ValueError("no storage")
    return Storage(DTYPES[storage.name.rpartition(".")[2]], str(key))


def _stored(arguments: Any) -> Stored:
    storage, offset, size, stride, *_ = arguments
    if not isinstance(storage, Storage):
        raise ValueError("a tensor of nothing")
    return Stored(storage, offset, tuple(size), tuple(stride))


def _first(arguments: Any) -> object:
    return arguments[0]


MAKERS = {
    "torch._utils._rebuild_tensor_v2": _stored,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch.Size": _first,
}


def read_modules(path: Path, numbers: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """The tensors of a pickled dictionary of modules, state dicts or tensors, each under the names that lead to it.

    numbers: names of whole numbers that modules keep; they are given as tensors without axes, under their names as well.
    Raises RsvlmError (model_failed) for a file that is damaged or not of this kind.
    """
    try:
        with ZipFile(path) as archive:
            content = Machine(MAKERS, _storage).run(_member(archive, "data.pkl"))
            if not isinstance(content, dict):
                raise ValueError("no dictionary")
            return {key: _tensor(archive, value) for key, value in _flat(content, numbers)}
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, *WRONG) as error:
        raise RsvlmError(
            "model_failed",
            f"The file {path.name} is damaged, or not a checkpoint of modules as torch has written it since version 1.6.",
            "Get it again, or ask its authors for safetensors.",
        ) from error


def _member(archive: ZipFile, name: str) -> bytes:
    """One file of the checkpoint: data.pkl is the pickle, data/KEY a storage."""
    root = archive.namelist()[0].partition("/")[0]
    entry = archive.getinfo(f"{root}/{name}")
    if entry.compress_type != ZIP_STORED:
        raise ValueError("torch compresses nothing; what is compressed could be larger than the memory")
    return archive.read(entry)


def _flat(content: dict[Any, Any], numbers: tuple[str, ...]) -> Iterator[tuple[str, Stored | int]]:
    """Every tensor that has a name, and the numbers that are wanted."""
    for key, value in content.items():
        if isinstance(value, Stored):
            yield str(key), value
        elif isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items() if isinstance(inner, Stored))
        elif isinstance(value, Record):
            for prefix, state in _modules(str(key), value):
                hidden = state.get("_non_persistent_buffers_set") or ()
                tensors = {**state["_parameters"], **state["_buffers"]}
                named = {name: tensors[name] for name in tensors if name not in hidden}
                named |= {name: state[name] for name in numbers if isinstance(state.get(name), int)}
                yield from (
                    (f"{prefix}.{name}", inner) for name, inner in named.items() if isinstance(inner, (Stored, int))
                )


def _modules(key: str, record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    """A module and all below it: the names that lead there, and what it keeps."""
    waiting, count = [(key, record)], 0
    while waiting:
        prefix, current = waiting.pop()
        state = current.state
        if not isinstance(state, dict) or not {"_parameters", "_buffers", "_modules"} <= state.keys():
            continue
        yield prefix, state
        below = [(f"{prefix}.{name}", inner) for name, inner in state["_modules"].items() if isinstance(inner, Record)]
        waiting += reversed(below)
        count += 1
        if count > MOST_MODULES or prefix.count(".") > DEEPEST:
            raise ValueError("modules without end")


def _tensor(archive: ZipFile, stored: Stored | int) -> Tensor:
    if isinstance(stored, int):
        return torch.tensor(stored)
    sizes = (stored.offset, *stored.size, *stored.stride)
    if any(type(number) is not int or number < 0 for number in sizes) or len(stored.size) != len(stored.stride):
        raise ValueError("a tensor of no possible size")
    if 0 in stored.size:
        return torch.empty(stored.size, dtype=stored.storage.dtype)
    content = bytearray(_member(archive, f"data/{stored.storage.key}"))
    numbers = torch.frombuffer(content, dtype=stored.storage.dtype)
    last = stored.offset + sum((side - 1) * step for side, step in zip(stored.size, stored.stride, strict=True))
    if last >= len(numbers) or math.prod(stored.size) > len(numbers):
        raise ValueError("a tensor beyond its storage")
    return numbers.as_strided(stored.size, stored.stride, stored.offset).contiguous()
