"""What a caption is worth is what `rsvlm eval caption` would give it, were the end of a sentence a word."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from rsvlm.models.families.geoclip.learner import GeoClipLearner
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.begin import be_rewarded
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.metrics.caption_protocols import score_captions
from rsvlm.trainer.parts import Parts
from rsvlm.trainer.recipe import SELF_CRITICAL, Source, Stage
from rsvlm.trainer.rewards import CiderReward, captions_of

CAPTIONS = [
    ["Many green trees are in a forest .", "A dense forest with green trees ."],
    ["A long bridge is over a wide river .", "There is a bridge over the river ."],
    ["Several planes are parked near a terminal .", "An airport, with several planes ."],
]
SAID = ["many trees are in a forest", "a bridge over a river", "some planes near the forest"]


def test_worth_is_the_scorers_cider_with_the_end_as_a_word():
    reward = CiderReward(CAPTIONS)
    found = reward([[said, CAPTIONS[0][1]] for said in SAID], CAPTIONS)
    ends = [[f"{text} zend" for text in texts] for texts in CAPTIONS]
    for column, said in enumerate((SAID, [CAPTIONS[0][1]] * 3)):
        expected = score_captions(ends, [f"{text} zend" for text in said]).cider
        np.testing.assert_allclose(found[:, column], expected, atol=1e-9)
    plain = score_captions(CAPTIONS, SAID).cider
    assert np.abs(found[:, 0] - plain).max() < 0.7 and (found[:, 0].argsort() == plain.argsort()).all()


def test_sentence_that_breaks_off_is_worth_less_than_to_the_scorer():
    whole, broken = CAPTIONS[1][1], "There is a bridge over the"
    found = CiderReward(CAPTIONS)([[whole, broken]], CAPTIONS[1:2])[0]
    plain = [score_captions(CAPTIONS, ["", said, ""]).cider[1] for said in (whole, broken)]
    assert found[1] / found[0] < plain[1] / plain[0]


def test_how_rare_words_are_is_told_by_the_captions_of_the_run(tiny: Path, tmp_path: Path):
    """18 pictures of the split train, three captions of each; questions are none."""
    source = Source(path="tiny.zip", format="archive", split="train")
    captions = list(captions_of(Examples.of([source], tiny, tmp_path, 0)))
    assert len(captions) == 18 and all(len(texts) == 3 for texts in captions)
    assert captions[0][0] == "many green trees are in a forest ."
    said = "this forest is many green trees"
    expected = score_captions([[f"{text} zend" for text in texts] for texts in captions], [f"{said} zend"] * 18).cider[
        0
    ]
    assert CiderReward(captions)([[said]], captions[:1]) == pytest.approx(expected)
    assert CiderReward(CAPTIONS)([[said]], captions[:1]) != pytest.approx(expected, rel=0.1)


def test_hundreds_of_sentences_take_less_than_a_third_of_a_second():
    reward = CiderReward(CAPTIONS)
    long = " and ".join(CAPTIONS[1])
    begins = time.process_time()
    assert reward([[long] * 5] * 64, [[long, *CAPTIONS[0], *CAPTIONS[2]]] * 64).shape == (64, 5)
    assert time.process_time() - begins < 0.3


@pytest.mark.parametrize("said", ["", "?!"])
def test_silence_is_worth_little(said: str):
    assert CiderReward(CAPTIONS)([[said]], CAPTIONS[:1])[0, 0] < 0.1


def test_family_that_says_nothing_of_its_own_has_no_such_objective(tiny: Path, tmp_path: Path):
    learner = GeoClipLearner(GeoClip(GeoClipConfig.tiny()))
    be_rewarded(learner, Examples.of([Source(path="tiny.zip", format="archive")], tiny, tmp_path, 0))
    stage = Stage(max_steps=1, objectives={SELF_CRITICAL: 1.0}, learning_rate=1e-3)
    with pytest.raises(RsvlmError, match="no objective “self_critical”") as caught:
        Parts(learner).set_up(stage)
    assert caught.value.hint == "It has contrastive."
