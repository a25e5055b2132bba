"""Recorded runs of released code, run again by ours: which there are in a folder, and how far apart the two are.

Such a folder holds a folder for each kind of case, which holds a folder for each case (meta.json, inputs, outputs and most
often weights), or files of words. Knows names and files, no networks: what runs a case again is imported when its turn comes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from rsvlm.protocol import RsvlmError

BAR = 1e-4  # largest absolute difference that rounding in float32 explains
REPLAYS = {
    "deltavlm_full/released_checkpoint_layout": "models.golden_layouts",
    "deltavlm_full": "models.families.deltavlm.golden",
    "deltavlm_mask_decoder": "models.families.deltavlm.golden",
    "fromage": "models.families.capret.golden",
    "geopix_full_tiny": "models.families.geopix.golden",
    "geopix_seg_real_dims": "models.families.geopix.golden",
    "georsclip": "models.families.geoclip.golden",
    "minigptv2_skyeyegpt/released_checkpoint_layout": "models.golden_layouts",
    "minigptv2_skyeyegpt": "models.families.skyeye.golden",
    "mmodalcc": "models.families.mmodalcc.golden",
    "mmodalcc_real_dims": "models.families.mmodalcc.golden",
    "rsmoe_shareexpert": "models.families.rsmoe.golden",
    "skyscript": "models.families.geoclip.golden",
    "text/deltavlm_text_processor": "models.golden_texts",
    "text/geopix_prompts": "models.golden_texts",
}  # kind of case, or a file of words -> the module with replay(case) -> {output: largest absolute difference}
UNKNOWN = "No part of rsvlm knows this kind of case."
BROKEN = (
    ArithmeticError, AttributeError, LookupError, OSError, RsvlmError, RuntimeError, SafetensorError, StopIteration,
    TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """A case that was run again.

    name: kind/case. difference: the largest of all outputs, None where the case failed; error: then why, in a sentence.
    worst: the output with it. not_compared: recorded tensors that nothing of ours was held against.
    """

    name: str
    difference: float | None
    worst: str = ""
    not_compared: tuple[str, ...] = ()
    error: str = ""

    @property
    def met(self) -> bool:
        return self.difference is not None and self.difference <= BAR

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"name": self.name, "max_abs_difference": self.difference}
        if self.error:
            return told | {"error": self.error}
        return told | {"worst": self.worst, "not_compared": list(self.not_compared)}


def find_cases(folder: Path, replays: Mapping[str, str]) -> tuple[dict[str, Path], dict[str, str]]:
    """Name -> place of the cases that `replays` covers, and name -> reason of those that nothing covers.

    Raises RsvlmError (bad_request) where there is no case to run.
    """
    if not folder.is_dir():
        raise RsvlmError("bad_request", f"{folder} is not a folder.", "Name the folder that holds the recorded cases.")
    cases, others = {}, {}
    for place in _places(folder, replays):
        name = place.relative_to(folder).as_posix()
        name = name if place.is_dir() else name.removesuffix(".json")
        if _module(name, replays):
            cases[name] = place
        else:
            others[name] = UNKNOWN
    if not cases:
        hint = "It has to hold a folder for each kind of case, such as deltavlm_full, and that one for each case."
        raise RsvlmError("bad_request", f"{folder} holds no recorded case that can be run again.", hint)
    return cases, others


def play(name: str, case: Path, replays: Mapping[str, str]) -> Played:
    """Run one case again; one that cannot be run is told, not raised."""
    try:
        differences: dict[str, float] = import_module(f"rsvlm.{_module(name, replays)}").replay(case)
        unheard = _recorded(case) - set(differences)
    except BROKEN as error:
        said = " ".join(str(error).split())[:300]
        return Played(name, None, error=f"The case could not be run: {type(error).__name__}: {said}".rstrip(": ."))
    if not differences:
        return Played(name, None, error="Nothing of the case could be compared.")
    infinite = [output for output, difference in differences.items() if not math.isfinite(difference)]
    if infinite:
        return Played(name, None, error=f"Not a number where one was recorded, or the reverse: {', '.join(infinite)}.")
    worst = max(differences, key=lambda output: differences[output])
    return Played(name, float(differences[worst]), worst, tuple(sorted(unheard)))


def _places(folder: Path, replays: Mapping[str, str]) -> Iterator[Path]:
    """Folders of cases, also of a covered kind without meta.json, and files of words; tokenizers belong to the cases."""
    for place in sorted(folder.glob("*/*")):
        covered = place.parent.name in replays
        if place.suffix == ".json" or (place.is_dir() and (covered or (place / "meta.json").is_file())):
            yield place


def _module(name: str, replays: Mapping[str, str]) -> str | None:
    if name in replays:
        return replays[name]
    return replays.get(name.partition("/")[0])


def _recorded(case: Path) -> set[str]:
    """Names of recorded outputs; none for words, and where figures stand in meta.json."""
    file = case / "outputs.safetensors"
    if not file.is_file():
        return set()
    with safe_open(str(file), "numpy") as outputs:
        return set(outputs.keys())
