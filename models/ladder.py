"""What happens when memory runs out while a model works: give up what can be had again, then smaller batches, then words."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rsvlm.models.memory import free_bytes, in_units
from rsvlm.protocol import RsvlmError

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50, "e": 2**60}
_ASKED = re.compile(r"allocate:? ([\d.]+) ?([KMGTPE]?)i?B?", re.IGNORECASE)  # torch on CPU and CUDA, numpy
# The last one is what oneDNN says when it cannot have memory for a convolution.
_SHORT = re.compile(
    r"can't allocate memory|not enough memory|out of memory|ALLOC_FAILED|could not create a (primitive|memory object)",
    re.IGNORECASE,
)


def climb(
    work: Callable[[Sequence[Any]], Iterable[Any]], rows: Sequence[Any], relieve: Callable[[], None], device: str
) -> list[Any]:
    """work(rows), again after `relieve` if memory runs out, then in halves down to single rows.

    Raises RsvlmError (out_of_memory) when one row is too much, and whatever else `work` raises.
    """
    results: list[Any] = []
    step, relieved = len(rows), False
    while len(results) < len(rows):
        try:
            results.extend(work(rows[len(results) : len(results) + step]))
            continue
        except (MemoryError, RuntimeError) as error:
            lacking = shortage(error, device)
            if lacking is None:
                raise
        # Out here the error is gone, and with it the frames that held the tensors of the attempt.
        if not relieved:
            relieve()
            relieved = True
        elif step > 1:
            step = (step + 1) // 2
        else:
            raise lacking
    return results


def shortage(error: BaseException, device: str, what: str = "The model") -> RsvlmError | None:
    """`error` in words with figures if memory was lacking: Python's, numpy's, or torch's on any device; else None."""
    torch = sys.modules.get("torch")
    typed = isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError))
    if not typed and not (isinstance(error, RuntimeError) and _SHORT.search(str(error))):
        return None
    asked = _ASKED.search(str(error))
    needed = int(float(asked[1]) * _UNITS[asked[2].lower()]) if asked else None
    return out_of_memory(needed, free_bytes(device), what)


def out_of_memory(needed: int | None, free: int, what: str) -> RsvlmError:
    """`what` needs so many bytes; None where nothing told how many were asked for."""
    amount = f"{in_units(needed)} of memory" if needed else "more memory than there is"
    details = {"free_bytes": float(free)} | ({"needed_bytes": float(needed)} if needed else {})
    return RsvlmError(
        "out_of_memory",
        f"{what} needs {amount}; {in_units(free)} are free.",
        "Close other programs that use much memory, choose a smaller model or a smaller extent.",
        details,
    )
