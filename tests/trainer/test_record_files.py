"""Files of records: read by number without being held in memory, written whole or not at all, wrong lines told."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.records import Records, Writer, located

GOOD: dict[str, Any] = {
    "id": "a/1",
    "task": "segment",
    "split": "train",
    "images": [{"href": "a.tif", "window": [0, 0, 8, 8], "bands": [3, 2, 1], "date": "2024-05-31"}],
    "messages": [{"role": "user", "content": "Wo ist der Weiher?"}, {"role": "assistant", "content": "Hier."}],
    "regions": [{"label": "pond", "bbox": [1, 1, 4.5, 4], "polygon": [[[1, 1], [4, 1], [4, 4]]]}],
    "meta": {"lat": 47.1, "lon": 9.5, "gsd_m": 0.5, "mine": {"any": ["thing"]}},
}


def write_lines(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(
                json.dumps({**GOOD, "id": f"a/{number}", "split": "val" if number % 10 == 0 else "train"}) + "\n"
            )
    return path


def test_record_comes_back_as_it_was():
    assert Record.from_json(GOOD).to_json() == GOOD


@pytest.mark.parametrize(
    ("change", "said", "mend"),
    [
        ({"regoins": []}, "no field “regoins”", "Did you mean “regions”"),
        ({"colour": 1}, "no field “colour”", "belongs in its meta"),
        ({"task": "captoin"}, "no task “captoin”", "Did you mean “caption”"),
        ({"split": ""}, "split is no text", "train"),
        ({"images": [{"path": "a.tif"}]}, "an image has no field “path”", "href"),
        ({"images": [{}]}, "an image has no href", "path"),
        (
            {"images": [{"href": "a", "window": [0, 0, 1, 1], "extent": [0, 0, 1, 1]}]},
            "both a window and an extent",
            "one",
        ),
        ({"images": [{"href": "a", "window": [4, 0, 1, 1]}]}, "empty or inverted", "x0 < x1"),
        ({"images": [{"href": "a", "bands": [0]}]}, r"bands of an image are \[0\]", "from 1"),
        ({"images": [{"href": "a", "date": "31.5.2024"}]}, "date of an image is '31.5.2024'", "2024-05-31"),
        ({"messages": [{"role": "bot", "content": "a"}]}, "no role “bot”", "user"),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "content of a message is no text", "images"),
        ({"messages": "hello"}, "messages are no list", "[]"),
        ({"regions": [{"label": "a"}]}, "a region has no place", "bbox, rle or polygon"),
        ({"regions": [{"label": "a", "bbox": [0, 0, float("nan"), 1]}]}, "the bbox of a region is", "four numbers"),
        ({"regions": [{"label": "a", "rle": {"counts": "a"}}]}, "an rle has no size", "COCO"),
        ({"regions": [{"label": "a", "polygon": [[0, 0, 1, 1, 1, 0]]}]}, r"a corner that is no \[x, y\]", "pixels"),
        ({"meta": {"lat": 91}}, "its lat is 91", "leave it out"),
    ],
)
def test_what_is_wrong_with_a_record_is_told_with_its_line(
    tmp_path: Path, change: dict[str, Any], said: str, mend: str
):
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join([json.dumps(GOOD), "", json.dumps({**GOOD, **change}), ""]), "utf-8")
    records = Records(path)
    assert len(records) == 2 and records[0].id == "a/1"
    with pytest.raises(RsvlmError, match=said) as caught:
        records[1]
    assert caught.value.message.startswith("Line 3 of some.jsonl: ") and mend in caught.value.hint
    assert caught.value.exit_code == 2


def test_missing_fields_broken_json_and_missing_files_are_told(tmp_path: Path):
    path = tmp_path / "some.jsonl"
    path.write_bytes(b'{"id": "1", "task": "vqa"}\r\n\r\n{"id": \n[]\n\xff\n')
    records = Records(path)
    assert len(records) == 4
    for number, said in enumerate(
        (
            "Line 1 .*no split and no images and no messages",
            "Line 3 .* no JSON",
            "Line 4 .*no object",
            "Line 5 .*no JSON",
        )
    ):
        with pytest.raises(RsvlmError, match=said):
            records[number]
    with pytest.raises(RsvlmError, match="cannot be read") as caught:
        Records(tmp_path / "none.jsonl")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_records_are_found_by_number_whatever_ends_their_lines(tmp_path: Path, end: str):
    path = tmp_path / "some.jsonl"
    path.write_bytes((end or "\n").join(json.dumps({**GOOD, "id": str(n)}) for n in range(5)).encode() + end.encode())
    records = Records(path)
    assert [record.id for record in records] == list("01234") and records[-1].id == "4" and records[3].id == "3"
    assert [record.id for record in records[1:4:2]] == ["1", "3"]
    assert [record.id for record in pickle.loads(pickle.dumps(records))] == list("01234")
    assert len(Records(write_lines(tmp_path / "none.jsonl", 0))) == 0
    with pytest.raises(IndexError):
        records[5]


def test_splits_and_tasks_are_selected(tmp_path: Path):
    records = Records(write_lines(tmp_path / "some.jsonl", 30))
    assert [record.id for record in records.select("val")] == ["a/0", "a/10", "a/20"]
    assert len(records.select(tasks=["segment"])) == 30 and len(records.select("train", ["vqa"])) == 0


def test_relative_hrefs_are_from_the_folder_of_the_file(tmp_path: Path):
    write_lines(tmp_path / "some.jsonl", 1)
    assert Records(tmp_path / "some.jsonl")[0].images[0]["href"] == str(tmp_path / "a.tif")
    hrefs = ["/vsizip/a.zip/b.png", "https://example.org/a.tif", str(tmp_path / "x.tif")]
    record = Record("1", "change", "train", [{"href": href} for href in hrefs], [], meta={"maps": [{"href": "m.png"}]})
    found = located(record, tmp_path)
    assert [image["href"] for image in found.images] == hrefs
    assert found.meta["maps"] == [{"href": str(tmp_path / "m.png")}]


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path, root: Path):
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc, which tells the peak memory of a process")
    program = (
        "import sys, importlib.util as u; top = sys.argv[1]\n"
        "s = u.spec_from_file_location('rsvlm', top + '/__init__.py', submodule_search_locations=[top])\n"
        "p = sys.modules['rsvlm'] = u.module_from_spec(s); s.loader.exec_module(p)\n"
        "from pathlib import Path\nfrom rsvlm.trainer.records import Records\n"
        "records = Records(Path(sys.argv[2]))\n"
        "assert sum(1 for _ in records) == len(records) == int(sys.argv[3]) and records[-1].id\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"  # kB, of this program alone
    )
    peaks = []
    for count in (1_000, 80_000):
        path = write_lines(tmp_path / f"{count}.jsonl", count)
        words = [sys.executable, "-c", program, str(root), str(path), str(count)]
        peaks.append(int(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    print(f"peak memory: {peaks[0] / 1024:.1f} MB at 1,000 records, {peaks[1] / 1024:.1f} MB at 80,000")
    assert peaks[1] <= 1.10 * peaks[0]


def test_stopped_work_is_gone_on_with_and_only_whole_work_takes_its_place(tmp_path: Path):
    path = tmp_path / "out.jsonl"
    records = [Record(str(number), "vqa", "train", [{"href": "ä.png"}], []) for number in range(6)]
    with pytest.raises(KeyboardInterrupt), Writer(path, "job") as out:
        for record in records[:3]:
            out.write(record)
        raise KeyboardInterrupt
    assert not path.exists()
    (part,) = tmp_path.iterdir()
    part.write_bytes(part.read_bytes() + b'{"id": "cut o')
    with Writer(path, "another job") as other:
        assert other.written == 0
    path.unlink()
    with Writer(path, "job") as out:
        assert out.written == 3
        for record in records[out.written :]:
            out.write(record)
    assert [record.id for record in Records(path)] == list("012345") and list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text("utf-8").splitlines()[0])["images"] == [{"href": "ä.png"}]


def test_one_program_at_a_time_writes_a_file(tmp_path: Path):
    path = tmp_path / "out.jsonl"
    record = Record("a", "vqa", "train", [{"href": "a.png"}], [])
    with Writer(path, "job") as out:
        out.write(record)
        with pytest.raises(RsvlmError, match="is being written by another program") as caught:
            Writer(path, "job")
        assert caught.value.code == "busy"
        with Writer(tmp_path / "other.jsonl", "job") as other:
            other.write(record)
    assert len(Records(path)) == 1 and len(list(tmp_path.iterdir())) == 2


def test_names_and_words_that_are_no_utf8_are_written_and_come_back(tmp_path: Path):
    path = tmp_path / "out.jsonl"
    odd = Record("a", "caption", "train", [{"href": "/data/K\udcfcste.png"}], [])
    broken = Record("b", "caption", "train", [{"href": "/b.png"}], [{"role": "assistant", "content": "half \ud83d"}])
    with Writer(path, "job") as out:
        out.write(odd)
        out.write(broken)
    assert list(Records(path)) == [odd, broken]


def test_file_that_is_there_is_not_lost(tmp_path: Path):
    path = write_lines(tmp_path / "out.jsonl", 2)
    with pytest.raises(RsvlmError, match="is there already") as caught:
        Writer(path, "job")
    assert "--overwrite" in caught.value.hint and len(Records(path)) == 2
    with pytest.raises(RsvlmError, match="cannot be written"):
        Writer(tmp_path / "none" / "out.jsonl", "job")
    with Writer(path, "job", overwrite=True) as out:
        out.write(Record("1", "vqa", "train", [], []))
        assert len(Records(path)) == 2
    assert len(Records(path)) == 1
