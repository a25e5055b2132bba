"""What the released code of GeoRSCLIP and SkyScript gave."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsvlm.models.families.geoclip.golden import replay

BAR = 1e-4
GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")
CASES = sorted(path for name in ("georsclip", "skyscript") for path in (GOLDEN / name).glob("case_*"))


def test_golden_cases_of_clip_are_here():
    if not CASES:
        pytest.skip(f"no golden cases of georsclip or skyscript in {GOLDEN} (set RSVLM_GOLDEN to their folder)")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_released_behaviour_is_reproduced(case: Path, capsys: pytest.CaptureFixture[str]):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    with capsys.disabled():
        print(f"\n{case.parent.name}/{case.name}: {worst} differs by {differences[worst]:.2e} at most")
    assert len(differences) >= 10 and differences[worst] <= BAR, differences
