"""A class is named where it is likely enough, else a wider group, else nothing is claimed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rsvlm.models.cards import Calibration, get_card
from rsvlm.models.pool import Models
from rsvlm.tasks.findings import Verdict, verdicts

CARD = get_card(None).model_copy(update={"calibration": Calibration(scene_temperature=1.0, unsure_below=0.5)})
SCENES = tuple(sorted(CARD.scenes))
PREDICTOR = SimpleNamespace(card=CARD, scenes=SCENES)


def verdict(reliable: bool = True, **chances: float) -> Verdict:
    """Of probabilities by class; what is left is spread over all classes."""
    row = np.full(len(SCENES), (1 - sum(chances.values())) / len(SCENES))
    for name, chance in chances.items():
        row[SCENES.index(name)] += chance
    return verdicts(PREDICTOR, row[None], reliable)[0]  # type: ignore[arg-type]


def test_likely_class_is_named():
    found = verdict(forest=0.8)
    assert (found.label, found.guess, found.sure, found.wide) == ("forest", "forest", True, False)
    assert found.score == pytest.approx(0.8, abs=0.01)


def test_classes_of_one_phrase_count_together():
    assert CARD.scenes["parking"] == CARD.scenes["parkinglot"]
    found = verdict(parking=0.3, parkinglot=0.3)
    assert found.sure and not found.wide and found.label == "a car park"
    assert found.score == pytest.approx(0.6, abs=0.02)


def test_group_is_named_where_no_class_is_likely():
    found = verdict(denseresidential=0.3, industrial=0.3, commercial=0.3)
    assert found.sure and found.wide and found.label == "built-up land" and found.score > 0.9
    assert found.guess in ("dense housing", "an industrial area", "a commercial district")


def test_nothing_is_claimed_where_nothing_is_likely():
    found = verdict(forest=0.2, industrial=0.15)
    assert not found.sure and not found.wide and found.label == found.guess == "forest"


def test_nothing_is_claimed_of_pictures_that_the_model_was_not_trained_on():
    found = verdict(reliable=False, forest=0.99)
    assert not found.sure and found.guess == "forest"


def test_every_row_gets_its_own_verdict():
    rows = np.eye(len(SCENES))
    labels = [found.label for found in verdicts(PREDICTOR, rows, True)]  # type: ignore[arg-type]
    assert labels == [CARD.scenes[name] for name in SCENES]


def test_groups_of_the_card_hold_classes_that_the_model_has(models: Models):
    predictor = models.get(None)
    known = set(predictor.scenes)
    assert known == set(predictor.card.scenes) & known
    for phrase, names in predictor.card.groups.items():
        assert len(names) > 1 and set(names) <= known, phrase
        assert phrase[0].islower() and not phrase.endswith(".")
