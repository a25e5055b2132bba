"""Builders: stopped work goes on as if it had not been, chance is by seed, answers are asked for once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job, build, split_of, whole_pictures
from rsvlm.trainer.records import Records


def numbers(job: Job, count: int) -> Iterator[Record]:
    for number in range(count):
        value = str(job.draw(number).random())
        job.left_out["odd"] += number % 2
        yield job.record(f"{number}", "vqa", [{"href": "a.png"}], [{"role": "assistant", "content": value}], [], {})


def stopped(records: Iterator[Record], after: int) -> Iterator[Record]:
    yield from islice(records, after)
    raise KeyboardInterrupt


def test_stopped_work_goes_on_to_the_same_bytes(tmp_path: Path):
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    first = build(Job("numbers", 3, [], {}), numbers(Job("numbers", 3, [], {}), 40), whole, False, Watch())
    job = Job("numbers", 3, [], {})
    with pytest.raises(KeyboardInterrupt):
        build(job, stopped(numbers(job, 40), 17), torn, False, Watch())
    assert not torn.exists()
    job = Job("numbers", 3, [], {})
    done = build(job, numbers(job, 40), torn, False, Watch())
    assert done.before == 17 and done.records == first.records == 40 and done.left_out == {"odd": 20}
    assert torn.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_other_seed_is_other_work(tmp_path: Path):
    texts = []
    for seed in (0, 0, 1):
        job = Job("numbers", seed, [], {})
        path = tmp_path / f"{len(texts)}.jsonl"
        build(job, numbers(job, 5), path, False, Watch())
        texts.append([record.captions for record in Records(path)])
    assert texts[0] == texts[1] != texts[2]


def test_records_say_what_made_them_and_a_changed_source_is_other_work(tmp_path: Path):
    source = tmp_path / "a.json"
    source.write_text("[]")
    job = Job("numbers", 7, [source], {"side": 3})
    made = next(numbers(job, 1)).meta["made"]
    assert made["builder"] == "numbers" and made["seed"] == 7 and made["sources"] == [str(source)] and made["version"]
    before = job.key
    source.write_text("[1]")
    assert job.key != before
    assert Job("numbers", 7, [source], {"side": 4}).key != Job("numbers", 7, [source], {"side": 3}).key


def test_nothing_made_is_told_with_the_commonest_reason(tmp_path: Path):
    job = Job("numbers", 0, [], {})
    job.left_out["it rained"] += 2
    with pytest.raises(RsvlmError, match=r"it rained \(2 times\)"):
        build(job, iter(()), tmp_path / "none.jsonl", False, Watch())
    with pytest.raises(RsvlmError, match="There is no"):
        Job("numbers", 0, [tmp_path / "missing"], {})


def test_answers_are_kept_while_work_is_stopped_and_go_when_it_is_done(tmp_path: Path):
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return f"about {name}"

    out, job = tmp_path / "o.jsonl", Job("caption", 0, [], {})
    with pytest.raises(KeyboardInterrupt), Answers(out, job) as answers:
        answers.get("a", lambda: ask("a"))
        answers.get("b", lambda: None)
        raise KeyboardInterrupt
    part = next(tmp_path.iterdir())
    part.write_bytes(part.read_bytes() + b'["c", "cut o')  # killed while writing
    with Answers(out, job) as answers:
        assert answers.get("a", lambda: ask("a")) == "about a" and answers.get("b", lambda: ask("b")) is None
        assert answers.get("c", lambda: ask("c")) == "about c"
    assert asked == ["a", "c"] and not list(tmp_path.iterdir())
    assert json.loads(json.dumps(job.key))


@pytest.mark.parametrize(
    ("splits", "whole"),
    [("train val train test", "test"), ("train val", "val"), ("train held", "held"), ("train", "train")],
)
def test_picture_with_records_of_several_splits_is_held_out_as_a_whole(splits: str, whole: str):
    assert split_of([Record("a", "vqa", split, [], []) for split in splits.split()]) == whole


def test_records_of_a_picture_are_found_wherever_they_stand():
    rows = [
        Record(str(number), "vqa", "train", [{"href": href, **more}], [])
        for number, (href, more) in enumerate(
            [("a", {}), ("b", {}), ("a", {"window": [0, 0, 9, 9]}), ("a", {}), ("b", {"date": "2020"})]
        )
    ]
    groups = [[record.id for record in group] for group in whole_pictures(rows, lambda record: record.id != "1")]
    assert groups == [["0", "3"], ["2"], ["4"]]
