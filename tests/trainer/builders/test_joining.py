"""Joined records: all that was asked of a picture is asked still, once for each mask, and of no other picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.joining import join_records
from rsvlm.trainer.examples import example
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import encode


def asked(
    ident: str, task: str, image: str, question: str, answer: str = "", label: str = "", **meta: object
) -> Record:
    """label: of the left half of the picture."""
    mask = np.zeros((8, 8), bool)
    mask[:, :4] = True
    regions = [{"label": label, "bbox": [0, 0, 4, 8], "rle": encode(mask)}] if label else []
    messages = [{"role": "user", "content": question}]
    messages += [{"role": "assistant", "content": answer}] if answer else []
    return Record(ident, task, "train", [{"href": image}], messages, regions, {"gsd_m": 0.5, **meta})


def joined(*records: Record, words: int = 12, phrases: int = 3) -> list[Record]:
    return list(join_records(records, words, phrases, Job("join", 0, [], {})))


def test_questions_of_one_picture_are_a_conversation_as_long_as_is_wanted():
    given = [asked(f"a/{n}", "vqa", "a.png", f"How many are {n}?", str(n), type=f"kind {n // 3}") for n in range(5)]
    found = joined(*given, asked("b/1", "vqa", "b.png", "Is it?", "yes"))
    assert [record.id for record in found] == ["a/0", "a/2", "a/4", "b/1"]
    assert [[turn["content"] for turn in record.messages] for record in found[:2]] == [
        ["How many are 0?", "0", "How many are 1?", "1"],
        ["How many are 2?", "2", "How many are 3?", "3"],
    ]
    assert found[0].meta["type"] == "kind 0" and "type" not in found[1].meta
    assert all(record.meta["gsd_m"] == 0.5 and record.split == "train" for record in found)


def test_phrases_stand_beside_each_other_and_what_is_absent_has_an_empty_mask(tmp_path: Path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    image = str(tmp_path / "a.png")
    given = [
        asked("1", "segment", image, "roads", label="roads"),
        asked("2", "segment", image, "boats", "No boats can be seen here."),
        asked("3", "caption", image, "What is this?", "A road."),
        asked("4", "segment", image, "the left", label="the left"),
        asked("5", "segment", image, "houses", label="houses"),
    ]
    segment, more, caption = joined(*given)
    seen = example(segment)
    assert seen.phrases == ("roads", "boats", "the left") and seen.masks is not None
    assert [int(mask.sum()) for mask in seen.masks] == [32, 0, 32]
    assert segment.messages == [{"role": "user", "content": "roads; boats; the left"}]
    assert [record.id for record in (more, caption)] == ["5", "3"]


def test_all_that_an_absent_record_asks_has_an_empty_mask():
    """One that was joined before asks for several things."""
    nothing = asked("1", "segment", "a.png", "boats", "No boats.")
    more = asked("2", "segment", "a.png", "cars", "No cars.")
    twice = replace(nothing, messages=[*nothing.messages, *more.messages])
    (found,) = joined(twice, asked("3", "segment", "a.png", "roads", label="roads"))
    assert [region["label"] for region in found.regions] == ["boats", "cars", "roads"]
    assert found.messages == [{"role": "user", "content": "boats; cars; roads"}]


def test_boxes_and_phrases_without_one_are_joined_apart():
    given = [
        asked("1", "ground", "a.png", "roads", label="roads"),
        asked("2", "ground", "a.png", "boats", "No boats."),
        asked("3", "ground", "a.png", "houses", label="houses"),
        asked("4", "ground", "a.png", "cars", "No cars."),
    ]
    there, absent = joined(*given)
    assert [region["label"] for region in there.regions] == ["roads", "houses"]
    assert [message["content"] for message in absent.messages] == ["boats", "No boats.", "cars", "No cars."]


def test_splits_of_one_picture_stay_apart():
    given = [asked(str(n), "ground", "a.png", f"ship {n}", label=f"ship {n}") for n in range(6)]
    given = [replace(record, split=("train", "test", "val")[n % 3]) for n, record in enumerate(given)]
    assert [(record.split, record.messages[0]["content"]) for record in joined(*given)] == [
        ("train", "ship 0; ship 3"),
        ("test", "ship 1; ship 4"),
        ("val", "ship 2; ship 5"),
    ]


def test_answers_in_words_are_not_lost():
    given = [
        asked("1", "segment", "a.png", "Describe it.", "A road by a house.", label="A road"),
        asked("2", "segment", "a.png", "houses", label="houses"),
        asked("3", "ground", "a.png", "Where is the boat?", "{<0><0><50><100>}", label="the boat"),
    ]
    found = {record.id: record for record in joined(*given)}
    assert found.keys() == {"1", "2", "3"}
    for record in (given[0], given[2]):
        assert found[record.id].messages == record.messages and found[record.id].regions == record.regions


def test_regions_without_a_word_are_joined_by_what_they_are_called():
    given = [replace(asked(label, "segment", "a.png", "?", label=label), messages=[]) for label in ("roads", "pond")]
    (found,) = joined(*given)
    assert found.messages == [{"role": "user", "content": "roads; pond"}] and len(found.regions) == 2


def test_what_several_answers_say_of_a_change_is_drawn_once():
    given = [asked(f"{n}", "change", "a.png", f"What changed {n}?", "A house.", label="new house") for n in range(2)]
    (found,) = joined(*given)
    assert len(found.messages) == 4 and len(found.regions) == 1


@pytest.mark.parametrize("task", ["caption", "classify"])
def test_what_cannot_be_joined_stays(task: str):
    given = [asked(str(n), task, "a.png", "What?", "That.") for n in range(2)]
    found = joined(*given)
    assert [(record.id, record.messages) for record in found] == [(record.id, record.messages) for record in given]


def test_command_writes_them(tmp_path: Path):
    rows = [asked(str(n), "vqa", "a.png", "Is it?", "yes") for n in range(9)]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    ended = CliRunner().invoke(
        data_app, ["join", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl"), "--words", "12", "--json"]
    )
    assert ended.exit_code == 0 and json.loads(ended.stdout)["records"] == 3
    assert len(Records(tmp_path / "out.jsonl")) == 3
