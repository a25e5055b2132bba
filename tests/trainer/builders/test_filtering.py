"""Filters: captions that fit their picture are kept, pictures that are there twice are not, and each is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.models.pool import Models
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job
from rsvlm.trainer.builders.filtering import Wanted, filter_records
from rsvlm.trainer.records import Records


def written(path: Path, rows: list[Record]) -> Path:
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    return path


def caption(ident: str, href: str, *captions: str) -> Record:
    talk = [{"role": "user", "content": "?"}, *({"role": "assistant", "content": text} for text in captions)]
    return Record(ident, "caption", "val", [{"href": href}], talk, meta={"scene": "x"})


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Ten pictures of soft noise; of three of them there is a second, as a poor JPEG or a little brighter; one is broken."""
    generator = np.random.default_rng(3)
    rows = []
    for number in range(10):
        small = Image.fromarray(generator.integers(0, 255, (6, 6, 3), np.uint8))
        picture = small.resize((64, 64), Image.Resampling.BICUBIC)
        picture.save(tmp_path / f"{number}.png")
        rows.append(caption(f"{number}", str(tmp_path / f"{number}.png"), "a", "b"))
        if number in (2, 5):
            picture.save(tmp_path / f"{number}b.jpg", quality=60)
            rows.append(caption(f"{number}b", str(tmp_path / f"{number}b.jpg"), "c"))
        if number == 7:
            Image.eval(picture, lambda value: min(255, value + 12)).save(tmp_path / "7b.png")
            rows.append(caption("7b", str(tmp_path / "7b.png"), "c"))
    rows.append(caption("2 again", str(tmp_path / "2.png"), "the same picture, another record"))
    (tmp_path / "broken.png").write_bytes(b"nothing")
    rows.append(caption("broken", str(tmp_path / "broken.png"), "d"))
    return written(tmp_path / "given.jsonl", rows)


def filtered(path: Path, wanted: Wanted, models: Models | None = None) -> tuple[list[Record], Job]:
    job = Job("filter", 0, [path], {"wanted": str(wanted)})
    with Answers(path.with_name("out.jsonl"), job) as answers:
        return list(filter_records(Records(path), wanted, models, answers, job, Watch())), job


def test_only_the_first_of_like_pictures_stays_with_all_its_records(twins: Path):
    records, job = filtered(twins, Wanted(4, None, None, 1.0))
    assert [record.id for record in records] == [*map(str, range(10)), "2 again"]
    assert job.left_out["a picture is like one before it"] == 3 and sum(job.left_out.values()) == 4
    everything, _ = filtered(twins, Wanted(None, None, None, 1.0))
    assert len(everything) == 15
    assert everything[0].meta["scene"] == "x" and everything[0].split == "val"


def test_pairs_are_alike_only_where_both_dates_are(tmp_path: Path):
    generator = np.random.default_rng(4)
    for name in ("2015", "2018", "2021"):
        picture = Image.fromarray(generator.integers(0, 255, (6, 6, 3), np.uint8))
        picture.resize((64, 64), Image.Resampling.BICUBIC).save(tmp_path / f"{name}.png")
        Image.open(tmp_path / f"{name}.png").save(tmp_path / f"{name}.jpg", quality=60)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    shown = [
        ["2015.png", "2021.png"], ["2018.png", "2021.png"], ["2018.png", "2015.png"], ["2021.png"],
        ["2015.jpg", "2021.jpg"], ["2021.jpg"], ["broken.png", "2021.png"],
    ]  # fmt: skip
    rows = [
        Record(" ".join(names), "change", "val", [{"href": str(tmp_path / name)} for name in names], [])
        for names in shown
    ]
    records, job = filtered(written(tmp_path / "given.jsonl", rows), Wanted(4, None, None, 1.0))
    assert [record.id.split() for record in records] == shown[:4]
    assert job.left_out["a picture is like one before it"] == 2 and sum(job.left_out.values()) == 3


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    yield Models("cpu")


@pytest.fixture
def fitting(data_dir: Path, tmp_path: Path) -> Path:
    """Twenty pictures of UCM with one of their own captions and one of another scene."""
    from rsvlm.trainer.records import read_caption_archive

    found = read_caption_archive(data_dir / "ucm_trainval_256.zip", "val")[::10][:20]
    rows = []
    for number, record in enumerate(found):
        other = found[(number + 7) % len(found)]
        rows.append(caption(record.id, record.images[0]["href"], record.captions[0], other.captions[0]))
    return written(tmp_path / "given.jsonl", rows)


def test_captions_that_fit_are_kept_and_those_of_other_pictures_go(fitting: Path, models: Models):
    records, job = filtered(fitting, Wanted(None, "", None, 0.5), models)
    given = {record.id: record.captions for record in Records(fitting)}
    kept = [(text, given[record.id]) for record in records for text in record.captions]
    own = sum(text == both[0] for text, both in kept)
    assert len(kept) == 20 and own >= 16, own
    assert all(len(record.meta["clip_score"]) == len(record.captions) for record in records)
    assert min(score for record in records for score in record.meta["clip_score"]) > 0
    assert sum(count for reason, count in job.left_out.items() if "score of a caption" in reason) == 20
    print(f"{own} of 20 kept captions are the picture's own")


def test_least_score_is_kept_to(fitting: Path, models: Models):
    every, _ = filtered(fitting, Wanted(None, "", -1.0, 1.0), models)
    scores = sorted(score for record in every for score in record.meta["clip_score"])
    assert len(scores) == 40
    half, _ = filtered(fitting, Wanted(None, "", scores[20], 1.0), models)
    assert sorted(score for record in half for score in record.meta["clip_score"]) == scores[20:]


def test_stopped_filtering_asks_the_model_only_for_what_is_left(fitting: Path, models: Models, monkeypatch):
    from rsvlm.trainer.builders import filtering

    real, seen = filtering._scored, []

    def scored(record, predictor):
        seen.append(record.id)
        if len(seen) == 8:
            raise KeyboardInterrupt
        return real(record, predictor)

    monkeypatch.setattr(filtering, "_scored", scored)
    with pytest.raises(KeyboardInterrupt):
        filtered(fitting, Wanted(None, "", None, 0.5), models)
    torn, job = filtered(fitting, Wanted(None, "", None, 0.5), models)
    assert len(seen) == 8 + 13
    monkeypatch.undo()
    whole, again = filtered(fitting, Wanted(None, "", None, 0.5), models)
    assert torn == whole and job.left_out == again.left_out
    assert not [path for path in fitting.parent.iterdir() if path.name.endswith(".answers")]


def test_by_the_command_line_and_wrong_models_are_told(twins: Path, tmp_path: Path):
    words = ["filter", str(twins), "-o", str(tmp_path / "o.jsonl"), "--json"]
    result = CliRunner().invoke(data_app, [*words, "--no-by-score"])
    assert result.exit_code == 0 and json.loads(result.stdout)["records"] == 11
    result = CliRunner().invoke(data_app, [*words])
    assert isinstance(result.exception, RsvlmError) and "is there already" in result.exception.message
    result = CliRunner().invoke(data_app, [*words, "--overwrite", "--model", "nosuch"])
    assert isinstance(result.exception, RsvlmError) and result.exception.code == "unknown_model"
