"""`rsvlm data`: data sets become files of records, and what was left out is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Cancelled, RsvlmError, Watch
from rsvlm.trainer.conversion import convert, export
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.records import Records


def dataset(path: Path, count: int) -> Path:
    rows: list[dict[str, Any]] = [
        {"filename": f"{n}.png", "split": "val" if n % 5 == 0 else "train", "sentences": [{"raw": f"number {n}"}]}
        for n in range(count)
    ]
    rows[1:1] = [{"filename": "wrong"}]
    path.write_text(json.dumps({"images": rows}))
    return path


def run(*words: str) -> Any:
    """The document that --json prints, and what is said beside it."""
    done = CliRunner().invoke(data_app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout), done.stderr


def test_command_writes_records_and_tells_what_is_missing(tmp_path: Path):
    path, out = dataset(tmp_path / "set.json", 10), tmp_path / "out.jsonl"
    told, beside = run("convert", "karpathy", str(path), "--images", str(tmp_path / "pics"), "-o", str(out))
    assert told["records"] == 10 and told["splits"] == {"val": 2, "train": 8} and told["tasks"] == {"caption": 10}
    assert told["left_out"] == {"the row is not as this format has it": 1} and told["missing"] == 10
    assert told["first_missing"] == str(tmp_path / "pics" / "0.png")
    assert "Left out 1" in beside and "Pictures that are not there: 10" in beside
    assert [record.captions for record in Records(out)][:2] == [["number 0"], ["number 1"]]
    back, _ = run("export", "llava", str(out), "--split", "val", "-o", str(tmp_path / "talk.json"))
    assert back["written"] == 2 and len(json.loads((tmp_path / "talk.json").read_text())) == 2


def test_formats_are_listed():
    told, _ = run("formats")
    kinds = {row["format"]: row["writes"] for row in told["formats"]}
    assert len(kinds) >= 26 and kinds["coco"] and not kinds["rsvqa"]


def test_stats_command_writes_a_page(tmp_path: Path):
    convert("karpathy", Source(dataset(tmp_path / "set.json", 4)), tmp_path / "r.jsonl", False, Watch())
    told, _ = run("stats", str(tmp_path / "r.jsonl"), "-o", str(tmp_path / "page.html"))
    assert told["records"] == 4 and told["pictures"]["broken"]["count"] == 4
    assert "r.jsonl" in (tmp_path / "page.html").read_text() and not list(tmp_path.glob(".*.part"))
    with pytest.raises(RsvlmError, match=r"page\.html is there already"):
        run("stats", str(tmp_path / "r.jsonl"), "-o", str(tmp_path / "page.html"))


def test_stopped_conversion_goes_on_where_it_was(tmp_path: Path):
    class Stops(Watch):
        def cancelled(self) -> bool:
            return True

    path, out = dataset(tmp_path / "set.json", 2500), tmp_path / "out.jsonl"
    with pytest.raises(Cancelled):
        convert("karpathy", Source(path), out, False, Stops())
    assert not out.exists()
    done = convert("karpathy", Source(path), out, False, Watch())
    assert (done.records, done.before) == (2500, 999)
    assert [record.captions[0] for record in Records(out)] == [f"number {n}" for n in range(2500)]
    assert {file.name for file in tmp_path.iterdir()} == {"set.json", "out.jsonl"}


def test_what_is_of_another_format_leaves_no_file(tmp_path: Path):
    path = dataset(tmp_path / "set.json", 3)
    for name, words in (
        ("karpathy", "“test”"),
        ("nwpu", "not as this format has it"),
        ("rsvqa", "no questions by its name"),
    ):
        with pytest.raises(RsvlmError, match=words) as caught:
            convert(name, Source(path, split="test"), tmp_path / "out.jsonl", False, Watch())
        assert caught.value.exit_code == 2 and caught.value.hint
    assert [file.name for file in tmp_path.iterdir()] == ["set.json"]


def test_export_tells_what_it_cannot_write(tmp_path: Path):
    records = tmp_path / "r.jsonl"
    convert("karpathy", Source(dataset(tmp_path / "set.json", 3)), records, False, Watch())
    with pytest.raises(RsvlmError, match="rsvqa is only read") as caught:
        export("rsvqa", records, tmp_path / "x.json", None, False)
    assert "coco" in caught.value.hint
    with pytest.raises(RsvlmError, match="has what coco holds"):
        export("coco", records, tmp_path / "x.json", None, False)
    with pytest.raises(RsvlmError, match="is there already"):
        export("karpathy", records, tmp_path / "set.json", None, False)
    assert {file.name for file in tmp_path.iterdir()} == {"set.json", "r.jsonl"}
