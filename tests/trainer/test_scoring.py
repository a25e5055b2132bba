"""Files of predictions are read whatever release wrote them, and what is wrong with one is told in a sentence."""

from __future__ import annotations

import json
import os
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rsvlm.geo  # noqa: F401 # its limits, before rasterio opens anything
from rsvlm.protocol import RsvlmError
from rsvlm.trainer import scoring, scoring_cover
from rsvlm.trainer.builders.wording import templates
from rsvlm.trainer.evaluation import read_templates
from rsvlm.trainer.predictions import read_predictions
from rsvlm.trainer.scoring import TASKS, score_file

SHARED = Path(__file__).resolve().parents[3] / "shared"
FORMATS = Path(os.environ.get("RSVLM_DATA") or SHARED / "data") / "formats"
METRICS = Path(os.environ.get("RSVLM_GOLDEN") or SHARED / "golden") / "metrics"

PTB = "ptb_tokenized"


def write(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows), "utf-8")
    return path


def released(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        pytest.skip(f"no {name} in {folder} (set RSVLM_DATA and RSVLM_GOLDEN)")
    return folder / name


@pytest.mark.parametrize(
    ("task", "name", "n", "figure"),
    [
        ("caption", "earthdial_caption_predictions", 60, "CIDEr"),
        ("caption", "earthdial_region_predictions", 60, "ROUGE-L"),
        ("vqa", "earthdial_rsvqa_lr_predictions", 80, "rural_urban"),
        ("ground", "earthdial_detection_predictions", 60, "Acc@0.5"),
    ],
)
def test_released_predictions_are_scored(task: str, name: str, n: int, figure: str):
    result = score_file(task, released(FORMATS, f"{name}.jsonl"))
    low, high = result["ci95"][figure]
    assert result["n"] == n and low <= result["metrics"][figure] <= high and high > 0
    assert json.loads(json.dumps(result)) == result


def test_accuracy_of_a_released_file_is_that_counted_by_hand():
    file = released(FORMATS, "earthdial_rsvqa_lr_predictions.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    asked = [row for row in rows if row["vqa_type"] == "presence"]
    right = sum(row["answer"].lower() == row["annotation"].lower() for row in asked)
    assert score_file("vqa", file)["metrics"]["presence"] == pytest.approx(right / len(asked), abs=1e-6)


def test_change_captions_of_a_release_are_three_corpora():
    metrics = score_file("change", released(FORMATS, "earthdial_levir_mci_predictions.jsonl"), "coco")["metrics"]
    assert {"CIDEr", "changed CIDEr", "unchanged CIDEr", "change told: F1"} <= set(metrics)
    assert metrics["unchanged CIDEr"] == 0 and metrics["unchanged BLEU-4"] == pytest.approx(1), "one set of references"


@pytest.mark.parametrize(
    ("task", "protocol", "name", "figures"),
    [
        ("caption", "coco", "caption_pycocoevalcap", {"CIDEr": (PTB, "CIDEr"), "ROUGE-L": (PTB, "ROUGE_L")}),
        ("change", "deltavlm-count", "deltavlm_count", {"road MAE": ("road", "mae"), "building RMSE": ("building", "rmse")}),
        ("change", "deltavlm-location", "deltavlm_location", {"road F1": ("roads", "f1_micro")}),
        ("vqa", "rsvqa", "rsvqa_accuracy", {"OA": ("OA",), "AA": ("AA",), "comp": ("per_type", "comp")}),
        ("change", "yes-no", "binary_yes_no", {"F1": ("f1",), "accuracy": ("accuracy",)}),
    ],
)  # fmt: skip
def test_recorded_scores_come_out_of_files_too(
    task: str, protocol: str, name: str, figures: dict[str, tuple[str, ...]]
):
    file = released(METRICS, f"{name}.json")
    found = score_file(task, file, protocol)["metrics"]
    for figure, path in figures.items():
        expected: Any = json.loads(file.read_text())["expected"]
        for key in path:
            expected = expected[key]
        assert found[figure] == pytest.approx(expected, abs=1e-6), figure


def test_answers_of_another_form_are_read_and_named(tmp_path: Path):
    rows = [
        {"id": "a", "prediction": "2 new roads", "reference": {"road": 2, "building": 0}},
        {"id": "b", "prediction": "nothing at all", "reference": "1 new road and 1 new building"},
    ]
    result = score_file("change", write(tmp_path / "said.json", rows), "deltavlm-count")
    assert (result["release_stops_at"], result["not_read"]) == (["a", "b"], ["b"])
    assert result["metrics"]["road MAE"] == 0.5 and result["metrics"]["road exact"] == 0.5


@pytest.mark.parametrize("flag", [{"changeflag": 0}, {}])
def test_word_for_word_answers_of_no_change_tell_none(tmp_path: Path, flag: dict[str, int]):
    same = [
        *templates()["change"]["caption"]["unchanged"],
        "no change has occurred.",
        "The scene is the same as before .",
    ]
    same += ["All fields lie as they did."] if flag else []
    rows = [{"prediction": text, "references": [text], **flag} for text in same]
    rows += [{"prediction": "A house is built.", "references": ["A road is built."], "changeflag": 1}] * 2
    rows += [{"prediction": "nothing has changed between the two dates", "references": ["A pond."], "changeflag": 1}]
    metrics = score_file("change", write(tmp_path / "said.json", rows), "coco")["metrics"]
    assert metrics["change told: precision"] == 1 and metrics["change told: recall"] == pytest.approx(2 / 3, abs=1e-6)


def test_references_of_another_file_are_found_by_id_or_by_order(tmp_path: Path):
    said = write(tmp_path / "said.json", [{"image_id": 7, "caption": "a road"}, {"image_id": 3, "caption": "trees"}])
    by_id = write(
        tmp_path / "by_id.json", [{"image_id": 3, "captions": ["trees"]}, {"image_id": 7, "captions": ["a road", "x"]}]
    )
    assert [row.references for row in read_predictions(said, by_id)] == [("a road", "x"), ("trees",)]
    in_order = write(
        tmp_path / "order.json", [{"captions": ["a road"], "changeflag": 1}, {"captions": ["trees"], "changeflag": 0}]
    )
    rows = read_predictions(said, in_order)
    assert [(row.id, row.references, row.changed) for row in rows] == [
        ("7", ("a road",), True),
        ("3", ("trees",), False),
    ]
    other = write(tmp_path / "other.json", [{"id": 1, "captions": ["x"]}])
    with pytest.raises(RsvlmError, match="1 references for 2 predictions"):
        read_predictions(said, other)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_mask_that_was_cut_short_is_told(tmp_path: Path, ending: str):
    """GDAL would read the rest as black, and a score would count it as what the model left out."""
    path = tmp_path / f"said.{ending}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    Image.fromarray(noise).save(tmp_path / "true.png")
    rows = write(tmp_path / "rows.json", [{"id": 1, "prediction": path.name, "reference": "true.png"}])
    assert score_file("segment", rows, "masks")["n"] == 1
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RsvlmError, match=rf"said\.{ending} cannot be read") as caught:
        score_file("segment", rows, "masks")
    assert caught.value.code == "bad_raster"


def test_masks_are_scored_from_pictures_and_run_lengths(tmp_path: Path):
    mask = np.zeros((8, 8), np.uint8)
    mask[:4] = 255
    Image.fromarray(mask).save(tmp_path / "true.png")
    half = {"size": [8, 8], "counts": [0, *([2, 6] * 8)]}
    file = write(tmp_path / "said.json", [{"id": 1, "prediction": half, "reference": "true.png"}])
    assert score_file("segment", file)["metrics"]["mIoU"] == pytest.approx(0.5)
    ones = write(tmp_path / "ones.json", [{"id": 1, "prediction": half, "reference": (mask // 255).tolist()}])
    assert score_file("segment", ones, "lisa")["metrics"]["cIoU"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("{<10><10><30><30>}", [10, 10, 30, 30]),
        ("{<10><15><30><25>|<90>}", [[15, 10, 25, 30]]),
        ("[[10, 15, 30, 25, 90]]", "[15, 10, 25, 30]"),
        ([[10, 10], [30, 10], [30, 30], [10, 30]], [[30, 30, 10, 10]]),
    ],
)
def test_boxes_are_read_as_models_write_them(tmp_path: Path, said: Any, true: Any):
    file = write(tmp_path / "said.json", [{"id": 1, "prediction": said, "reference": true}])
    assert score_file("ground", file)["metrics"]["mIoU"] == pytest.approx(1, abs=1e-6)


def test_angles_count_unless_they_are_left_out(tmp_path: Path):
    file = write(tmp_path / "said.json", [{"prediction": "[[0, 0, 40, 10, 90]]", "reference": [0, 0, 40, 10, 0]}])
    turned, upright = (
        score_file("ground", file, protocol)["metrics"]["mIoU"] for protocol in ("boxes", "boxes-upright")
    )
    assert turned == pytest.approx(1 / 7, abs=1e-6) and upright == 1


def test_answer_without_a_box_is_a_miss_and_named(tmp_path: Path):
    file = write(tmp_path / "said.json", [{"id": "a", "prediction": "not there", "reference": [0, 0, 9, 9]}])
    result = score_file("ground", file)
    assert result["metrics"]["Acc@0.5"] == 0 and result["not_read"] == ["a"]


def test_counts_without_a_number_count_as_nothing_and_are_named(tmp_path: Path):
    rows = [
        {"id": "a", "answer": "many", "truth": "4"},
        {"id": "b", "answer": "3.", "truth": 3},
        {"id": "c", "answer": "x", "truth": "yes"},
    ]
    result = score_file("vqa", write(tmp_path / "said.json", rows), "count")
    assert (result["metrics"]["MAE"], result["counted"], result["not_read"]) == (2, 2, ["a"])


@pytest.mark.parametrize("task", TASKS)
def test_empty_and_broken_files_are_told(tmp_path: Path, task: str):
    for text, told in (
        ("", "no rows"),
        ("[]", "no rows"),
        ("{nothing", "neither JSON"),
        ('[{"id": 1}]', "has no prediction"),
    ):
        (tmp_path / "said.json").write_text(text)
        with pytest.raises(RsvlmError, match=told) as caught:
            score_file(task, tmp_path / "said.json")
        assert caught.value.exit_code == 2 and caught.value.hint
    write(tmp_path / "said.json", [{"prediction": "a"}])
    with pytest.raises(RsvlmError, match="rows without references"):
        score_file(task, tmp_path / "said.json")
    with pytest.raises(RsvlmError, match="cannot be read"):
        score_file(task, tmp_path / "none.json")
    with pytest.raises(RsvlmError, match=f"no {task} protocol “bleurt”") as unknown:
        score_file(task, tmp_path / "said.json", "bleurt")
    assert next(iter(TASKS[task])) in unknown.value.hint


@pytest.mark.parametrize(
    ("task", "protocol", "row"),
    [
        ("change", "deltavlm-count", {"prediction": "3 roads", "reference": {"tree": 1}}),
        ("change", "deltavlm-location", {"prediction": "roads []", "reference": 5}),
        ("vqa", "count", {"prediction": "3", "reference": "yes"}),
        ("segment", "masks", {"prediction": [[1, 0]], "reference": [[1], [0]]}),
        ("segment", "masks", {"prediction": [[1, "x"]], "reference": [[1, 0]]}),
        ("segment", "masks", {"prediction": {"size": [2, 2], "counts": [1]}, "reference": [[1, 0], [0, 0]]}),
        ("segment", "masks", {"prediction": {"size": [1e9, 2], "counts": [1]}, "reference": [[1]]}),
        ("segment", "masks", {"prediction": "gone.png", "reference": [[1]]}),
        ("segment", "lisa", {"prediction": [[1, 0]], "reference": [[7, 0]]}),
        ("ground", "boxes", {"prediction": [0, 0, 1, 1], "reference": "no box"}),
        ("ground", "boxes", {"prediction": [0, 0, 1, 1], "reference": [0, 0, float("nan"), 1]}),
    ],
)
def test_values_that_fit_no_protocol_are_told(tmp_path: Path, task: str, protocol: str, row: dict[str, Any]):
    file = write(tmp_path / "said.json", [{"id": "r1", **row}])
    with pytest.raises(RsvlmError) as caught:
        score_file(task, file, protocol)
    assert caught.value.exit_code == 2 and caught.value.hint


@pytest.mark.parametrize(
    ("protocol", "rows", "sentence"),
    [
        ("rs5m", [{"prediction": [1, 0], "vectors": [[1, 0]]}, {"prediction": [0, 1]}], "no caption's vector"),
        ("skyscript", [{"prediction": [1, 0], "vectors": [[1, 0], [0, 1]]}], "other numbers of references and vectors"),
        ("rs5m", [{"prediction": None, "vectors": [[1, 0]]}], "width"),
    ],
)
def test_vectors_that_lack_something_are_told(tmp_path: Path, protocol: str, rows: list[dict[str, Any]], sentence: str):
    file = write(tmp_path / "said.json", [{"references": ["a road"], **row} for row in rows])
    with pytest.raises(RsvlmError, match=sentence):
        score_file("retrieval", file, protocol)


def test_rows_without_an_answer_given_again_say_nothing_on_steadiness(tmp_path: Path):
    rows = [
        {"prediction": "0", "references": ["0"], "again": {"turned": 0}},
        {"prediction": "none", "references": ["b"], "again": {"turned": None}},
        {"prediction": "c", "references": ["c"], "counts": [2, 3]},
    ]
    metrics = score_file("consistency", write(tmp_path / "said.json", rows))["metrics"]
    assert (metrics["all the same"], metrics["turned"], metrics["MAE of numbers to masks"]) == (0.5, 0.5, 1)


def test_null_is_no_answer_and_no_reference(tmp_path: Path):
    rows = [
        {"prediction": None, "references": ["none", None], "type": None},
        {"prediction": "yes", "references": None, "answer": "yes"},
    ]
    file = write(tmp_path / "said.json", rows)
    assert [(row.said, row.references, row.kind) for row in read_predictions(file)] == [
        ("", ("none",), ""),
        ("yes", ("yes",), ""),
    ]
    assert score_file("vqa", file, "exact")["metrics"]["OA"] == 0.5
    for true in ([{"id": 1, "reference": None}], [{"id": 1, "captions": [None]}], [{"id": 1, "caption": None}]):
        said = write(tmp_path / "said.json", [{"id": 1, "prediction": "None"}])
        with pytest.raises(RsvlmError, match="rows without references"):
            read_predictions(said, write(tmp_path / "true.json", true))
    whole = write(tmp_path / "said.json", {"predictions": [{"prediction": "3"}], "truth": [3]})
    assert read_predictions(whole)[0].references == (3,)


def test_marks_of_utf8_at_the_start_of_files_are_skipped(tmp_path: Path):
    row = json.dumps({"prediction": "å", "reference": "å"}, ensure_ascii=False)
    (tmp_path / "said.jsonl").write_text(f"{row}\n{row}\n", "utf-8-sig")
    assert [row.said for row in read_predictions(tmp_path / "said.jsonl")] == ["å", "å"]
    (tmp_path / "templates.txt").write_text("a photo of {}\n", "utf-8-sig")
    assert read_templates(tmp_path / "templates.txt") == ("a photo of {}",)


def test_lines_end_where_json_has_them_end(tmp_path: Path):
    """Separators that only Unicode calls ends of a line stand in the words of a model as they are."""
    words = [f"a{end}b" for end in "\u2028\u2029\x85"]
    lines = [json.dumps({"prediction": text, "reference": "x"}, ensure_ascii=False) for text in words]
    (tmp_path / "said.jsonl").write_bytes("\r\n".join(lines).encode())
    assert [row.said for row in read_predictions(tmp_path / "said.jsonl")] == words


def test_questions_in_another_order_are_joined_by_their_own_id(tmp_path: Path):
    """Images come several times; the id of the question is what tells the rows apart."""
    asked = [(7, 1, "yes"), (7, 2, "no"), (3, 3, "rural")]
    said = [{"question_id": question, "answer": answer} for _, question, answer in reversed(asked)]
    true = [{"image_id": image, "question_id": question, "reference": answer} for image, question, answer in asked]
    for extra in ({}, {"image_id": 7}):
        rows = write(tmp_path / "said.json", [{**row, **extra} for row in said])
        result = score_file("vqa", rows, "exact", write(tmp_path / "true.json", true))
        assert result["metrics"]["OA"] == 1 and "warning" not in result


def test_rows_that_only_their_order_joins_are_told(tmp_path: Path):
    said = write(tmp_path / "said.json", [{"id": "a", "answer": "yes"}, {"id": "b", "answer": "no"}])
    true = write(tmp_path / "true.json", [{"id": "c", "reference": "yes"}, {"id": "d", "reference": "yes"}])
    result = score_file("vqa", said, "exact", true)
    assert result["metrics"]["OA"] == 0.5 and "row by row" in result["warning"]


def test_areas_and_ranges_are_no_counts(tmp_path: Path):
    true = ["4", "150m2", "0m2", "between 10 and 100", "more than 1000", "20%", "10_to_20", 2.0]
    rows = [{"id": str(number), "answer": "2", "truth": text} for number, text in enumerate(true)]
    result = score_file("vqa", write(tmp_path / "said.json", rows), "count")
    assert (result["counted"], result["metrics"]["MAE"], result["metrics"]["exact"]) == (2, 1, 0.5)


@pytest.mark.parametrize(
    ("protocol", "scored", "of"), [("pixels", scoring, "_mask_pair"), ("masks", scoring, "_mask_pair"),
                                   ("semantic", scoring_cover, "_pair")],
)  # fmt: skip
def test_masks_of_earlier_rows_are_gone_when_the_next_ones_are_read(
    tmp_path: Path, protocol: str, scored: ModuleType, of: str, monkeypatch: pytest.MonkeyPatch
):
    read, made = getattr(scored, of), list[weakref.ref[np.ndarray]]()

    def watched(*given: Any) -> tuple[np.ndarray, np.ndarray]:
        pair = read(*given)
        made.extend(map(weakref.ref, pair))
        assert sum(mask() is not None for mask in made) <= 6
        return pair

    monkeypatch.setattr(scored, of, watched)
    masks = [[[1, 1], [0, 0]], [[0, 0], [1, 1]]]
    rows = [{"id": n, "classes": ["a", "b"], "prediction": masks, "reference": masks} for n in range(20)]
    file = write(tmp_path / "said.json", rows)
    metrics = score_file("change" if protocol == "pixels" else "segment", file, protocol)["metrics"]
    assert metrics["IoU" if protocol == "pixels" else "mIoU"] == 1 and len(made) >= 40


def test_classes_without_a_picture_have_no_figure(tmp_path: Path):
    rows = [
        {"prediction": "sea", "reference": label, "cosines": {"sea": sea, "road": 0.5 - sea, "pond": 0.1}}
        for label, sea in (("sea", 0.4), ("sea", 0.1), ("road", 0.2), ("road", 0.0))
    ]
    result = score_file("zeroshot", write(tmp_path / "a.json", rows), "best-f1")
    assert result["metrics"] == {"mean F1": 0.8, "F1 sea": 0.8, "F1 road": 0.8} and result["classes"] == 2
    assert result["not_computed"] == {"F1 pond": "No picture is of this class."} and "pond" not in result["thresholds"]
    unknown = [{**row, "reference": "house"} for row in rows]
    with pytest.raises(RsvlmError, match="No picture is of a class that has a cosine"):
        score_file("zeroshot", write(tmp_path / "b.json", unknown), "best-f1")
