"""CLIP models for remote sensing as they are released: by the name of the file, what the weights in it do not tell.

GeoRSCLIP (RS5M, arXiv 2306.11300), SkyCLIP (SkyScript, arXiv 2312.12856), RemoteCLIP (arXiv 2306.11029). Above all the
activation that a checkpoint was trained with: with the other one it loads as well, and is silently worse. Those that began
with OpenAI's weights have QuickGELU, those that began with LAION's have GELU. Imports no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_KINDS = ("a remote sensing image of", "an aerial image of", "a satellite image of")
_STATES = (
    "low resolution", "bad", "cropped", "bright", "dark", "close-up", "black and white", "jpeg corrupted", "blurry", "good",
)  # fmt: skip
_LOOKS = ("large", "nice", "small", "weird", "cool")


def _georsclip() -> tuple[str, ...]:
    """35 sentences for each kind of image, {} for the class, in the order of the release."""
    found: list[str] = []
    for kind in _KINDS:
        found += [f"{kind} many {{}}.", f"{kind} a {{}}.", f"{kind} the {{}}."]
        found += [f"{kind} the hard to see {{}}.", f"{kind} a hard to see {{}}."]
        _, noun = kind.split(" ", 1)
        found += [f"a {state} {noun} {article} {{}}." for state in _STATES for article in ("the", "a")]
        found += [f"{kind} {article} {look} {{}}." for look in _LOOKS for article in ("the", "a")]
    return tuple(found)


GEORSCLIP = _georsclip()
SKYSCRIPT = ("a satellite photo of {}.", "a satellite image of {}")
REMOTECLIP = ("a satellite photo of {}.",)


@dataclass(frozen=True)
class Release:
    """architecture: open_clip's name. averaging, templates: how classes are named (see parts/prompt_averaging.py)."""

    architecture: str
    quick_gelu: bool
    averaging: Literal["raw", "unit"]
    templates: tuple[str, ...]

    def to_config(self) -> dict[str, Any]:
        """As it may stand in config.json beside the weights."""
        return {
            "architecture": self.architecture,
            "quick_gelu": self.quick_gelu,
            "averaging": self.averaging,
            "templates": list(self.templates),
        }


# The first pattern that is found in "folder/file" decides: SkyCLIP's files are called epoch_N.pt, its folders tell more.
_RELEASES: tuple[tuple[str, Release], ...] = (
    (r"RS5M_ViT-B-32(_|\.)", Release("ViT-B-32", True, "raw", GEORSCLIP)),
    (r"RS5M_ViT-L-14-336(_|\.)", Release("ViT-L-14-336", True, "raw", GEORSCLIP)),
    (r"RS5M_ViT-L-14(_|\.)", Release("ViT-L-14", True, "raw", GEORSCLIP)),
    (r"RS5M_ViT-H-14(_|\.)", Release("ViT-H-14", False, "raw", GEORSCLIP)),
    (r"SkyCLIP_ViT_L14_", Release("ViT-L-14", True, "unit", SKYSCRIPT)),
    (r"CLIP_ViT_L14_LAION_RS", Release("ViT-L-14", True, "unit", SKYSCRIPT)),
    (r"SkyCLIP_ViT_B32_", Release("ViT-B-32", False, "unit", SKYSCRIPT)),
    (r"RemoteCLIP-RN50\.", Release("RN50", True, "unit", REMOTECLIP)),
    (r"RemoteCLIP-ViT-B-32\.", Release("ViT-B-32", True, "unit", REMOTECLIP)),
    (r"RemoteCLIP-ViT-L-14\.", Release("ViT-L-14", True, "unit", REMOTECLIP)),
)


def known_release(weights: Path) -> Release | None:
    """The release that a file is by its name, or by that of its folder; None for one that nobody knows."""
    name = f"{weights.parent.name}/{weights.name}"
    return next((release for pattern, release in _RELEASES if re.search(pattern, name)), None)
