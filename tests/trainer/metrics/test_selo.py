"""Semantic localisation: its figures by hand and as the released code gave them, and outlines filled as OpenCV does."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from rsvlm.trainer.metrics.filling import filled
from rsvlm.trainer.metrics.selo import around, peaks, selo
from rsvlm.trainer.metrics.selo_golden import replay

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")
CASES = sorted((GOLDEN / "selo").glob("*.json"))
SQUARE = np.array(
    [[180.0, 180], [220, 180], [220, 220], [180, 220]]
)  # its reach: 1.5 times from its middle to a corner


def test_golden_cases_of_selo_are_here():
    if not CASES:
        pytest.skip(f"no golden cases of selo in {GOLDEN} (set RSVLM_GOLDEN to their folder)")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_released_figures_and_maps_are_reproduced(case: Path, capsys: pytest.CaptureFixture[str]):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    with capsys.disabled():
        print(f"\nselo/{case.stem}: {worst} differs by {differences[worst]:.1e} at most")
    assert len(differences) >= 16 and differences[worst] <= 1e-6, differences


def spot(x: int, y: int, size: int = 401) -> np.ndarray:
    """A map with one likely place, which fades towards its edge."""
    rows, columns = np.mgrid[0:size, 0:size]
    return (255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 5000)).astype(np.uint8)


def test_peak_in_the_middle_of_the_region_is_best():
    found = selo(spot(200, 200), [SQUARE])
    assert around(SQUARE) == ((200, 200), 42) and found["Rda"] == 1.0
    far = [selo(spot(x, 200), [SQUARE])["Ras"] for x in (200, 215, 230, 300)]
    assert far == sorted(far) and far[0] < 0.02 < far[1] < far[2] < far[3] == 1.0
    assert found["Rmi"] == pytest.approx(0.4 * found["Rsu"] + 0.35 * (1 - found["Ras"]) + 0.25)


def test_share_within_the_region_counts_by_its_size():
    likely = np.full((400, 400), 51, np.uint8)
    likely[180:221, 180:221] = 204  # pixels four times as likely as the others
    inside, all_of_it = 41**2, 400**2
    ratio = inside * 0.8 / ((all_of_it - inside) * 0.2) * (all_of_it - inside) / inside
    assert ratio == pytest.approx(4)
    assert selo(likely, [SQUARE])["Rsu"] == pytest.approx(1 - math.exp(-0.707 * ratio), abs=1e-6)


def test_map_without_a_peak_is_worst():
    found = selo(np.zeros((400, 400), np.uint8), [SQUARE, SQUARE + 20])
    assert found["Ras"] == 1.0 and found["Rda"] == 0.0 and len(peaks(np.full((100, 100), 127, np.uint8))) == 0
    assert peaks(np.full((100, 101), 255, np.uint8)).tolist() == [[50, 49]], "one place, however large"


def test_peaks_come_by_their_likelihood_and_only_the_highest_of_its_surroundings():
    less = spot(200, 200) // 5 * 4
    for apart, wanted in ((1400, [[1600, 200], [200, 200]]), (450, [[650, 200]])):
        likely = np.maximum(np.pad(less, ((0, 0), (0, apart))), np.pad(spot(200, 200), ((0, 0), (apart, 0))))
        found = peaks(likely)
        assert found.shape == (len(wanted), 2) and abs(found - wanted).max() <= 4, "a mean of 50 is half a pixel off"


def test_outline_covers_its_edges_and_what_is_within():
    assert filled(np.array([[2, 1], [5, 1], [5, 3], [2, 3]]), (5, 8)).sum() == 4 * 3
    triangle = filled(np.array([[0, 0], [4, 0], [0, 4]]), (5, 5))
    assert triangle.tolist() == [[x + y <= 4 for x in range(5)] for y in range(5)]
    assert (
        filled(np.array([[2, 2]]), (5, 5)).sum() == 1
        and filled(np.array([[9, 9], [12, 9], [9, 12]]), (5, 5)).sum() == 0
    )
    crossed = filled(np.array([[0, 0], [8, 8], [8, 0], [0, 8]]), (9, 9))
    assert not crossed[1, 4] and crossed[4, 1] and crossed[4, 4], "between the sides that cross it is empty"


def test_outline_beyond_the_picture_is_cut_at_its_edge():
    whole = filled(np.array([[-50, -50], [50, -50], [50, 50], [-50, 50]]), (20, 30))
    assert whole.all()
    half = filled(np.array([[10, -40], [60, -40], [60, 40], [10, 40]]), (20, 30))
    assert half[:, 10:].all() and not half[:, :10].any()
