"""What publishing writes into the bundled model's card is a card again, with the checksums of what lies there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from rsvlm.models import cards
from rsvlm.models.cards import BUNDLED, RESOURCES, files_in, get_card
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer import publish


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped cards and weights, in the place of the real ones."""
    shutil.copytree(RESOURCES, tmp_path / "models")
    monkeypatch.setattr(cards, "RESOURCES", tmp_path / "models")
    monkeypatch.setattr(publish, "RESOURCES", tmp_path / "models")
    return tmp_path / "models"


def test_new_weights_get_their_checksums_and_everything_else_stays(copy: Path):
    before = get_card(None)
    weights = copy / BUNDLED / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert before.altered() == ("model.safetensors",)
    publish.edit_card(publish.source_of(copy / BUNDLED))
    after = get_card(None)
    assert after.verify() and after.revision != before.revision and after.size_bytes == before.size_bytes + 1
    assert after.source.files == tuple(files_in(copy / BUNDLED))
    assert after.model_copy(update={"source": before.source}) == before
    assert not list(copy.glob("*.part"))


def test_calibration_and_figures_are_replaced_and_comments_of_the_card_stay(copy: Path):
    path = copy / "compact.toml"
    path.write_text("# Kept.\n" + path.read_text("utf-8"), "utf-8")
    calibration = get_card(None).calibration.model_dump(mode="json")
    publish.edit_card({"calibration": {**calibration, "unsure_below": 0.5}})
    publish.edit_card({"figures": []})
    assert get_card(None).calibration.unsure_below == 0.5 and get_card(None).figures == ()
    assert path.read_text("utf-8").startswith("# Kept.\n")


@pytest.mark.parametrize("part", ["masks", "encoder"])
def test_run_that_saw_no_real_places_keeps_the_anchors_if_pictures_are_embedded_as_before(
    copy: Path, tmp_path: Path, part: str
):
    run = tmp_path / "run"
    (run / "last").mkdir(parents=True)
    (run / "events.jsonl").write_text("")
    data = "data:\n  - {format: records, path: scenes.jsonl}\n"
    stage = "stages:\n  - {max_steps: 1, objectives: {masks: 1.0}, train: [masks], learning_rate: 1.0e-3}\n"
    (run / "recipe.yaml").write_text(
        f"name: outlines\nmodel: {{id: compact}}\n{data}{stage}batch_size: 2\nsave_steps: 1\n"
    )
    model, tokenizer = load_compact(copy / BUNDLED)
    anchors = model.anchors.clone()
    with torch.no_grad():
        next(getattr(model, part).parameters()).mul_(1.5)
        model.anchors.zero_()
    save_compact(run / "last", model, tokenizer)
    if part == "encoder":
        with pytest.raises(RsvlmError, match="seen no real places"):
            publish.install_weights(run, tmp_path)
        return
    before = get_card(None)
    publish.install_weights(run, tmp_path)
    assert torch.equal(load_compact(copy / BUNDLED)[0].anchors, anchors)
    assert get_card(None).verify() and get_card(None).revision != before.revision
