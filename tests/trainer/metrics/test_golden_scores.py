"""Every recorded score of a release is counted again by ours, to 1e-6."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsvlm.trainer.metrics import java
from rsvlm.trainer.metrics.golden import REPLAYS, replay

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")
FILES = sorted((GOLDEN / "metrics").glob("*.json"))
LEAST = {
    "caption_pycocoevalcap": 50,
    "levircc_get_eval_score": 25,
    "deltavlm_location": 13,
}  # figures that are compared


def test_recorded_scores_are_here():
    if not FILES:
        pytest.skip(f"no recorded scores in {GOLDEN / 'metrics'} (set RSVLM_GOLDEN to the folder above)")
    assert {file.stem for file in FILES} >= set(REPLAYS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_released_scores_are_reproduced(file: Path, capsys: pytest.CaptureFixture[str]):
    differences = replay(file)
    worst = max(differences, key=lambda name: differences[name])
    with capsys.disabled():
        without = f", METEOR left out: {java.missing()}" if java.missing() else ""
        print(f"\n{file.stem}: {worst} of {len(differences)} differs by {differences[worst]:.1e} at most{without}")
    assert len(differences) >= LEAST.get(file.stem, 2) and differences[worst] <= 1e-6, differences


def test_file_of_another_kind_is_told(tmp_path: Path):
    (tmp_path / "spice.json").write_text("{}")
    with pytest.raises(KeyError, match="spice"):
        replay(tmp_path / "spice.json")
