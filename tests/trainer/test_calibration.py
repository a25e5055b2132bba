"""Scores that mean something."""

import numpy as np
import pytest

from rsvlm.trainer.calibration import calibration_error, fit_temperature, fit_threshold, softmax


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
