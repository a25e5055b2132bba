"""Recorded runs of the released code are met, and its prompts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rsvlm.models.families.geopix.golden import replay
from rsvlm.models.families.geopix.words import put

BAR = 1e-4
GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")


def cases(*kinds: str) -> list[object]:
    found = [case.parent for kind in kinds for case in sorted(GOLDEN.glob(f"{kind}/*/meta.json"))]
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no golden data of {kinds} in {GOLDEN}"))]
    return [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in found]


@pytest.mark.parametrize("case", cases("geopix_full_tiny", "geopix_seg_real_dims"))
def test_recorded_run_is_met(case: Path):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    print(f"{case.parent.name}/{case.name}: {len(differences)} outputs, worst {worst} {differences[worst]:.2e}")
    assert "pred_masks" in differences
    assert differences[worst] <= BAR, differences


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
