"""Sentences of other pairs are told only where each of their words holds."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import pytest

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.builders.change_sentences import Meaning, Sentences, meaning

HOLDS = {
    "a house is built in the forest": Meaning("building", "new", 1, 1, ("forest",)),
    "two new villas have been built .": Meaning("building", "new", 2, 2, ()),
    "several buildings appear on the bareland": Meaning("building", "new", 3, 9, ("bareland",)),
    "some roads disappear": Meaning("road", "lost", 2, 9, ()),
    "buildings are removed": Meaning("building", "lost", 2, 99, ()),
}
SAYS_MORE = (
    "a house is built beside the road",  # a road that may not be there
    "a large house is built",
    "a house appears on the left",
    "some trees are removed",
    "the house is removed",  # which may have been one of many
    "a house is removed and built",
    "a house replaces a house",
    "two houses and a road are built",
    "the two scenes seem identical",
)


def test_meaning_is_read_and_what_says_more_is_left_out():
    for text, expected in HOLDS.items():
        assert meaning(text) == expected, text
    for text in SAYS_MORE:
        assert meaning(text) is None, text


def test_sentences_fit_class_state_number_and_ground():
    found = Sentences([*HOLDS, *SAYS_MORE, "there is no difference"])

    def told(label: str, state: str, count: int, scene: str) -> set[str]:
        return set(found.of(label, state, count, scene, 9, random.Random(0)))

    assert told("building", "new", 1, "forest") == {"a house is built in the forest"}
    assert told("building", "new", 1, "desert") == set()
    assert told("building", "new", 2, "bareland") == {"two new villas have been built ."}
    assert told("building", "new", 3, "bareland") == {"several buildings appear on the bareland"}
    assert told("building", "lost", 4, "x") == {"buildings are removed"} and told("water", "new", 1, "x") == set()
    assert told("road", "new", 0, "x") == {"there is no difference", "the two scenes seem identical"}
    assert found.of("road", "new", 0, "x", 1, random.Random(1)) == found.of("road", "new", 0, "x", 1, random.Random(1))


def test_only_sentences_for_training_are_read(tmp_path: Path):
    rows = [{"split": "train", "captions": ["a road appears"]}, {"split": "val", "captions": ["a road is built"]}]
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    found = Sentences.read(tmp_path / "s.zip")
    assert found.of("road", "new", 1, "x", 9, random.Random(0)) == ["a road appears"]
    with pytest.raises(RsvlmError, match="has no sentences"):
        Sentences.read(tmp_path / "none.zip")


def test_real_sentences_of_one_new_house(data_dir: Path):
    found = Sentences.read(data_dir / "levir_cc_sentences.zip")
    told = found.of("building", "new", 1, "forest", 99, random.Random(0))
    print(f"{len(told)} sentences of a new building in a forest")
    assert len(told) > 10 and "a house is built in the forest" in told and len(found.unchanged) == 5
    assert all(("a " in text or "one " in text) and "road" not in text for text in told)
