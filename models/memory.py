"""How much memory a model will need, and how much there is. Imports torch only to ask a GPU."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from safetensors import SafetensorError, safe_open

if TYPE_CHECKING:
    from rsvlm.models.cards import ModelCard

NUMBER_BYTES = 4  # of a weight once loaded, float32, however it is stored
HALF_BYTES = 2  # of one of a large model, in bfloat16
LARGE_BYTES = 2 * 10**9  # of files, from which on a model is large; see load() of the families
ALWAYS_FLOAT32 = ("compact", "geoclip", "mmodalcc")
WORKING_SHARE = 0.25  # of the weights, for what a batch needs while it runs
WORKING_BYTES = 64 * 2**20  # more, for any model

CGROUPS = Path("/sys/fs/cgroup")
# A container's limit, its use, and the line of memory.stat that tells what of it can be had at once: versions 2 and 1.
# Last names of what is measured and not learnt: by batch normalisation, and by the bundled family of its training pictures.
STATISTICS = ("running_mean", "running_var", "num_batches_tracked", "anchors")
_CGROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def predicted_bytes(card: ModelCard) -> int:
    """What a model takes once loaded and at work: from its files where they are, else what its card says."""
    if not card.installed:
        return card.memory_bytes
    halved = card.size_bytes > LARGE_BYTES and card.family not in ALWAYS_FLOAT32
    number = HALF_BYTES if halved else NUMBER_BYTES
    return int(_numbers(card) * number * (1 + WORKING_SHARE)) + WORKING_BYTES


def parameters(card: ModelCard) -> int:
    """How many numbers of an installed model are learnt: all but statistics of what it has seen."""
    return _numbers(card, but=STATISTICS)


def _numbers(card: ModelCard, but: tuple[str, ...] = ()) -> int:
    files = [file for file in card.source.files if file.name.endswith(".safetensors")]
    return sum(_numbers_in(card.folder / file.name, file.size_bytes, but) for file in files)


def _numbers_in(path: Path, stored: int, but: tuple[str, ...]) -> int:
    """stored: bytes of the file. but: last names of weights that are left out."""
    try:
        with safe_open(path, "np") as file:
            names = file.keys()
            learnt = [name for name in names if name.rpartition(".")[2] not in but]
            return sum(math.prod(file.get_slice(name).get_shape()) for name in learnt)
    except (OSError, SafetensorError):  # broken, or gone meanwhile: loading will say so
        return stored // NUMBER_BYTES


def free_bytes(device: str) -> int:
    """What can still be had on "cpu" or "cuda" without taking it from other programs."""
    if device == "cuda":
        import torch

        # torch keeps memory that it does not use; for us that is free as well
        return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    return int(min(psutil.virtual_memory().available, *map(_left_bytes, _cgroups())))


def _cgroups() -> Iterator[Path]:
    """Folders of the groups that this process belongs to, each within the next; none but on Linux."""
    memberships = Path("/proc/self/cgroup")
    for line in memberships.read_text().splitlines() if memberships.exists() else []:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            root = CGROUPS / controllers
            yield from (root.joinpath(*parts) for parts in _shortening(Path(path).parts[1:]))


def _shortening(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield from (parts[:length] for length in range(len(parts), -1, -1))


def _left_bytes(group: Path) -> float:
    """What a container leaves to its processes; infinite where it sets no limit."""
    left = math.inf
    for limit, used, cache in _CGROUP_FILES:
        try:
            most = (group / limit).read_text().strip()
            taken = int((group / used).read_text())
            stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        except OSError:
            continue
        if most != "max":
            left = min(left, max(0, int(most) - taken + int(stat.get(cache, 0))))
    return left


def in_units(size: float) -> str:
    """ "380 MB" or "2.4 GB"."""
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"
