"""A released folder is brought in: what is data of it, compared with what its architecture wants."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tomlkit
import torch
from safetensors.torch import load_file, save_file

from rsvlm.models.cards import CARD, files_in, get_card
from rsvlm.models.families.huggingface.predictor import HuggingFacePredictor, load
from rsvlm.models.families.huggingface.release import INDEX, WEIGHTS, take_in
from rsvlm.models.families.huggingface.sam import MASKS
from rsvlm.models.importing import Wish, import_model
from rsvlm.models.load import load_model
from rsvlm.models.predictors.abilities import Prompt, Question
from rsvlm.models.releases import INDEXES
from rsvlm.protocol import RsvlmError

EVERY = [
    "qwen3_vl",
    "qwen2_5_vl",
    "smolvlm",
    "florence2",
    "paligemma",
    "llava",
    "blip-2",
    "instructblip",
    "sam",
    "sam2",
]
NOTHING = {"missing": [], "unexpected": [], "other_shape": []}


@pytest.mark.parametrize("name", EVERY)
def test_model_that_was_brought_in_answers_as_the_release(name: str, releases: dict[str, Path], views: list[np.ndarray],
                                                          card_of: object, tmp_path: Path):  # fmt: skip
    stage = tmp_path / "models" / "mine"
    stage.mkdir(parents=True)
    found = take_in(releases[name], stage, "mine")
    assert found["report"] == NOTHING and WEIGHTS in found["files"]
    sides = {
        "florence2": 448,
        "qwen3_vl": 448,
        "qwen2_5_vl": 448,
        "sam": 64,
        "sam2": 128,
    }  # Qwen and DaViT take any size
    assert found["card"]["input"]["pixels"] == sides.get(name, 32)
    card = {"id": "mine", "family": "huggingface", "title": "Mine", "licence": "none", "terms": "none", **found["card"]}
    source = {"files": [file.model_dump(exclude_none=True) for file in files_in(stage, tuple(found["files"]))]}
    (stage / CARD).write_text(tomlkit.dumps(card | {"trained_on": ["nothing"], "source": source}))
    mine, theirs = load(get_card("mine"), "cpu"), load(card_of(name), "cpu")  # type: ignore[operator]
    if isinstance(mine, HuggingFacePredictor):
        one, other = (
            model.ask(model.encode(views[:1]), [Question("how many ships?")])[0].text for model in (mine, theirs)
        )
        assert one == other and found["card"]["tasks"][0] == "describe"
    else:
        one, other = (
            model.masks(model.encode(views[:1]), [[Prompt((5, 5, 40, 40))]])[0].masks for model in (mine, theirs)
        )
        np.testing.assert_array_equal(one, other)
        assert found["card"]["tasks"] == ["refine"]
    assert mine.size_bytes < found["card"]["memory_bytes"] < mine.size_bytes * 2 + 65 * 2**20


def test_misfits_are_told_by_key_and_shape(releases: dict[str, Path], tmp_path: Path):
    release, stage = tmp_path / "release", tmp_path / "stage"
    release.mkdir(), stage.mkdir()
    for path in releases["llava"].iterdir():
        (release / path.name).write_bytes(path.read_bytes())
    weights = load_file(release / WEIGHTS)
    lost, bent = (next(key for key in sorted(weights) if key.endswith(end)) for end in ("q_proj.weight", "fc1.weight"))
    weights.pop(lost)
    weights |= {bent: torch.zeros(5, 7), "extra.weight": torch.zeros(3)}
    save_file(weights, release / WEIGHTS, {"format": "pt"})
    report = take_in(release, stage, "mine")["report"]
    assert len(report["missing"]) == 1 and report["missing"][0].endswith(lost.partition(".")[2])
    assert report["unexpected"] == ["extra.weight"]
    assert [(entry["found"], entry["expected"]) for entry in report["other_shape"]] == [([5, 7], [48, 32])]


def test_only_data_is_copied(releases: dict[str, Path], tmp_path: Path):
    release, stage = tmp_path / "release", tmp_path / "stage"
    release.mkdir(), stage.mkdir()
    for path in releases["llava"].iterdir():
        (release / path.name).write_bytes(path.read_bytes())
    for name in (
        "modeling.py",
        "pytorch_model.bin",
        "optimizer.pt",
        "consolidated.safetensors",
        "README.md",
        ".secret.json",
    ):
        (release / name).write_text("x")
    take_in(release, stage, "mine")
    assert {path.name for path in stage.iterdir()} == {path.name for path in releases["llava"].iterdir()}


@pytest.mark.parametrize(
    "index", ['{"weight_map": {"a": "../../etc/passwd"}}', '{"weight_map": {"a": "gone.safetensors"}}']
)
def test_index_cannot_name_files_elsewhere(index: str, releases: dict[str, Path], tmp_path: Path):
    release, stage = tmp_path / "release", tmp_path / "stage"
    release.mkdir(), stage.mkdir()
    (release / "config.json").write_bytes((releases["llava"] / "config.json").read_bytes())
    (release / INDEX).write_text(index)
    with pytest.raises(RsvlmError, match=r"holds no \S+, which its model\.safetensors\.index\.json names") as told:
        take_in(release, stage, "mine")
    assert told.value.code == "bad_request" and not list(stage.iterdir())


def test_index_beside_weights_in_one_file_is_not_followed(releases: dict[str, Path], tmp_path: Path):
    release, stage = tmp_path / "release", tmp_path / "stage"
    stage.mkdir()
    shutil.copytree(releases["llava"], release)
    for index in INDEXES:
        (release / index).write_text('{"weight_map": {"a": "gone.safetensors"}}')
    found = take_in(release, stage, "mine")
    assert found["report"] == NOTHING and WEIGHTS in found["files"]


@pytest.mark.own_process
def test_folder_is_imported_as_a_model_that_loads(
    releases: dict[str, Path], views: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    report, card = import_model(releases["llava"], Wish("mine", "huggingface", "Mine", "MIT", ""))
    assert report.fits and card == get_card("mine") and card.verify()
    model = load_model(card, "cpu")
    assert model.ask(model.encode(views[:1]), [Question("how many ships?")])[0].text  # type: ignore[attr-defined]
    with pytest.raises(RsvlmError) as caught:
        import_model(tmp_path / "nowhere", Wish("other", "huggingface", "Other", "MIT", ""))
    assert caught.value.code == "bad_request" and not list((tmp_path / "models").glob(".import-*"))


@pytest.mark.parametrize("name", ["paligemma", "qwen3_vl", "llava"])
def test_sam_in_the_folder_masks_comes_along(
    name: str, releases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It draws for a model that writes boxes; LLaVA writes none, so that its card promises no outlines."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    release = tmp_path / "release"
    shutil.copytree(releases[name], release)
    shutil.copytree(releases["sam2"], release / MASKS)
    _, alone = import_model(releases[name], Wish("alone", "huggingface", "Alone", "MIT", ""))
    report, card = import_model(release, Wish("mine", "huggingface", "Mine", "MIT", ""))
    assert card is not None and alone is not None and report.fits and card.verify()
    assert ("segment" in card.tasks) is (name != "llava") and "segment" not in alone.tasks
    assert card.memory_bytes > alone.memory_bytes
    model = load_model(card, "cpu")
    assert model.size_bytes > load_model(alone, "cpu").size_bytes


def test_masks_that_do_not_fit_or_are_no_sam_are_told(releases: dict[str, Path], tmp_path: Path):
    release, stage = tmp_path / "release", tmp_path / "stage"
    shutil.copytree(releases["paligemma"], release)
    shutil.copytree(releases["sam2"], release / MASKS)
    stage.mkdir()
    weights = load_file(release / MASKS / WEIGHTS)
    lost = sorted(weights)[0]
    save_file({key: weights[key] for key in weights if key != lost}, release / MASKS / WEIGHTS, {"format": "pt"})
    assert take_in(release, stage, "mine")["report"] == NOTHING | {"missing": [f"masks.{lost}"]}
    (release / MASKS / "config.json").write_bytes((releases["llava"] / "config.json").read_bytes())
    with pytest.raises(RsvlmError, match="is no SAM, but a “llava”"):
        take_in(release, stage, "mine")
