"""Formats of captions: sentence by sentence what the published files say."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.formats import karpathy
from rsvlm.trainer.formats.reading import UNLIKE
from rsvlm.trainer.pictures import read_picture

Read = Callable[..., Any]


def test_published_karpathy_sample(read: Read, data_dir: Path, tmp_path: Path):
    records, source = read("karpathy", data_dir / "formats" / "karpathy_ucm.json")
    assert len(records) == 12 == source.missing and not source.left_out
    assert (
        records[0].captions
        == [
            f"{start} a piece of {what} ."
            for start in ("There is", "It is", "Here is")
            for what in ("farmland", "cropland")
        ][:5]
    )
    assert [record.meta["filename"] for record in records[:2]] == ["1.tif", "2.tif"]
    assert karpathy.write(records, tmp_path / "again.json") == 12
    again, _ = read("karpathy", tmp_path / "again.json", data_dir / "formats")
    assert [(r.split, r.messages, r.images, r.meta) for r in again] == [
        (r.split, r.messages, r.images, r.meta) for r in records
    ]


def test_karpathy_rows_that_are_none_are_counted(read: Read, written: Read, picture: Read):
    there = picture("images/b.png")
    rows = [
        {"filename": "a.png", "split": "train", "sentences": []},
        {"filename": "b.png", "split": "restval", "sentences": [{"tokens": ["a", "pond"]}]},
        {"filename": "c.png", "split": "test", "sentences": [{"raw": "x"}]},
        17,
    ]
    records, source = read("karpathy", written("set.json", {"images": rows}), split="train")
    assert [record.captions for record in records] == [["a pond"]] and records[0].split == "train"
    assert records[0].images == [{"href": str(there)}] and source.left_out == {UNLIKE: 2}


def test_published_precomp_sample(read: Read, data_dir: Path):
    for name in ("rsicd_precomp_caps.txt", "rsicd_precomp_filename.txt"):
        records, _ = read("precomp", data_dir / "formats" / name, split="val")
        assert len(records) == 10 and {len(record.captions) for record in records} == {5}
        assert records[1].meta["filename"] == "airport_10.jpg" and records[1].split == "val"
        assert records[1].captions[:2] == [
            "some planes are parked in an airport .",
            "the airport here is full of airplanes and containers .",
        ]


def test_precomp_files_of_unlike_lengths_are_refused(read: Read, written: Read):
    written("a_filename.txt", "1.jpg\n2.jpg\n")
    with pytest.raises(RsvlmError, match="has 3 lines for the 2 pictures"):
        read("precomp", written("a_caps.txt", "x\ny\nz\n"))
    with pytest.raises(RsvlmError, match="no list of captions"):
        read("precomp", written("a.txt", "x"))


def test_nwpu_names_the_class(read: Read, written: Read, picture: Read):
    there = picture("airport/airport_001.jpg")
    row = {"filename": "airport_001.jpg", "split": "val", "raw": "a .", "raw_1": "b .", "raw_4": "e ."}
    records, source = read("nwpu", written("dataset_nwpu.json", {"airport": [row, {"split": "val"}]}))
    assert len(records) == 1 and records[0].captions == ["a .", "b .", "e ."] and records[0].split == "val"
    assert records[0].meta == {"filename": "airport_001.jpg", "scene": "airport"}
    assert records[0].images == [{"href": str(there)}] and sum(source.left_out.values()) == 1


def test_rsicap_and_rsieval(read: Read, written: Read):
    row = {"filename": "P1.png", "text_input": "Describe it in detail.", "text_output": "An airport."}
    records, _ = read("rsicap", written("captions.json", {"annotations": [row]}))
    assert records[0].messages == [
        {"role": "user", "content": "Describe it in detail."},
        {"role": "assistant", "content": "An airport."},
    ]
    pairs = [{"question": "Is it day?", "answer": "yes", "type": "presence"}, {"question": "How many?", "answer": 4}]
    row = {"filename": "P2.png", "caption": "A lake.", "qa_pairs": pairs}
    records, _ = read("rsieval", written("annotations.json", {"annotations": [row]}))
    assert [(r.task, r.split, r.captions) for r in records] == [
        ("caption", "test", ["A lake."]), ("vqa", "test", ["yes"]), ("vqa", "test", ["4"]),
    ]  # fmt: skip
    assert records[1].meta["type"] == "presence" and len({record.id for record in records}) == 3


def test_split_of_rsieval_is_picked_and_not_renamed(read: Read, written: Read):
    path = written("annotations.json", {"annotations": [{"filename": "P2.png", "caption": "A lake.", "qa_pairs": []}]})
    assert read("rsieval", path, split="val")[0] == []
    assert [record.split for record in read("rsieval", path, split="test")[0]] == ["test"]
    path = written("captions.json", {"annotations": [{"filename": "P1.png", "text_output": "An airport."}]})
    assert [record.split for record in read("rsicap", path, split="val")[0]] == ["val"], "nothing tells a split"


def write_shard(path: Path, members: list[tuple[str, bytes]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_rs5m_shards_are_read_without_being_unpacked(read: Read, picture: Read, tmp_path: Path):
    jpeg = picture("one.jpg", 120).read_bytes()
    write_shard(
        tmp_path / "shards-train-0000.tar",
        [
            ("0.img_content", jpeg), ("0.caption", b"a lake"), ("0.img_name", b"lake.jpg"),
            ("1.img_content", jpeg), ("2.caption", b"no picture"), ("d/3.jpg", jpeg), ("d/3.txt", "grün".encode()),
        ],
    )  # fmt: skip
    records, source = read("rs5m", tmp_path)
    assert [(record.id, record.captions) for record in records] == [
        ("shards-train-0000/0", ["a lake"]), ("shards-train-0000/d/3", ["grün"]),
    ]  # fmt: skip
    assert records[0].meta["filename"] == "lake.jpg"
    assert source.left_out == {"the sample has no caption": 1, "the sample has no picture": 1}
    for record in records:
        shown = read_picture(record.images[0], 32)[0]
        assert abs(int(shown.mean()) - 120) < 3
    (tmp_path / "shards-train-0000.tar").write_bytes(b"no tar at all")
    with pytest.raises(RsvlmError, match="no whole tar"):
        read("rs5m", tmp_path)


def test_split_of_rs5m_is_picked_by_the_names_of_shards(read: Read, picture: Read, tmp_path: Path):
    sample = [("0.jpg", picture("one.jpg").read_bytes()), ("0.txt", b"a lake")]
    for name in ("train-0000", "val-0000", "0001"):
        write_shard(tmp_path / "named" / f"pub11-{name}.tar", sample)
    found = {split: read("rs5m", tmp_path / "named", split=split)[0] for split in ("train", "val", "test")}
    assert {split: [(record.id, record.split) for record in records] for split, records in found.items()} == {
        "train": [("pub11-0001/0", "train"), ("pub11-train-0000/0", "train")],
        "val": [("pub11-val-0000/0", "val")],
        "test": [],
    }
    write_shard(tmp_path / "unnamed" / "0000.tar", sample)
    assert [record.split for record in read("rs5m", tmp_path / "unnamed", split="val")[0]] == ["val"]


def test_gaia(read: Read, written: Read, picture: Read):
    there = picture("images/17.jpg")
    row = {
        "id": 17, "image_src": "https://example.org/x/etna%20now.jpg", "captions": ["The image showcases: Etna."],
        "location": "Sicily", "lat": "37.75", "lon": 14.99, "tag": "Volcanoes", "resolution": "High", "satellite": "Landsat 8",
        "sensor": "OLI", "modalities": "optical", "credits": None, "image_alt": "",
    }  # fmt: skip
    elsewhere = {**row, "id": 18, "lat": "", "captions": ["a", " "]}
    picture("etna now.jpg")
    records, source = read("gaia", written("val_data.json", [row, elsewhere, {**row, "captions": []}]))
    assert records[0].images == [{"href": str(there)}] and records[0].split == "val"
    facts = {"lat": 37.75, "lon": 14.99, "scene": "Volcanoes", "satellite": "Landsat 8", "sensor": "OLI"}
    assert facts.items() <= records[0].meta.items() and "credits" not in records[0].meta
    assert records[1].images[0]["href"].endswith("etna now.jpg") and "lat" not in records[1].meta
    assert records[1].captions == ["a"] and source.left_out == {UNLIKE: 1} and not source.missing


def test_skyscript_facts_come_from_pickles_that_run_nothing(read: Read, written: Read, picture: Read, tmp_path: Path):
    picture("images2/a198234555_CH_19.jpg")
    (tmp_path / "meta2").mkdir()
    facts = {"box": (8.0, 47.0, 8.2, 47.1), "time": "2019", "center_tags": {"landuse": "farm"}, "surrounding_tags": []}
    (tmp_path / "meta2" / "a198234555_CH_19.pickle").write_bytes(pickle.dumps(facts))
    (tmp_path / "meta2" / "w2_US_21.pickle").write_bytes(
        b"cos\nsystem\n(S'touch " + str(tmp_path).encode() + b"/ran'\ntR."
    )
    table = (
        'filepath,title,title_multi_objects\nimages2/a198234555_CH_19.jpg,a farm,"a farm, near a road"\n'
        "images2/w2_US_21.jpg,a road,a road\nimages2/n3_US_21.jpg,,\nimages2/n4_US_21.jpg,a well,\n"
    )
    records, source = read("skyscript", written("SkyScript_train.csv", table))
    assert [record.captions for record in records] == [["a farm", "a farm, near a road"], ["a well"]]
    assert records[0].images[0]["date"] == "2019"
    known = {"osm": "area/198234555", "source": "CH", "lon": 8.1, "center_tags": {"landuse": "farm"}}
    assert known.items() <= records[0].meta.items() and records[0].meta["lat"] == pytest.approx(47.05)
    assert not (tmp_path / "ran").exists() and sum(source.left_out.values()) == 2
    with pytest.raises(RsvlmError, match="no columns filepath and title"):
        read("skyscript", written("x.csv", "a,b\n1,2\n"))


def test_caption_archive(read: Read, data_dir: Path):
    records, _ = read("archive", data_dir / "ucm_trainval_256.zip", split="val")
    assert len(records) == 210 and records[0].split == "val" and len(records[0].captions) == 5


def test_own_records_are_read_without_the_wrong_lines(read: Read, written: Read, tmp_path: Path):
    good = '{"id": "1", "task": "vqa", "split": "val", "images": [{"href": "a.png"}], "messages": []}'
    path = written("r.jsonl", f"{good}\n{{\n{good.replace('vqa', 'vqq')}\n{good.replace('val', 'train')}\n")
    records, source = read("records", path, split="val")
    assert [record.images for record in records] == [[{"href": str(tmp_path / "a.png")}]]
    assert sum(source.left_out.values()) == 2
