"""Which build of torch suits the machine, what it weighs, and why. Judges what nvidia-smi said; starts nothing.

The builds are those of torch 2.13: CUDA 13.0 for cards from Turing on, CUDA 12.6 for older cards and older drivers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional, Tuple

from ..translation import tr

WISHES = ("auto", "cpu", "cuda")
INDEX = "https://download.pytorch.org/whl"
CARD_QUERY = ("--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")

# The oldest driver, by platform, and the compute capabilities (from, below) that a build of torch runs on.
CUDA_BUILDS = (
    ("cu130", {"linux": (580,), "win32": (580,)}, (7.5, 99.0)),
    ("cu126", {"linux": (525, 60, 13), "win32": (528, 33)}, (5.0, 10.0)),
)
REST_GB = 0.2  # to download beside torch
# Gigabytes: to download and to have free, the rest of the backend included; a download is kept twice for a while.
WEIGHTS = {"cpu": (0.4, 2.5), "cu130": (3.0, 10.0), "cu126": (3.3, 11.0)}


@dataclass(frozen=True)
class Card:
    """One line of nvidia-smi. driver: its version; capability: the card's compute capability."""

    name: str
    driver: Tuple[int, ...]
    capability: float


@dataclass(frozen=True)
class TorchBuild:
    """name: a key of WEIGHTS. index: where its wheels are, "" = the usual index. reason: why this one, a sentence."""

    name: str
    index: str
    reason: str

    @property
    def title(self) -> str:
        if self.name == "cpu":
            return tr("processor (CPU)")
        return tr("NVIDIA graphics (CUDA {version})").format(version=f"{self.name[2:4]}.{self.name[4:]}")

    @property
    def extra(self) -> str:
        """Which of the package's extras brings the onnxruntime that fits."""
        return "gpu" if self.name.startswith("cu") else "cpu"

    @property
    def download_gb(self) -> float:
        return WEIGHTS[self.name][0]

    @property
    def disk_gb(self) -> float:
        return WEIGHTS[self.name][1]


def choose(wish: str, said: Optional[str], platform: str) -> TorchBuild:
    """The build for this machine. wish: one of WISHES; platform: sys.platform.

    said: what nvidia-smi answered to CARD_QUERY, "" if it failed, None where there is no nvidia-smi.
    """
    if platform == "darwin":
        return TorchBuild("cpu", "", tr("On a Mac, models run on the processor."))
    if wish == "cpu":
        return _build("cpu", tr("You chose the processor."))
    found = cards(said or "")
    for card in found:
        name = _suiting(card, platform)
        if name:
            return _build(name, tr("The graphics card is {card}.").format(card=card.name))
    if wish == "cuda":
        return _build("cu130", tr("You chose NVIDIA, although no card was found that it is sure to run on."))
    if found:
        return _build(
            "cpu",
            tr("{card} needs a newer driver than {driver} or is too old: update the driver to use it.").format(
                card=found[0].name, driver=".".join(map(str, found[0].driver))
            ),
        )
    if said is None:
        return _build("cpu", tr("No NVIDIA graphics card was found."))
    return _build("cpu", tr("NVIDIA's driver names no card that can be used: update it to use the card."))


def cards(said: str) -> List[Card]:
    """The cards that nvidia-smi named; lines of another form are none."""
    found = []
    for line in said.splitlines():
        match = re.fullmatch(r"\s*(.+?),\s*(\d+(?:\.\d+)*),\s*(\d+\.\d+)\s*", line)
        if match:
            found.append(Card(match[1], tuple(map(int, match[2].split("."))), float(match[3])))
    return found


def _suiting(card: Card, platform: str) -> str:
    for name, drivers, (lowest, below) in CUDA_BUILDS:
        oldest = drivers.get(platform)
        if oldest is not None and card.driver >= oldest and lowest <= card.capability < below:
            return name
    return ""


def _build(name: str, reason: str) -> TorchBuild:
    return TorchBuild(name, f"{INDEX}/{name}", reason)
