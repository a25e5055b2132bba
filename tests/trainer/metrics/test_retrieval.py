"""R@k by both protocols, and figures of classes given by name: by hand, and as the released code gave them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from rsvlm.trainer.metrics import retrieval
from rsvlm.trainer.metrics.retrieval import hits, ranked, rs5m_recall, skyscript_recall
from rsvlm.trainer.metrics.retrieval_golden import replay
from rsvlm.trainer.metrics.zeroshot import best_f1, top

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")
FOLDERS = ("retrieval_rs5m", "retrieval_skyscript", "zeroshot_skyscript")
CASES = sorted(path for name in FOLDERS for path in (GOLDEN / name).glob("case_*"))


def test_golden_cases_of_retrieval_are_here():
    if not CASES:
        pytest.skip(f"no golden cases of retrieval in {GOLDEN} (set RSVLM_GOLDEN to their folder)")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_released_figures_are_reproduced(case: Path, capsys: pytest.CaptureFixture[str]):
    differences = replay(case)
    worst = max(differences, key=lambda name: differences[name])
    with capsys.disabled():
        print(f"\n{case.parent.name}/{case.name}: {worst} differs by {differences[worst]:.1e} at most")
    assert len(differences) >= 6 and differences[worst] <= 1e-6, differences


def test_any_that_belongs_is_a_hit(monkeypatch: pytest.MonkeyPatch):
    """However many queries are looked at together, and whatever the length of a vector."""
    items = np.array([[1.0, 0], [8, 6], [0.6, 0.8], [0, 0.1]])
    queries = np.array([[3.0, 0.1], [0, 1.0], [2, 0]])
    pairs = np.array([[0, 1], [0, 3], [1, 0], [2, 0]])
    wanted = [[0, 1, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1]]
    for together in (1, 2, 1024):
        monkeypatch.setattr(retrieval, "QUERIES", together)
        assert hits(queries, items, pairs, (1, 2, 3, 4)).tolist() == wanted


def test_of_equally_similar_ones_the_first_comes_first():
    assert ranked(np.array([[0.5, 0.9, 0.5, 0.9]]), 3).tolist() == [[1, 3, 0]]


def test_rs5m_counts_in_percent_over_all_captions():
    """Three pictures, five captions; the caption of the third picture looks like the first one."""
    images = np.eye(3)
    texts = np.array([[2.0, 0, 0], [1, 0.1, 0], [0, 3, 0], [0, 1, 0.9], [1, 0, 0.2]])
    found = rs5m_recall(images, texts, np.array([0, 0, 1, 1, 2])).values()
    assert found["text2image R@1"] == pytest.approx(80) and found["text2image R@5"] == pytest.approx(100)
    assert found["image2text R@1"] == pytest.approx(200 / 3)
    assert found["mean recall"] == pytest.approx((200 / 3 + 80 + 4 * 100) / 6)


def test_skyscript_asks_a_text_of_several_pictures_once():
    """Two pictures share a caption: one query with two that belong, and either is a hit."""
    images, texts = np.array([[1.0, 0], [0.6, 0.8], [0, 1]]), np.array([[1.0, 0], [0, 1]])
    found = skyscript_recall(images, texts, np.array([[0, 0], [1, 0], [2, 1]]))
    assert found["text2img"].values()["R@1"] == 1.0 and len(found["text2img"].rows) == 2
    there = found["img2text"].values()
    assert there["R@1"] == pytest.approx(2 / 3), "the second picture is nearer to the other caption"
    assert there["R@100"] == 1.0


def test_classes_are_found_among_the_first_k():
    found = top([["sea", "road"], ["road", "sea"], ["road"]], ["sea", "sea", "sea"], (1, 2)).values()
    assert found == {"top-1": pytest.approx(1 / 3), "top-2": pytest.approx(2 / 3)}


def test_threshold_that_tells_the_class_best_is_found():
    cosines = np.array([0.9, 0.5, 0.45, -0.3])
    found = best_f1(cosines, np.array([True, True, False, False]))
    assert 0.45 <= found["threshold"] < 0.5 and found["F1"] == pytest.approx(1)
    assert found["precision"] == pytest.approx(1)
    none = best_f1(cosines, np.zeros(4, bool))
    assert np.isfinite(list(none.values())).all()
