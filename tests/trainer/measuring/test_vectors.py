"""Retrieval and zero-shot figures are those of the field's formulas on the vectors that the predictor gives by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models.parts.prompt_averaging import average_prompts
from rsvlm.models.pool import Models
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.evaluation import Beside, Kept, evaluate
from rsvlm.trainer.metrics.retrieval import rs5m_recall, skyscript_recall
from rsvlm.trainer.packed import packed, unpacked
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.scoring import score_file

CLASSES = ("sea", "dense_forest", "road", "sea", "road", "road")


def captions(number: int) -> list[str]:
    return ["a place", *(f"place {number} seen {time} times" for time in range(number + 1))]


@pytest.fixture
def data(pictures: list[Path], records):
    rows = enumerate(zip(pictures, CLASSES, strict=True))
    return records(
        *(("caption", [path], "", captions(number), {"meta": {"scene": scene}}) for number, (path, scene) in rows)
    )


@pytest.fixture(params=["clip", "compact"])
def predictor(request, add_clip, models: Models):
    if request.param == "clip":
        add_clip()
    return models.get(request.param)


def looked(predictor, pictures: list[Path]):
    side = 128 if predictor.card.id == "compact" else None
    found = [read_picture({"href": str(path)}, side).pixels for path in pictures]
    return predictor.encode(np.stack(found))


def test_recall_is_that_of_the_vectors(predictor, pictures, data, kept, tmp_path: Path):
    images = predictor.embed_images(looked(predictor, pictures))
    texts = predictor.embed_texts([text for number in range(6) for text in captions(number)])
    owner = np.repeat(np.arange(6), np.arange(6) + 2)
    wanted = rs5m_recall(images, texts, owner).values()
    result = evaluate("retrieval", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    assert result["n"] == 6 and result["captions"] == 27 and result["cut"] == 0
    for name, value in wanted.items():
        assert result["metrics"][name] == pytest.approx(value, abs=1e-6)
    np.testing.assert_allclose([unpacked(row["prediction"]) for row in kept()], images, atol=1e-6)
    low, high = result["ci95"]["mean recall"]
    assert low <= result["metrics"]["mean recall"] <= high
    again = score_file("retrieval", tmp_path / "said.jsonl", "rs5m")
    assert {**result, **again, "data": "records.jsonl"} == result


def test_captions_that_are_equal_are_one_by_skyscript(predictor, pictures, data):
    images = predictor.embed_images(looked(predictor, pictures))
    different = ["a place", *(text for number in range(6) for text in captions(number)[1:])]
    pairs = [(number, 0) for number in range(6)]
    pairs += [(number, different.index(text)) for number in range(6) for text in captions(number)[1:]]
    wanted = skyscript_recall(images, predictor.embed_texts(different), np.array(pairs))
    result = evaluate("retrieval", data, predictor, "skyscript")
    figures = {f"{way} {name}": value for way, tally in wanted.items() for name, value in tally.values().items()}
    assert result["metrics"] == pytest.approx(figures, abs=1e-6)


def test_long_captions_are_read_as_far_as_the_model_reads(add_clip, models: Models, pictures, records):
    add_clip()
    data = records(("caption", pictures[:1], "", ["road " * 300, "a road"], {}))
    result = evaluate("retrieval", data, models.get("clip"))
    assert result["cut"] == 1 and result["metrics"]["mean recall"] == 100


def test_classes_are_ranked_by_both_orders_of_averaging(add_clip, models: Models, pictures, data, kept, tmp_path: Path):
    add_clip()
    predictor = models.get("clip")
    labels = sorted(set(CLASSES))
    truth = np.array([labels.index(scene) for scene in CLASSES])
    images = predictor.embed_images(looked(predictor, pictures))
    result = evaluate("zeroshot", data, predictor, kept=Kept(tmp_path / "said.jsonl"))
    sentences = [[f"a photo of {label}.", f"{label}!"] for label in ("dense forest", "road", "sea")]
    network = predictor._model
    raw = torch.stack([network.encode_text(predictor_ids(predictor, own)).detach() for own in sentences])
    for order in ("raw", "unit"):
        best = (images @ average_prompts(raw, order).numpy().T).argmax(axis=1)
        assert result["metrics"][f"{order} top-1"] == pytest.approx((best == truth).mean(), abs=1e-6)
        assert result["metrics"][f"{order} top-5"] == 1
    assert [row["prediction"] for row in kept()] == [row["raw"][0] for row in kept()]
    assert result["classes"] == 3 and result["baselines"] == {"most frequent class": {"top-1": 0.5}}


def predictor_ids(predictor, texts: list[str]) -> torch.Tensor:
    from rsvlm.models.families.geoclip.words import batch_ids

    return batch_ids(texts, predictor._model.config.context)


def test_sentences_of_one_s_own_name_the_classes(models: Models, pictures, data, kept, tmp_path: Path):
    (tmp_path / "own.txt").write_text("a satellite image of {}\n\nthis is {} !\n")
    predictor = models.get("compact")
    beside = Beside(templates=tmp_path / "own.txt")
    result = evaluate("zeroshot", data, predictor, beside=beside, kept=Kept(tmp_path / "said.jsonl"))
    names = ("dense forest", "road", "sea")
    texts = [text for name in names for text in (f"a satellite image of {name}", f"this is {name} !")]
    vectors = predictor.embed_texts(texts).reshape(3, 2, -1).mean(axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likely = predictor.embed_images(looked(predictor, pictures)) @ vectors.T
    assert [row["unit"] for row in kept()] == [
        [sorted(set(CLASSES))[place] for place in np.argsort(-row)] for row in likely
    ]
    assert "raw" in result["not_computed"] and "raw top-1" not in result["metrics"]
    plain = evaluate("zeroshot", data, predictor, kept=Kept(tmp_path / "plain.jsonl"))
    best = predictor.zero_shot(looked(predictor, pictures), sorted(set(CLASSES))).argmax(axis=1)
    right = [sorted(set(CLASSES))[place] == scene for place, scene in zip(best, CLASSES, strict=True)]
    assert plain["metrics"]["top-1"] == pytest.approx(np.mean(right), abs=1e-6)
    for wrong, told in (("a road\n", "names no class: a road"), ("", "it is empty")):
        (tmp_path / "own.txt").write_text(wrong)
        with pytest.raises(RsvlmError, match=told):
            evaluate("zeroshot", data, predictor, beside=beside)


def test_each_class_is_told_from_the_rest_by_its_cosine(models: Models, pictures, data, kept, tmp_path: Path):
    predictor = models.get("compact")
    result = evaluate("zeroshot", data, predictor, "best-f1", kept=Kept(tmp_path / "said.jsonl"))
    labels = sorted(set(CLASSES))
    rows = kept()
    assert [list(row["cosines"]) for row in rows] == [labels] * 6
    ranks = evaluate("zeroshot", data, predictor, kept=Kept(tmp_path / "ranks.jsonl"))
    likeliest = [json.loads(line)["unit"] for line in (tmp_path / "ranks.jsonl").read_text().splitlines()]
    assert [sorted(row["cosines"], key=lambda label: -row["cosines"][label]) for row in rows] == likeliest
    for label in labels:
        told = [row["cosines"][label] > result["thresholds"][label] for row in rows]
        right = sum(one and scene == label for one, scene in zip(told, CLASSES, strict=True))
        f1 = 2 * right / (sum(told) + CLASSES.count(label))
        assert result["metrics"][f"F1 {label}"] == pytest.approx(f1, abs=1e-5)
    assert result["metrics"]["mean F1"] == pytest.approx(
        np.mean([result["metrics"][f"F1 {label}"] for label in labels])
    )
    assert result["classes"] == ranks["classes"] == 3
    with pytest.raises(RsvlmError, match="no cosines"):
        score_file("zeroshot", tmp_path / "ranks.jsonl", "best-f1")


def test_model_without_vectors_is_told(add_family, models: Models, data):
    add_family("geopix", ("a", "sea"))
    for task, told in (("retrieval", "compare pictures with words"), ("zeroshot", "tell classes apart")):
        with pytest.raises(RsvlmError, match=f"geopix cannot {told}"):
            evaluate(task, data, models.get("geopix"))


def test_vectors_that_cannot_be_read_are_told(tmp_path: Path):
    file = tmp_path / "said.json"
    one = {"id": 1, "prediction": packed(np.ones(3)), "references": ["a"], "vectors": [[1, 2, 3]]}
    for row, told in (
        ({**one, "prediction": "?"}, "vector cannot be read"), ({**one, "vectors": []}, "differ in width"),
        ({**one, "vectors": [[1, 2]]}, "of another width"),
    ):  # fmt: skip
        file.write_text(json.dumps([row]))
        with pytest.raises(RsvlmError, match=told):
            score_file("retrieval", file)
    file.write_text(json.dumps([{**one, "vectors": [[1, 2, 3]]}]))
    assert score_file("retrieval", file)["metrics"]["mean recall"] == 100


def test_pictures_that_cannot_be_read_are_named(models: Models, records, tmp_path: Path):
    Image.new("L", (8, 8)).save(tmp_path / "there.png")
    data = records(("caption", [tmp_path / "gone.png"], "", ["a road"], {}))
    with pytest.raises(RsvlmError, match=r"gone\.png cannot be read"):
        evaluate("retrieval", data, models.get("compact"))
