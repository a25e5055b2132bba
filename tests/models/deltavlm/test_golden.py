"""Recorded runs of the released code are met, and what is recorded of its text."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rsvlm.models.families.deltavlm.golden import replay
from rsvlm.models.families.deltavlm.words import RELEASED_WORDS, clean

BAR = 1e-4
GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")


def cases(*kinds: str) -> list[object]:
    found = [case.parent for kind in kinds for case in sorted(GOLDEN.glob(f"{kind}/*/meta.json"))]
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no golden data of {kinds} in {GOLDEN}"))]
    return [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in found]


@pytest.mark.parametrize("case", cases("deltavlm_full", "deltavlm_mask_decoder"))
def test_recorded_run_is_met(case: Path):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    print(f"{case.parent.name}/{case.name}: {len(differences)} outputs, worst {worst} {differences[worst]:.2e}")
    assert differences[worst] <= BAR, differences


def test_recorded_texts_are_met():
    file = GOLDEN / "text" / "deltavlm_text_processor.json"
    if not file.is_file():
        pytest.skip(f"no golden data in {GOLDEN}")
    pairs = json.loads(file.read_text("utf-8"))["pairs"]
    wrong = [(text, wanted, clean(text, RELEASED_WORDS)) for text, wanted in pairs]
    wrong = [row for row in wrong if row[1] != row[2]]
    print(f"text/deltavlm_text_processor: {len(pairs)} pairs, {len(wrong)} differ")
    assert not wrong
