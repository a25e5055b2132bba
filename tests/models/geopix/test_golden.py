"""The prompts of the released code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rsvlm.models.families.geopix.words import put

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")


def test_recorded_prompts_are_met():
    file = GOLDEN / "text" / "geopix_prompts.json"
    if not file.is_file():
        pytest.skip(f"no golden data in {GOLDEN}")
    pairs = json.loads(file.read_text("utf-8"))["pairs"]
    print(f"text/geopix_prompts: {len(pairs)} pairs")
    assert [put(question) for question, _ in pairs] == [prompt for _, prompt in pairs]
    tasks = ["segment", "describe", "ground", "ask"]
    untagged = [question.partition("] ")[2] for question, _ in pairs]
    assert [put(question, task) for question, task in zip(untagged, tasks, strict=True)] == [row[1] for row in pairs]
