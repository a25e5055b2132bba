"""Who is believed that something is in a picture, and how far."""

from __future__ import annotations

import numpy as np
import pytest

from rsvlm.models.cards import Calibration
from rsvlm.models.families.compact.presence import as_outlined, chances, head, outlined, told
from rsvlm.trainer.presence import Thing, Witnesses, fit_presence, logistic, names, shares


def test_logistic_regression_finds_the_weights_that_made_the_truth() -> None:
    generator = np.random.default_rng(2)
    rows = np.concatenate([generator.normal(size=(20_000, 2)), np.ones((20_000, 1))], axis=1)
    there = generator.random(20_000) < 1 / (1 + np.exp(-(rows @ np.array([1.5, -0.7, 0.4]))))
    assert logistic(rows, there, np.full(20_000, 1 / 20_000)) == pytest.approx([1.5, -0.7, 0.4], abs=0.07)


def test_every_name_counts_alike_whatever_the_number_of_its_pictures() -> None:
    there = np.array([True] * 9 + [True] * 3 + [False] * 4)
    weights = shares(["trees"] * 9 + ["ships"] * 3 + ["ships"] * 4, there, np.zeros(16, bool))
    assert weights[:9].sum() == pytest.approx(0.5) and weights[9:12].sum() == pytest.approx(0.5)
    assert weights[~there].sum() == pytest.approx(1)


def test_what_is_there_is_likelier_than_not_and_what_is_not_is_not() -> None:
    generator = np.random.default_rng(3)
    there = generator.random(4000) < 0.3
    witness = np.where(there, 1.5, -1.5) + generator.normal(size=4000)
    rows = np.stack([witness, witness, witness, np.ones(4000), np.ones(4000)], axis=1)
    phrases = ["trees" if number % 2 else "a stadium" for number in range(4000)]
    found = fit_presence(Witnesses(list(rows), witness.tolist(), there.tolist(), phrases, [True] * 4000), ["tree"])
    card = Calibration(**found, outlined=("tree",))
    for phrase, start in (("a stadium", 0), ("trees", 1)):
        own, here = 1 / (1 + np.exp(-witness[start::2, None])), there[start::2]
        sure = chances(card, [phrase], own, own, witness[start::2, None], np.ones(2000, bool))[:, 0]
        assert (sure[here] >= 0.5).mean() > 0.9 < (sure[~here] < 0.5).mean()
        # where as many are there as not, a yes is right as often as a no
        assert (sure[here] >= 0.5).mean() == pytest.approx((sure[~here] < 0.5).mean(), abs=0.04)


def test_likeness_tells_nothing_of_a_strange_picture_and_all_of_a_name_without_outlines() -> None:
    card = Calibration(present=(1.0, 0.0, 0.5, 0.0, 0.0), named=(2.0, 0.0), outlined=("tree",))
    own, alike = np.array([[0.5, 0.99]]), np.array([[4.0, -4.0]])
    strange, familiar = (
        chances(card, ["green trees", "a stadium"], own, own, alike, np.array([is_known])) for is_known in (False, True)
    )
    assert strange[0, 0] == pytest.approx(0.5) and familiar[0, 0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert strange[0, 1] == familiar[0, 1] == pytest.approx(1 / (1 + np.exp(8)), rel=1e-3)
    assert told(Calibration(), own, 1 - own) == pytest.approx(own), "what was never calibrated is believed as it is"


def test_faint_mask_speaks_against_what_the_words_believe() -> None:
    card, own = Calibration(present=(1.0, 0.5, 0.0, 0.0, 0.0)), np.array([[0.7]])
    faint, sure = (told(card, own, np.array([[surest]]))[0, 0] for surest in (0.1, 0.9))
    assert faint == pytest.approx(1 / (1 + 3 * 3 / 7)) and sure == pytest.approx(1 / (1 + 3 / 7 / 3))


def test_names_are_found_in_phrases_as_whole_words_in_singular_and_plural() -> None:
    assert outlined("the white Buildings at the top", ["building"]) and outlined("anything", [])
    assert not outlined("carpets", ["car"]) and not outlined("a stadium", names())
    assert all(
        outlined(phrase, names()) for phrase in ("aeroplanes", "storage tanks", "houses", "a tree", "a house", "ship")
    )


def test_cover_is_asked_for_by_the_name_that_it_was_outlined_by() -> None:
    phrases = ("woodland", "the Forest at the left", "two meadows", "concrete", "forester", "a van", "woods and homes")
    assert [as_outlined(phrase) for phrase in phrases] == [
        "trees", "the trees at the left", "two grassland", "pavement", "forester", "a van", "trees and houses",
    ]  # fmt: skip
    for phrase in ("concrete buildings", "asphalt roads", "the forest road", "meadow flowers"):
        assert as_outlined(phrase) == phrase, "what a thing is made of, or lies in, is not the thing"
    assert as_outlined("concrete surfaces near the forest") == "pavement surfaces near the trees"
    assert all(
        outlined(as_outlined(phrase), names()) for phrase in ("woods", "asphalt", "pastures", "homes", "lorries")
    )
    assert outlined("woodland", names()), "questions on generated scenes have it for trees"


def test_thing_is_told_from_where_it_is() -> None:
    phrases = (
        "umbrellas on the sand",
        "swimmers in water",
        "roofs of buildings",
        "red cars near a bridge",
        "bodies of water",
    )
    assert [head(phrase) for phrase in phrases] == ["umbrellas", "swimmers", "roofs", "red cars", "water"]
    assert head("inland lakes") == "inland lakes" and head("in-ground pools") == "in-ground pools"


def test_captions_tell_what_is_there_and_scenes_where_silence_tells_nothing() -> None:
    thing = Thing(("ships",), "ships?", label="ship", unclear=("port",))
    assert thing.shown("port", ["two ships", "a ship", "water"], None) is True
    assert thing.shown("port", ["water"], None) is None and thing.shown("desert", ["sand"], None) is False
    assert thing.shown("harbor", [], ["ship"]) is True and thing.shown("harbor", ["a ship"], ["dock"]) is False
