"""Recorded texts of released code, made again by ours: how many differ. Knows the layout of the recorded files."""

from __future__ import annotations

import json
from pathlib import Path

from rsvlm.models.families.deltavlm.words import RELEASED_WORDS, clean
from rsvlm.models.families.geopix.words import put


def replay(case: Path) -> dict[str, float]:
    """Number of each text -> 0 where it is met, else 1. case: a file of pairs (text, what the release makes of it)."""
    pairs: list[tuple[str, str]] = json.loads(case.read_text("utf-8"))["pairs"]
    if case.stem == "geopix_prompts":
        return {f"prompt {index}": float(put(text) != wanted) for index, (text, wanted) in enumerate(pairs)}
    return {f"text {index}": float(clean(text, RELEASED_WORDS) != wanted) for index, (text, wanted) in enumerate(pairs)}
