"""Masks and boxes that a model draws are scored in pixels of the picture that they lie on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.cards import Calibration
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Likely, Question
from rsvlm.protocol import Record, RsvlmError
from rsvlm.tasks.differing import drawn_for
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.joining import join_records
from rsvlm.trainer.evaluation import Kept, evaluate
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.measuring.asking import Setting
from rsvlm.trainer.measuring.drawn import Boxes, Masks, Presence, resized
from rsvlm.trainer.regions import decode, encode
from rsvlm.trainer.scoring import score_file


def square(left: int, top: int, right: int, bottom: int) -> list[list[list[int]]]:
    return [[[left, top], [right, top], [right, bottom], [left, bottom]]]


def test_mask_of_a_phrase_is_what_the_predictor_draws(add_family, models: Models, pictures, records, kept, tmp_path):
    add_family("geopix", ("Sure,", "it", "is", *SEGS))
    predictor = models.get("geopix")
    two = [{"label": "roof", "polygon": square(2, 2, 12, 12)}, {"label": "roof", "polygon": square(30, 20, 40, 30)}]
    whole = np.ones((40, 48), bool)
    data = records(
        ("segment", pictures[:1], "", [], {"regions": [*two, {"label": "lake", "rle": encode(whole)}]}),
        ("segment", pictures[1:2], "", [], {"regions": [{"label": "road", "bbox": [1, 1, 5, 5]}]}),
        ("segment", pictures[2:3], "", [], {"regions": [{"label": "the lake", "rle": encode(whole)}]}),
    )
    result = evaluate("segment", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    rows = kept()
    assert [row["id"] for row in rows] == ["r0: roof", "r0: lake", "r2"] and result["n"] == 3
    pixels = [np.asarray(Image.open(pictures[place])) for place in (0, 0, 2)]
    asked = [Question(f"[segment] Can you segment {text} ?") for text in ("roof", "lake", "the lake")]
    replies = predictor.ask(predictor.encode(pixels), asked)
    both, either, shares = 0, 0, []
    roofs = np.zeros((40, 48), bool)
    roofs[2:12, 2:12], roofs[20:30, 30:40] = True, True
    for row, reply, right in zip(rows, replies, (roofs, whole, whole), strict=True):
        assert reply.masks is not None and reply.masks.shape[1:] == (40, 48)
        told = (reply.masks >= 0.5).any(axis=0)
        assert (decode(row["prediction"]) == told).all() and (decode(row["reference"]) == right).all()
        both, either = both + (told & right).sum(), either + (told | right).sum()
        shares.append((told & right).sum() / (told | right).sum())
    assert result["metrics"]["cIoU"] == pytest.approx(both / either, abs=1e-6)
    assert result["metrics"]["mIoU"] == pytest.approx(np.mean(shares), abs=1e-6)
    assert result["baselines"]["all of the picture"]["mIoU"] == pytest.approx((200 / 1920 + 2) / 3, abs=1e-4)
    again = score_file("segment", tmp_path / "said.jsonl")
    assert {**result, **again, "data": "records.jsonl"} == result


def test_what_is_absent_has_to_be_refused(add_family, models: Models, pictures, records, kept, tmp_path):
    add_family("geopix", ("Sure,", "it", "is", *SEGS))  # it draws whatever is asked for
    absent = {"meta": {"target_absent": True, "type": "absent"}}
    lake = {"regions": [{"label": "lake", "rle": encode(np.ones((40, 48), bool))}]}
    data = records(
        ("segment", pictures[:1], "boats", ["There are no boats."], absent), ("segment", pictures[1:2], "", [], lake)
    )
    result = evaluate("segment", data, models.get("geopix"), "presence", kept=Kept(tmp_path / "said.jsonl"))
    drawn = [row["prediction"] for row in kept()]
    assert [row["references"] for row in kept()] == [["no"], ["yes"]] and [row["phrase"] for row in kept()] == [
        "boats",
        "lake",
    ]
    assert result["metrics"]["recall of no"] == float(drawn[0] == "no") and result["metrics"]["recall"] == float(
        drawn[1] == "yes"
    )
    assert "yes" in drawn


def test_empty_masks_and_joined_phrases_of_nothing_are_absent(tmp_path: Path):
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[2:6, 3:9] = 255
    Image.fromarray(pixels).save(tmp_path / "spots.png")
    image = [{"href": str(tmp_path / "spots.png")}]
    nothing, whole = ({"rle": encode(np.full((20, 30), there))} for there in (False, True))
    none = {"target_absent": True}
    covers = [{"label": "roof", **whole}, {"label": "sea", **nothing}]
    given = [Record("covers", "segment", "test", image, said("roof; sea"), covers)]
    for name in ("boats", "cars"):
        given.append(Record(name, "segment", "test", image, said(name, f"No {name}."), meta=none))
        given.append(Record(f"box {name}", "ground", "test", image, said(name, f"No {name}."), meta=none))
    thin = {"label": "line", "polygon": square(1, 1, 29, 1)}
    given.append(Record("thin", "segment", "test", image, said("line"), [thin]))
    records = list(join_records(given, 100, 3, Job("join", 0, [], {})))
    assert ["; ".join(record.messages[0]["content"] for record in records)] == ["roof; sea; boats; cars; line; boats"]
    measure = Presence(Setting(Spotter(), "", lambda: iter(records)))  # type: ignore[arg-type]
    rows = [row for record in records for row in measure.rows(measure.items(record))]
    assert [(row["phrase"], row["references"]) for row in rows] == [
        ("roof", ["yes"]), ("sea", ["no"]), ("boats", ["no"]), ("cars", ["no"]), ("line", ["yes"]),
        ("boats", ["no"]), ("cars", ["no"]),
    ]  # fmt: skip
    assert len({row["id"] for row in rows}) == len(rows)


def test_masks_are_scored_by_type_of_phrase_too(tmp_path: Path):
    whole, nothing = encode(np.ones((4, 4), bool)), encode(np.zeros((4, 4), bool))
    rows = [("class", whole), ("class", nothing), ("referring", whole)]
    file = tmp_path / "said.jsonl"
    file.write_text(
        "".join(json.dumps({"prediction": told, "reference": whole, "type": kind}) + "\n" for kind, told in rows)
    )
    metrics = score_file("segment", file)["metrics"]
    assert metrics["class mIoU"] == pytest.approx(0.5) and metrics["referring mIoU"] == 1
    assert metrics["mIoU"] == pytest.approx(2 / 3, abs=1e-5)


def test_large_pictures_are_seen_smaller_and_scored_as_they_are(
    add_family, models: Models, records, kept, tmp_path: Path
):
    add_family("geopix", ("{<25><0><50><100>}",))
    Image.new("RGB", (2048, 512), (90, 80, 70)).save(tmp_path / "wide.png")
    regions = [{"label": "road", "bbox": [512, 0, 1024, 512]}, {"label": "sea", "bbox": [0, 0, 512, 512]}]
    data = records(("ground", [tmp_path / "wide.png"], "", [], {"regions": regions}))
    result = evaluate("ground", data, models.get("geopix"), kept=Kept(tmp_path / "said.jsonl"))
    road, sea = kept()
    assert road["prediction"] == [[512, 0, 1024, 512]] and road["phrase"] == "road" and sea["id"] == "r0: sea"
    assert result["metrics"]["Acc@0.5"] == 0.5 and result["metrics"]["mIoU"] == pytest.approx(0.5)
    assert score_file("ground", tmp_path / "said.jsonl")["metrics"] == result["metrics"]


def test_turned_boxes_keep_their_angle(add_family, models: Models, records, pictures, kept, tmp_path: Path):
    add_family("geopix", ("{<25><25><75><75>|<45>}",), boxes="rotated")
    data = records(("ground", pictures[:1], "", [], {"regions": [{"label": "road", "bbox": [12, 10, 36, 30]}]}))
    turned = evaluate("ground", data, models.get("geopix"), kept=Kept(tmp_path / "said.jsonl"))
    assert kept()[0]["prediction"] == [[12, 10, 36, 30, 45]]
    upright = score_file("ground", tmp_path / "said.jsonl", "boxes-upright")
    assert turned["metrics"]["mIoU"] < 0.9 and upright["metrics"]["mIoU"] == pytest.approx(1)


def test_masks_of_another_size_are_resized_by_the_middle_of_pixels():
    mask = np.array([[0.1, 0.9], [0.2, 0.8]])
    assert resized(mask, 4, 2)[:, 0].tolist() == [0.1, 0.1, 0.2, 0.2]
    assert resized(np.arange(6.0)[None], 1, 2).tolist() == [[1.0, 4.0]]


def test_model_that_only_compares_is_not_asked_to_draw(add_family, models: Models, records, pictures):
    add_family("geoclip", [])
    data = records(("ground", pictures[:1], "", [], {"regions": [{"label": "road", "bbox": [12, 10, 36, 30]}]}))
    for task, told in (("segment", "draw outlines"), ("ground", "draw boxes")):
        with pytest.raises(RsvlmError, match=f"geoclip cannot {told}"):
            evaluate(task, data, models.get("geoclip"))


def test_mask_of_change_is_scored_against_all_that_changed(
    add_family, models: Models, pictures, records, kept, tmp_path
):
    add_family("deltavlm", ("new", "roads"))
    predictor = models.get("deltavlm")
    road = {"label": "road", "polygon": square(0, 0, 48, 20)}
    house = {"label": "building", "polygon": square(0, 30, 48, 40)}
    data = records(
        ("change", pictures[:2], "", ["roads"], {"regions": [road, house]}),
        ("change", pictures[1:3], "", ["nothing"], {"meta": {"changed": False}}),
        ("change", pictures[1:3], "", ["roads"], {"meta": {"changed": True}}),
    )
    result = evaluate("change", data, predictor, "masks", kept=Kept(tmp_path / "said.jsonl"))
    before, after = (np.asarray(Image.open(pictures[place])) for place in (0, 1))
    mask = predictor.change_masks(predictor.encode([before], [after]), 48)[0]
    changed, unchanged = kept()
    assert (decode(changed["prediction"]) == (resized(mask, 40, 48) >= 0.5)).all() and result["n"] == 2
    assert decode(changed["reference"]).sum() == 48 * 30 and decode(unchanged["reference"]).sum() == 0
    assert score_file("change", tmp_path / "said.jsonl", "masks")["metrics"] == result["metrics"]


def test_mask_of_change_is_of_what_the_record_wants_outlined(models: Models, pictures, records, kept, tmp_path: Path):
    """Not of all that changed, where the model can tell."""
    wanted = "Outline the damaged buildings."
    house = {"label": "destroyed building", "polygon": square(0, 30, 48, 40)}
    data = records(("change", pictures[:2], wanted, [""], {"regions": [house]}))
    evaluate("change", data, models.get("compact"), "pixels", kept=Kept(tmp_path / "said.jsonl"))
    (row,) = kept()
    before, after = (np.asarray(Image.open(pictures[place])) for place in (0, 1))
    predictor = models.get("compact")
    drawn = drawn_for(predictor, predictor.encode([before], [after])[0], before, wanted)
    assert drawn and row["phrase"] == "damaged building"
    assert (decode(row["prediction"]) == (resized(drawn[0], 40, 48) >= 0.5)).all()


class Spotter:
    """Finds what is bright, with half a doubt, and knows no lakes."""

    mask_stride = 1

    card = SimpleNamespace(
        id="spotter",
        input=SimpleNamespace(pixels=64, gsd_range_m=(0.3, 10)),
        tasks=["segment", "ground"],
        calibration=Calibration(),
    )
    device, size_bytes, usage = "cpu", 0, dict[str, int]()

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def until(self, stop: Any) -> Spotter:
        return self

    def encode(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        return list(pictures)

    def likely(self, seen: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Likely]:
        self.asked.append(list(phrases))
        there = np.array([0.1 if phrase == "lake" else 0.9 for phrase in phrases])
        return [Likely(np.stack([(pixels[..., 0] > 200) * np.float32(0.75)] * len(phrases)), there) for pixels in seen]


def test_model_of_probabilities_is_asked_as_the_tasks_ask_it(tmp_path: Path):
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[2:6, 3:9] = pixels[10:15, 20:28] = 255
    Image.fromarray(pixels).save(tmp_path / "spots.png")
    regions = [{"label": "roof", "bbox": [3, 2, 9, 6], "polygon": square(3, 2, 9, 6)}]
    regions += [{"label": "lake", "bbox": [0, 0, 30, 20], "polygon": square(0, 0, 30, 20)}]
    record = Record("r", "segment", "test", [{"href": str(tmp_path / "spots.png")}], said("", ""), regions)
    spotter = Spotter()
    for kind, right in ((Masks, 4 * 6 + 5 * 8), (Presence, "yes"), (Boxes, [[3, 2, 9, 6], [20, 10, 28, 15]])):
        measure = kind(Setting(spotter, "", lambda: iter([record])))  # type: ignore[arg-type]
        roof, lake = measure.rows(measure.items(record))
        told = [decode(row["prediction"]).sum() if kind is Masks else row["prediction"] for row in (roof, lake)]
        assert told == [right, {Masks: 0, Presence: "no", Boxes: []}[kind]]
        assert roof["confidence"] == 0.9 and lake["confidence"] == 0.1 and spotter.asked[-1] == ["roof", "lake"]
