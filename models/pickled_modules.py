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

from rsvlm.models.inert_pickle import WRONG, Machine, Record, Room
from rsvlm.protocol import RsvlmError

# Of one file; one that refers to itself, or to one thing in many places, would have no end.
MOST, LONGEST_NAME = 200_000, 1000  # things in modules; characters of all names that lead to one
MOST_AXES = 16
COPIES = 4  # how often a number may be read, or be in a tensor, in the mean of the file
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


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor that is still on disk; offset and strides in numbers."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def _storage(persistent: Any) -> Storage:
    """persistent: ("storage", type, key, device, count)."""
    kind, storage, key, _, _ = persistent
    if kind != "storage" or not isinstance(key, str) or not key.isalnum():
        raise ValueError("no storage")
    return Storage(DTYPES[storage.name.rpartition(".")[2]], key)


def _stored(arguments: Any) -> Stored:
    storage, offset, size, stride, *_ = arguments
    if not isinstance(storage, Storage):
        raise ValueError("a tensor of nothing")
    if not all(isinstance(sides, (tuple, list)) and len(sides) <= MOST_AXES for sides in (size, stride)):
        raise ValueError("a tensor without shape")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or any(type(number) is not int or not 0 <= number < 2**62 for number in numbers):
        raise ValueError("a tensor of no possible size")
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
            size = path.stat().st_size
            content = Machine(MAKERS, _storage).run(_member(archive, "data.pkl", Room(size)))
            if not isinstance(content, dict):
                raise ValueError("no dictionary")
            storages = _Storages(archive, size)
            return {
                name: torch.tensor(entry) if isinstance(entry, int) else storages.tensor(entry)
                for name, entry in _flat(content, numbers)
            }
    except (BadZipFile, MemoryError, NotImplementedError, RuntimeError, OSError, *WRONG) as error:
        raise RsvlmError(
            "model_failed",
            f"The file {path.name} is damaged, or not a checkpoint of modules as torch has written it since version 1.6.",
            "Get it again, or ask its authors for safetensors.",
        ) from error


def _member(archive: ZipFile, name: str, room: Room) -> bytes:
    """One file of the checkpoint: data.pkl is the pickle, data/KEY a storage. room: bytes of all that is read."""
    root = archive.namelist()[0].partition("/")[0]
    entry = archive.getinfo(f"{root}/{name}")
    if entry.compress_type != ZIP_STORED:
        raise ValueError("torch compresses nothing; what is compressed could be larger than the memory")
    room.take(entry.file_size)
    return archive.read(entry)


def _flat(content: dict[Any, Any], numbers: tuple[str, ...]) -> Iterator[tuple[str, Stored | int]]:
    """Every tensor that has a name, and the numbers that are wanted."""
    room = Room(MOST)
    for key, value in content.items():
        if isinstance(value, Stored):
            yield _joined(key), value
        elif isinstance(value, dict):
            room.take(len(value))
            yield from ((_joined(key, name), inner) for name, inner in value.items() if isinstance(inner, Stored))
        elif isinstance(value, Record):
            for prefix, state in _modules(_joined(key), value, room):
                hidden = state.get("_non_persistent_buffers_set")
                hidden = hidden if isinstance(hidden, (set, frozenset)) else ()
                tensors = {**state["_parameters"], **state["_buffers"]}
                named = {
                    name: inner for name, inner in tensors.items() if isinstance(inner, Stored) and name not in hidden
                }
                named |= {name: state[name] for name in numbers if type(state.get(name)) is int}
                yield from ((_joined(prefix, name), inner) for name, inner in named.items())


def _modules(key: str, record: Record, room: Room) -> Iterator[tuple[str, dict[str, Any]]]:
    """A module and all below it: the names that lead there, and what it keeps. room: for all of that."""
    waiting = [(key, record)]
    while waiting:
        prefix, current = waiting.pop()
        state = current.state
        if not isinstance(state, dict) or not {"_parameters", "_buffers", "_modules"} <= state.keys():
            continue
        room.take(1 + sum(len(state[name]) for name in ("_parameters", "_buffers", "_modules")))
        yield prefix, state
        below = [
            (_joined(prefix, name), inner) for name, inner in state["_modules"].items() if isinstance(inner, Record)
        ]
        waiting += reversed(below)


def _joined(*names: object) -> str:
    """The names that lead somewhere, with dots between them."""
    if not all(isinstance(name, (str, int)) for name in names):
        raise ValueError("no name")
    path = ".".join(map(str, names))
    if len(path) > LONGEST_NAME:
        raise ValueError("a name without end")
    return path


class _Storages:
    """The numbers of a checkpoint, each file of them read once. size: of the checkpoint in bytes."""

    def __init__(self, archive: ZipFile, size: int) -> None:
        self._archive, self._known = archive, dict[Storage, Tensor]()
        self._read, self._given = Room(COPIES * size), Room(COPIES * size)

    def tensor(self, stored: Stored) -> Tensor:
        """With numbers of its own. Raises ValueError for one that does not fit into its storage."""
        count = math.prod(stored.size)
        if count == 0:
            return torch.empty(stored.size, dtype=stored.storage.dtype)
        numbers = self._numbers(stored.storage)
        last = stored.offset + sum((side - 1) * step for side, step in zip(stored.size, stored.stride, strict=True))
        if last >= len(numbers) or count > len(numbers):
            raise ValueError("a tensor beyond its storage")
        self._given.take(count * numbers.itemsize)
        return numbers.as_strided(stored.size, stored.stride, stored.offset).clone(
            memory_format=torch.contiguous_format
        )

    def _numbers(self, storage: Storage) -> Tensor:
        if storage not in self._known:
            content = bytearray(_member(self._archive, f"data/{storage.key}", self._read))
            self._known[storage] = torch.frombuffer(content, dtype=storage.dtype)
        return self._known[storage]
