"""Scores that mean something."""

from pathlib import Path

import numpy as np
import pytest

from rsvlm.models.pool import Models
from rsvlm.trainer.calibration import (
    calibration_error,
    centres,
    fit_temperature,
    fit_threshold,
    scene_logits,
    softmax,
)


def drawn(temperature: float, count: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and classes drawn from their softmax at `temperature`."""
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2, (count, 5))
    chances = softmax(logits / temperature)
    return logits, (generator.random((count, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(max=4)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.0])
def test_temperature_that_made_the_classes_is_found(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.1)


def test_threshold_keeps_the_wanted_precision_and_as_many_answers_as_it_allows() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    assert fit_threshold(scores, right, 0.75) == 0.6
    assert fit_threshold(scores, right, 0.9) == 0.8


def test_no_threshold_is_low_enough_where_nothing_is_right() -> None:
    assert fit_threshold(np.array([0.9, 0.5]), np.array([False, False])) == 1.0


def test_calibration_error_is_the_gap_between_score_and_accuracy() -> None:
    scores = np.full(100, 0.75)
    assert calibration_error(scores, np.arange(100) < 75) == pytest.approx(0.0)
    assert calibration_error(scores, np.arange(100) < 25) == pytest.approx(0.5)


def gathered(clusters: int = 4, each: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """True directions (clusters, 16), at right angles, and unit vectors (clusters * each, 16) close around them."""
    generator = np.random.default_rng(9)
    truth = np.linalg.qr(generator.normal(size=(16, clusters)))[0].T
    points = np.repeat(truth, each, axis=0) + generator.normal(0, 0.05, (clusters * each, 16))
    return truth, points / np.linalg.norm(points, axis=1, keepdims=True)


def test_centres_lie_where_points_gather() -> None:
    truth, points = gathered()
    found = centres(points, 4)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(4))
    nearest = (found @ truth.T).argmax(axis=1)
    assert sorted(nearest) == [0, 1, 2, 3] and (found * truth[nearest]).sum(axis=1).min() > 0.99
    assert (centres(points, 4) == found).all(), "the same every time"


def test_centres_that_no_point_is_nearest_to_stay_directions() -> None:
    found = centres(np.repeat(np.eye(3), [5, 1, 1], axis=0), 6)
    assert np.isfinite(found).all() and np.linalg.norm(found, axis=1) == pytest.approx(np.ones(6))


def test_logits_classes_and_familiarity_come_picture_by_picture(data_dir: Path) -> None:
    predictor = Models("cpu").get(None)
    logits, truth, familiarity = scene_logits(predictor, data_dir / "ucm_trainval_256.zip", "val")
    assert logits.shape == (210, len(predictor.scenes)) and truth.shape == familiarity.shape == (210,)
    figure = next(f for f in predictor.card.figures if (f.data, f.metric) == ("UCM val", "scene accuracy"))
    assert (logits.argmax(axis=1) == truth).mean() == pytest.approx(figure.value, abs=0.01), "as the card says"
    assert softmax(logits).sum(axis=1) == pytest.approx(np.ones(210)) and familiarity.std() > 0.01
