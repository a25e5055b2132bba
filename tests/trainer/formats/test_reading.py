"""What readers share: JSON that streams, pictures that are found, rows that are left out."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsvlm.protocol import RsvlmError
from rsvlm.trainer import formats
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.sources import labelled
from rsvlm.trainer.formats import reading
from rsvlm.trainer.formats.reading import UNREAD, Source, items, lines


@pytest.mark.parametrize("block", [1, 2, 7, 2**16])
@pytest.mark.parametrize("indent", [None, 2])
def test_lists_are_read_bit_by_bit(written: Callable[..., Path], monkeypatch: Any, block: int, indent: int | None):
    monkeypatch.setattr(reading, "_BLOCK", block)
    rows = [{"a": 1, "b": ["x, ]", {"c": '\\"}'}]}, 12345, -1.5e3, "ü", None, True, [], {}]
    whole = {"info": {"images": [1]}, "n": 17, "images": rows, "rest": "x" * 100}
    assert list(items(written("a.json", json.dumps(rows, indent=indent)))) == rows
    assert list(items(written("b.json", json.dumps(whole, indent=indent)), "images")) == rows
    assert list(items(written("c.jsonl", "\n".join(map(json.dumps, rows)) + "\n"))) == rows
    assert list(items(written("d.json", "[]"))) == []


@pytest.mark.parametrize("text", ["[1, 2", "{", '{"images": [1', "nonsense", '{"images" 1}'])
def test_what_is_no_json_is_told(written: Callable[..., Path], text: str):
    with pytest.raises(RsvlmError, match=r"a\.json is no JSON") as caught:
        list(items(written("a.json", text), "images"))
    assert caught.value.exit_code == 2


def test_row_with_a_file_that_cannot_be_read_is_left_out(
    read: Callable[..., Any], written: Callable[..., Path], picture: Callable[..., Path], tmp_path: Path
):
    rows = [{"filename": name, "split": "train", "sentences": [{"raw": "a house"}]} for name in ("a.png", "b.png")]
    for name in ("a.png", "b.png"):
        for date in "AB":
            picture(f"images/train/{date}/{name}")
    (tmp_path / "images" / "train" / "label").mkdir()
    (tmp_path / "images" / "train" / "label" / "b.png").write_bytes(b"")
    records, source = read("levir-cc", written("LevirCCcaptions.json", {"images": rows}), tmp_path)
    assert [record.meta["filename"] for record in records] == ["a.png"] and source.left_out == {UNREAD: 1}

    talk = [{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": "A lake."}]
    inside = f"data:image/png;base64,{'iVBORw0KGgo' * 400}"
    lines = [json.dumps({"messages": talk, "images": [name]}) for name in (inside, "images/train/A/a.png")]
    records, source = read("rs-rag", written("vqa.jsonl", "\n".join(lines)), tmp_path)
    assert [record.id for record in records] == ["vqa/1"] and source.left_out == {UNREAD: 1}


def test_full_disk_is_no_fault_of_a_row(tmp_path: Path):
    def full(row: int) -> list[int]:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = Source(tmp_path / "x.json")
    with pytest.raises(OSError, match="No space left"):
        list(source.each([1], full))


@pytest.mark.parametrize("name", ["skyscript", "table"])
def test_tables_that_are_not_utf8_are_told(read: Callable[..., Any], tmp_path: Path, name: str):
    table = tmp_path / "t.csv"
    table.write_bytes("filepath,title,label\na.png,Küste,Küste\n".encode("cp1252"))
    with pytest.raises(RsvlmError, match=r"t\.csv cannot be read as text") as caught:
        if name == "table":
            list(labelled(table, None, Job("caption", 0, [table], {})))
        else:
            read(name, table)
    assert caught.value.hint == "Save it as UTF-8."


def test_missing_lists_and_files_are_told(written: Callable[..., Path], tmp_path: Path):
    with pytest.raises(RsvlmError, match="has no list “images”"):
        list(items(written("a.json", {"images": 3, "notes": []}), "images"))
    with pytest.raises(RsvlmError, match="cannot be read"):
        list(items(tmp_path / "none.json"))
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RsvlmError, match="cannot be read as text"):
        list(lines(tmp_path / "bytes.txt"))


def test_pictures_are_found_without_the_publishers_folders_and_suffix(picture: Callable[..., Path], tmp_path: Path):
    there = picture("images/train/a.png")
    source = Source(tmp_path / "x.json", tmp_path / "images")
    for name in ("train/a.png", "D:\\data\\set\\train\\a.png", "/home/me/train/a.png", "train/a", "../../train/a.png"):
        assert source.image(name) == {"href": str(there)}
    assert source.missing == 0
    assert source.find("B/a.png", keep=2) is None and source.image("https://example.org/a.png")["href"].startswith(
        "https"
    )
    assert source.image("none.png")["href"] == str(tmp_path / "images" / "none.png")
    assert (source.missing, source.first_missing) == (1, str(tmp_path / "images" / "none.png"))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("dataset.json", "train"),
        ("LR_split_val_questions.json", "val"),
        ("GAIA_test.json", "test"),
        ("valid.json", "val"),
    ],
)
def test_split_is_told_by_the_name_of_the_file(name: str, split: str):
    assert Source(Path(name)).named_split() == split and Source(Path(name), split="mine").named_split() == "mine"


def test_every_format_has_a_reader_and_the_writers_that_it_tells_of():
    from importlib import import_module

    for name, kind in formats.FORMATS.items():
        module = import_module(f"rsvlm.trainer.formats.{kind.module}")
        assert callable(module.read), name
        assert hasattr(module, "write") == kind.writes, name


def test_unknown_formats_and_missing_files_are_told(tmp_path: Path):
    with pytest.raises(RsvlmError, match="no format “karpaty”") as caught:
        formats.find("karpaty")
    assert "karpathy" in caught.value.hint
    with pytest.raises(RsvlmError, match="There is no"):
        list(formats.read("karpathy", Source(tmp_path / "none.json")))
