"""R@k by both protocols, and figures of classes given by name: by hand, and as the released code gave them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from rsvlm.trainer.metrics.retrieval import recalls, rs5m_retrieval, skyscript_retrieval
from rsvlm.trainer.metrics.retrieval_golden import replay
from rsvlm.trainer.metrics.zeroshot import best_f1, top_k

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


def test_any_that_belongs_is_a_hit():
    similarity = np.array([[0.9, 0.8, 0.1, 0.0], [0.1, 0.2, 0.3, 0.4]])
    belongs = np.array([[False, True, False, True], [True, False, False, False]])
    assert recalls(similarity, belongs, (1, 2, 3, 4)) == {1: 0.0, 2: 0.5, 3: 0.5, 4: 1.0}


def test_rs5m_counts_in_percent_over_all_captions():
    """Three pictures, five captions; the caption of the third picture looks like the first one."""
    images = np.eye(3)
    texts = np.array([[2.0, 0, 0], [1, 0.1, 0], [0, 3, 0], [0, 1, 0.9], [1, 0, 0.2]])
    found = rs5m_retrieval(images, texts, np.array([0, 0, 1, 1, 2]))
    assert found["text2image_R@1"] == 80.0 and found["image2text_R@1"] == 66.67 and found["text2image_R@5"] == 100.0
    assert found["mean_recall"] == round((200 / 3 + 80 + 4 * 100) / 6, 2)


def test_length_of_vectors_says_nothing():
    generator = np.random.default_rng(0)
    images, texts = generator.normal(size=(8, 4)), generator.normal(size=(40, 4))
    of_text = np.repeat(np.arange(8), 5)
    longer = texts * generator.uniform(0.1, 9, (40, 1))
    assert rs5m_retrieval(images, texts, of_text) == rs5m_retrieval(images, longer, of_text)


def test_skyscript_asks_a_text_of_several_pictures_once():
    """Two pictures share a caption: one query with two that belong, and either is a hit."""
    images, texts = np.array([[1.0, 0], [0.6, 0.8], [0, 1]]), np.array([[1.0, 0], [0, 1]])
    found = skyscript_retrieval(images, texts, np.array([[0, 0], [1, 0], [2, 1]]))
    assert found["text2img_R@1"] == 1.0
    assert found["img2text_R@1"] == pytest.approx(2 / 3), "the second picture is nearer to the other caption"
    assert found["img2text_R@100"] == 1.0


def test_classes_are_found_among_the_first_k():
    images, classes = np.eye(3) + 0.1, np.eye(3)
    assert top_k(images, classes, np.array([0, 1, 0]), (1, 3)) == {1: pytest.approx(2 / 3), 3: 1.0}


def test_threshold_that_tells_the_class_best_is_found():
    cosines = np.array([0.9, 0.5, 0.45, -0.3])
    images = np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1)
    found = best_f1(images, np.array([1.0, 0.0]), np.array([1, 1, 0, 0]))
    assert (
        0.45 <= found["threshold"] < 0.5 and found["f1"] == pytest.approx(1) and found["precision"] == pytest.approx(1)
    )
    none = best_f1(images, np.array([1.0, 0.0]), np.array([0, 0, 0, 0]))
    assert np.isfinite(list(none.values())).all()
