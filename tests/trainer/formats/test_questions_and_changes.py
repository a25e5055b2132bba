"""Formats of questions, and of two dates of one place."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.formats import karpathy
from rsvlm.trainer.formats.reading import UNLIKE
from rsvlm.trainer.regions import decode

Read = Callable[..., Any]


def test_rsvqa_joins_questions_answers_and_images(read: Read, written: Read, picture: Read):
    there = picture("Images/7.tif")
    questions = [
        {"id": 0, "active": False},
        {"id": 1, "img_id": 7, "type": "count", "question": "How many roads?", "active": True},
        {"id": 2, "img_id": 7, "type": "presence", "question": "Is there a road?", "active": True},
    ]
    written("LR_split_val_answers.json", {"answers": [{"id": 0, "active": False}, {"question_id": 1, "answer": "12"}]})
    records, source = read("rsvqa", written("LR_split_val_questions.json", {"questions": questions}))
    assert [(r.task, r.split, r.captions, r.images) for r in records] == [
        ("vqa", "val", ["12"], [{"href": str(there)}])
    ]
    assert records[0].meta == {"type": "count", "image": 7} and source.left_out == {"the question has no answer": 1}
    with pytest.raises(RsvlmError, match="no questions by its name"):
        read("rsvqa", written("other.json", {}))


def test_published_cdvqa_sample(read: Read, data_dir: Path):
    records, source = read("cdvqa", data_dir / "formats" / "cdvqa_questions.json")
    assert len(records) == 60 and not source.left_out and {record.task for record in records} == {"change"}
    assert records[3].messages == [
        {"role": "user", "content": "Have the regions of water changed?"},
        {"role": "assistant", "content": "no"},
    ]
    assert records[3].meta["type"] == "change_or_not"
    assert [Path(image["href"]).parts[-2:] for image in records[0].images] == [
        ("im1", "02180.png"),
        ("im2", "02180.png"),
    ]


@pytest.mark.parametrize(
    ("name", "first", "answer"),
    [("ucm", "what is the theme of this picture?", "farmland"),
     ("dota", "how many small vehicles are there in this picture?", "15")],
)  # fmt: skip
def test_published_rsivqa_samples(read: Read, data_dir: Path, name: str, first: str, answer: str):
    records, source = read("rsivqa", data_dir / "formats" / f"rsivqa_{name}.txt")
    assert len(records) == 40 and not source.left_out
    assert [message["content"] for message in records[0].messages] == [first, answer]


def test_rsivqa_finds_pictures_without_a_suffix(read: Read, written: Read, picture: Read):
    there = picture("images/P0003.png")
    records, source = read("rsivqa", written("dota.txt", "P0003: is it: day?yes\nP0004 nonsense\nP1:?yes\n"))
    assert records[0].images == [{"href": str(there)}] and records[0].captions == ["yes"]
    assert records[0].messages[0]["content"] == "is it: day?" and source.left_out == {UNLIKE: 2}


def test_published_levir_mci_tokens(read: Read, data_dir: Path):
    records, _ = read("levir-mci-tokens", data_dir / "formats" / "levir_mci_tokens")
    assert len(records) == 10 and {len(record.captions) for record in records} == {5}
    assert records[0].captions[0] == "several houses appear at the bottom left corner of the scene"
    assert records[0].split == "train" and records[0].meta["filename"] == "train_000040.png"
    assert not any("<" in caption for record in records for caption in record.captions)


def test_levir_cc_has_two_dates_and_the_masks_of_levir_mci(read: Read, written: Read, picture: Read, tmp_path: Path):
    before, after = picture("images/train/A/t_1.png"), picture("images/train/B/t_1.png")
    label = np.zeros((30, 40), np.uint8)
    label[5:10, 3:20], label[20:25, 30:33] = 255, 128
    (tmp_path / "images/train/label").mkdir()
    Image.fromarray(label).save(tmp_path / "images/train/label/t_1.png")
    row = {
        "filepath": "train", "filename": "t_1.png", "split": "train", "changeflag": 1, "imgid": 0,
        "sentences": [{"raw": " a villa appears ."}, {"tokens": ["a", "road"], "raw": ""}],
    }  # fmt: skip
    path = written("LevirCCcaptions.json", {"images": [row, {**row, "filename": "t_2.png", "changeflag": 0}]})
    records, source = read("levir-cc", path)
    assert [image["href"] for image in records[0].images] == [str(before), str(after)] and source.missing == 2
    assert records[0].captions == ["a villa appears .", "a road"] and [r.meta["changed"] for r in records] == [
        True,
        False,
    ]
    regions = {region["label"]: region for region in records[0].regions}
    assert regions["building"]["bbox"] == [3, 5, 20, 10] and regions["road"]["bbox"] == [30, 20, 33, 25]
    assert np.array_equal(decode(regions["building"]["rle"]), label == 255) and not records[1].regions
    assert karpathy.write(records, tmp_path / "again.json") == 2
    again, _ = read("levir-cc", tmp_path / "again.json")
    assert [(r.messages, r.images, r.meta, r.regions) for r in again] == [
        (r.messages, r.images, r.meta, r.regions) for r in records
    ]


def test_whether_a_pair_changed_is_written_only_where_it_is_known(read: Read, written: Read, tmp_path: Path):
    row = {"filename": "t.png", "split": "train", "sentences": [{"raw": "a villa appears"}]}
    rows = [row, {**row, "changeflag": 1}, {**row, "changeflag": 0}]
    records, _ = read("levir-cc", written("LevirCCcaptions.json", {"images": rows}))
    karpathy.write(records, tmp_path / "again.json")
    flags = [row.get("changeflag") for row in json.loads((tmp_path / "again.json").read_text())["images"]]
    assert flags == [None, 1, 0]
    again, _ = read("levir-cc", tmp_path / "again.json")
    assert [record.meta.get("changed") for record in again] == [None, True, False] and "changed" not in again[0].meta


def test_a_pair_never_takes_one_picture_for_both_dates(read: Read, written: Read, picture: Read):
    picture("t_1.png")
    row = {"filename": "t_1.png", "split": "train", "sentences": [{"raw": "x"}]}
    records, source = read("levir-cc", written("LevirCCcaptions.json", {"images": [row]}))
    assert len({image["href"] for image in records[0].images}) == 2 and source.missing == 2


def test_second_cc_brings_the_maps_along(read: Read, written: Read, picture: Read):
    hrefs = [str(picture(f"val/{kind}/{date}/7.png")) for kind in ("rgb", "sem") for date in ("A", "B")]
    row = {"filename": "7.png", "split": "val", "sentences": [{"raw": "a pool was built"}]}
    records, _ = read("second-cc", written("SECOND-CC.json", {"images": [row]}))
    assert [image["href"] for image in records[0].images] == hrefs[:2]
    assert [image["href"] for image in records[0].meta["maps"]] == hrefs[2:]


def prepared(folder: Path) -> Path:
    """Two quadruples as MModalCC writes them, with two captions each."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    pictures = np.random.default_rng(2).integers(0, 255, (2, 4, 3, 16, 16)).astype(np.uint8)
    path = folder / "VAL_IMAGES_SECOND_CC_2_cap.hdf5"
    with h5py.File(path, "w") as file:
        file["images"] = pictures
    words = {"<pad>": 0, "a": 1, "pool": 2, "road": 3, "<unk>": 4, "<start>": 5, "<end>": 6}
    (folder / "WORDMAP_SECOND_CC_2_cap.json").write_text(json.dumps(words))
    captions = [[5, 1, 2, 6, 0], [5, 2, 6, 0, 0], [5, 1, 3, 6, 0], [5, 3, 6, 0, 0]]
    (folder / "VAL_CAPTIONS_SECOND_CC_2_cap.json").write_text(json.dumps(captions))
    return path


def test_second_cc_pictures_come_out_of_hdf5(read: Read, tmp_path: Path):
    path = prepared(tmp_path)
    records, source = read("second-cc-hdf5", path, tmp_path / "out")
    assert [record.captions for record in records] == [["a pool", "pool"], ["a road", "road"]]
    assert [record.split for record in records] == ["val", "val"] and not source.left_out
    import h5py

    with h5py.File(path) as file:
        for number, record in enumerate(records):
            for part, image in enumerate([*record.images, *record.meta["maps"]]):
                shown = np.asarray(Image.open(image["href"])).transpose(2, 0, 1)
                assert np.array_equal(shown, file["images"][number, part])
    assert [r.to_json() for r in read("second-cc-hdf5", path, tmp_path / "out")[0]] == [r.to_json() for r in records]


def test_hdf5_without_h5py_is_one_sentence(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = prepared(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(RsvlmError, match="needs the package h5py") as caught:
        read("second-cc-hdf5", path)
    assert "pip install h5py" in caught.value.hint


@pytest.mark.parametrize(
    ("question", "kind"),
    [("Please briefly describe the changes in these two images.", "caption"),
     ("Please judge whether these two images have changed. Please answer yes or no.", "binary"),
     ("Please determine how many roads and buildings have changed?", "count"),
     ("Please indicate the locations where changes have occurred", "locate"), ("Where are trees?", "open")],
)  # fmt: skip
def test_changechat_types(read: Read, written: Read, question: str, kind: str):
    talk = [{"from": "human", "value": f"<image> <image> {question}"}, {"from": "gpt", "value": "No."}]
    row = {"id": 5, "image": ["train/A/t.png", "train/B/t.png"], "changeflag": 0, "conversations": talk}
    dialogue = {**row, "conversations": talk * 2}
    records, source = read("changechat", written("train_x.json", [row, dialogue, {**row, "image": ["one.png"]}]))
    assert records[0].messages[0]["content"] == question and records[0].task == "change"
    assert [r.meta for r in records] == [{"changed": False, "type": kind}, {"changed": False, "type": "dialogue"}]
    assert source.left_out == {UNLIKE: 1}


def test_changechat_test_captions(read: Read, written: Read):
    row = {"image_A": "test/A/t.png", "image_B": "test/B/t.png", "captions": ["a", "b"], "changeflag": 1}
    records, _ = read("changechat", written("changechat_test_caption.json", [row]))
    assert records[0].captions == ["a", "b"] and records[0].split == "test" and records[0].meta["type"] == "caption"
