"""BLEU, ROUGE-L and CIDEr are COCO's on any words, and each protocol says what a word is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics import java
from rsvlm.trainer.metrics.caption_protocols import CAPTION_PROTOCOLS, meteors, score_captions
from rsvlm.trainer.metrics.captions import bleu, bleu_rows, cider, rouge_l
from rsvlm.trainer.metrics.tokenisers import candidate_ids, fingerprint, plain, reference_ids, vocabulary_of

SENTENCES = some.lists(
    some.sampled_from(["a", "road", "two", "trees", "near", "Lake", "."]), min_size=1, max_size=9
).map(" ".join)
CORPORA = some.lists(some.tuples(some.lists(SENTENCES, min_size=1, max_size=4), SENTENCES), min_size=1, max_size=6)
PROTOCOLS = [name for name in CAPTION_PROTOCOLS if name != "coco-ptb"]  # Java is too slow to ask often
LONG = [
    ["many green trees are in a forest", "a dense forest with green trees"],
    ["a long bridge is over a wide river", "there is a bridge over the river"],
    ["several planes are parked near a terminal", "an airport with several planes"],
]

Corpus = list[tuple[list[str], str]]


def apart(corpus: Corpus) -> tuple[list[list[str]], list[str]]:
    return [references for references, _ in corpus], [candidate for _, candidate in corpus]


@given(corpus=CORPORA)
def test_scores_are_those_of_pycocoevalcap(corpus: Corpus):
    scorers = pytest.importorskip("pycocoevalcap.bleu.bleu", reason="pycocoevalcap is the yardstick (extra “eval”)")
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    references, candidates = apart(corpus)
    truth, guess = dict(enumerate(references)), {index: [text] for index, text in enumerate(candidates)}
    rows = bleu_rows(references, candidates)
    whole, each = scorers.Bleu(4).compute_score(truth, guess, verbose=0)
    assert list(bleu(rows.sum(axis=0)).values()) == pytest.approx(whole, abs=1e-12)
    np.testing.assert_allclose(list(bleu(rows).values()), each, atol=1e-12)
    np.testing.assert_allclose(rouge_l(references, candidates), Rouge().compute_score(truth, guess)[1], atol=1e-12)
    np.testing.assert_allclose(cider(references, candidates), Cider().compute_score(truth, guess)[1], atol=1e-9)


@given(corpus=CORPORA, seed=some.integers(0, 99), protocol=some.sampled_from(PROTOCOLS))
def test_order_of_items_and_of_references_does_not_matter(corpus: Corpus, seed: int, protocol: str):
    generator = np.random.default_rng(seed)
    mixed = [(references[::-1], candidate) for references, candidate in corpus]
    mixed = [mixed[place] for place in generator.permutation(len(mixed))]
    one, other = (score_captions(*apart(items), protocol) for items in (corpus, mixed))
    assert one.tally.values() == pytest.approx(other.tally.values(), abs=1e-9) and one.vocabulary == other.vocabulary


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_perfect_captions_score_the_maximum(protocol: str):
    found = score_captions([row[:1] for row in LONG], [row[0] for row in LONG], protocol).tally
    values = found.values()
    assert values.pop("CIDEr") == pytest.approx(10)
    assert list(values.values()) == pytest.approx([1] * 5)
    assert found.intervals()["CIDEr"] == pytest.approx([10, 10])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scores_stay_within_their_bounds(protocol: str):
    values = score_captions(LONG, ["a bridge over trees", "", "many green planes"], protocol).tally.values()
    assert 0 < values["CIDEr"] <= 10 and all(0 <= value <= 1 for name, value in values.items() if name != "CIDEr")


def test_one_picture_has_a_consensus_in_the_scorers_of_change_only():
    one = [LONG[0]], [LONG[0][0]]
    assert score_captions(*one, "coco").cider[0] == 0
    assert score_captions(*one, "spaces").cider[0] == score_captions(*one, "levir-cc-ids").cider[0] > 1


def test_words_are_told_apart_by_protocol():
    assert plain("The lake's café_2 , e.g. A-B !") == "the lake's café 2 e g a b"
    words = vocabulary_of([["no change has occurred .", "a  road ."]])
    assert list(words) == ["a", "change", "has", "no", "occurred", "road", "<unk>"]
    assert reference_ids("a road .", words) == "1 6" and candidate_ids("a new road.", words) == "1 7 6"
    assert fingerprint(["b", "a", "b"]) == fingerprint(["a", "b"]) != fingerprint({"a": 1, "b": 2})
    assert fingerprint(words)["words"] == 7 and len(str(fingerprint(words)["sha256"])) == 12
    assert score_captions(LONG, ["x"] * 3, "coco").vocabulary == score_captions(LONG, ["y"] * 3, "coco").vocabulary


def test_own_numbers_of_words_change_no_score_but_unknown_words_do():
    own = {word: 100 - number for word, number in vocabulary_of(LONG).items()}
    candidates = [row[1] for row in LONG]
    default, numbered = (score_captions(LONG, candidates, "levir-cc-ids", words) for words in (None, own))
    assert default.tally.values() == numbered.tally.values() and default.vocabulary != numbered.vocabulary
    others = ["some unheard words"] * 3
    few = score_captions(LONG, others, "levir-cc-ids", {"a": 1, "<unk>": 2}).tally.values()
    assert few["BLEU-1"] > 0.3, "unknown words are all one word, in references too"
    assert score_captions(LONG, others, "levir-cc-ids").tally.values()["BLEU-1"] < 1e-6
    with pytest.raises(RsvlmError, match="no word <unk>"):
        score_captions(LONG, candidates, "levir-cc-ids", {"a": 1})


def test_without_java_what_needs_it_is_not_computed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(java.shutil, "which", lambda _: None)
    score = score_captions(LONG, [row[0] for row in LONG], "levir-cc-ids")
    assert score.not_computed["METEOR"] == "It needs Java, which is not installed." and "SPICE" in score.not_computed
    assert meteors([score]) == []
    with pytest.raises(RsvlmError, match=r"coco-ptb cannot be used\. It needs Java") as caught:
        score_captions(LONG, ["x"] * 3, "coco-ptb")
    assert caught.value.code == "unavailable" and "coco" in caught.value.hint


def test_coco_never_starts_java(monkeypatch: pytest.MonkeyPatch):
    def started(*_: object, **__: object) -> None:
        raise OSError("a process was started")

    monkeypatch.setattr(java.subprocess, "Popen", started)
    monkeypatch.setattr(java.subprocess, "run", started)
    score = score_captions(LONG, [row[0] for row in LONG], "coco")
    assert meteors([score]) == [] and score.not_computed["METEOR"] == "The protocol never uses Java."


def test_java_that_fails_is_told(monkeypatch: pytest.MonkeyPatch):
    if java.missing():
        pytest.skip(java.missing())
    monkeypatch.setattr(java.shutil, "which", lambda _: "/bin/false")
    for ask in (lambda: java.treebank(["a road"]), lambda: java.meteor([([["a road"]], ["a road"])])):
        with pytest.raises(RsvlmError, match="failed, a Java tool") as caught:
            ask()
        assert caught.value.code == "model_failed"


def test_java_tools_read_any_line():
    if java.missing():
        pytest.skip(java.missing())
    odd = ["A road (new) ; it's here !", "", "two\nlines", "cafés ||| trees"]
    words = java.treebank(odd)
    assert words[0] == "a road -lrb- new -rrb- it 's here", "COCO leaves brackets in, as they are in lower case"
    assert words[1:3] == ["", "two lines"] and words[3].startswith("cafés")
    same, other = java.meteor(
        [([["a long road"], ["trees"]], ["a long road", "trees"]), ([["a road"]], ["no words ||| b"])]
    )
    assert same == pytest.approx(1, abs=0.1) and other < 0.2
