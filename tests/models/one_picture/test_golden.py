"""Recorded runs of the released code are met."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsvlm.models.families.rsmoe.golden import replay

BAR = 1e-4
GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")


def cases(kind: str) -> list[object]:
    found = [meta.parent for meta in sorted(GOLDEN.glob(f"{kind}/*/meta.json"))]
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no golden data of {kind} in {GOLDEN}"))]
    return [pytest.param(case, id=f"{kind}/{case.name}") for case in found]


@pytest.mark.parametrize("case", cases("rsmoe_shareexpert"))
def test_recorded_run_is_met(case: Path):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    print(f"{case.parent.name}/{case.name}: {len(differences)} outputs, worst {worst} {differences[worst]:.2e}")
    assert differences[worst] <= BAR, differences
