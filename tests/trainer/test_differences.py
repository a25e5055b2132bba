"""The layers that tell two dates apart fitted alone: they learn what changed, nothing else moves, and a stop loses nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.learner import CompactLearner, learn
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import differences
from rsvlm.trainer.differences import GRID, Looked, fit, looked
from rsvlm.trainer.regions import encode

SIDE = 256  # pixels of the pictures, twice as many as the model sees


@pytest.fixture
def learner() -> CompactLearner:
    made = learn(get_card("compact"))
    made.model.eval()
    return made


@pytest.fixture
def known(learner: CompactLearner) -> Looked:
    """Two dates of noise that are the same but for a square each, where all vectors are turned round."""
    generator = np.random.default_rng(1)
    config = learner.model.config
    dates = generator.normal(size=(8, 1, config.pixel_embedding, GRID, GRID)).repeat(2, axis=1)
    truth = np.zeros((8, GRID, GRID))
    for pair, (row, column) in enumerate(generator.integers(0, GRID - 24, (8, 2))):
        dates[pair, 1, :, row : row + 24, column : column + 24] *= -1
        truth[pair, row : row + 24, column : column + 24] = 1
    meant = generator.normal(size=(1, config.language_width)).repeat(8, axis=0)
    return Looked(*(part.astype(np.float16) for part in (dates, meant, truth)))


@pytest.fixture
def pairs(tmp_path: Path) -> Sequence[Record]:
    generator = np.random.default_rng(2)
    records = []
    for number in range(2):
        images = []
        for date in ("before", "after"):
            path = tmp_path / f"{number}-{date}.png"
            Image.fromarray(generator.integers(0, 255, (SIDE, SIDE, 3), np.uint8)).save(path)
            images.append({"href": str(path)})
        mask = np.zeros((SIDE, SIDE), bool)
        mask[: SIDE // 4, : SIDE // 2 * number] = True
        regions = [{"label": "changed area", "rle": encode(mask)}] if number else []
        records.append(Record(str(number), "change", "train", images, [], regions, meta={"changed": bool(number)}))
    return records


def weights(learner: CompactLearner) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in learner.model.state_dict().items()}


def told(learner: CompactLearner, known: Looked) -> float:
    """Share of pixels that are told rightly."""
    dates, meant, truth = known.rows(np.arange(len(known)))
    with torch.inference_mode():
        _, logits = learner.model.heads.queries(meant, learner.model.differing(*dates.unbind(dim=1)))
    return float(((logits > 0) == (truth > 0.5)).float().mean())


def test_what_changed_is_learnt_and_nothing_else_moves(
    learner: CompactLearner, known: Looked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(differences, "STEPS", 24)
    monkeypatch.setattr(differences, "WARMUP", 3)
    monkeypatch.setattr(differences, "BATCH", 4)
    monkeypatch.setattr(differences, "RATE", 1e-2)
    monkeypatch.setattr(differences, "KEPT", 8)
    before = weights(learner)
    assert told(learner, known) < 0.9
    fit(learner.model, [known], tmp_path / "state.pt")
    assert told(learner, known) > 0.97
    moved = {name for name, weight in weights(learner).items() if not torch.equal(weight, before[name])}
    assert moved and all(name.startswith("masks.difference.") for name in moved)


def test_a_stopped_run_goes_on_where_it_was(
    learner: CompactLearner, known: Looked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(differences, "STEPS", 6)
    monkeypatch.setattr(differences, "WARMUP", 2)
    monkeypatch.setattr(differences, "KEPT", 3)
    monkeypatch.setattr(differences, "BATCH", 4)
    begun = weights(learner)
    fit(learner.model, [known], tmp_path / "whole.pt")
    whole = weights(learner)
    learner.model.load_state_dict(begun)

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    keep = torch.save
    monkeypatch.setattr(torch, "save", lambda *what: (keep(*what), stop()))
    with pytest.raises(Stopped):
        fit(learner.model, [known], tmp_path / "state.pt")
    monkeypatch.setattr(torch, "save", keep)
    learner.model.load_state_dict(begun)
    fit(learner.model, [known], tmp_path / "state.pt")
    again = weights(learner)
    assert all(torch.allclose(again[name].float(), whole[name].float(), atol=1e-5) for name in whole)


def test_what_is_looked_at_is_what_the_model_asks_itself(
    learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path
):
    """The layers see in training what they see in use: the same maps come of both."""
    known = looked(learner, pairs, (), tmp_path / "looked")
    assert [float(truth.mean()) for truth in known.truth] == [0, 0.125]
    dates, meant, _ = known.rows(np.arange(2))
    with torch.inference_mode():
        _, logits = learner.model.heads.queries(meant, learner.model.differing(*dates.unbind(dim=1)))
    predictor = CompactPredictor(get_card("compact"), learner.model, learner.tokenizer, "cpu")
    before, after = ([np.asarray(Image.open(pair.images[date]["href"])) for pair in pairs] for date in (0, 1))
    asked = predictor.change_masks(predictor.encode(before, after), GRID)
    assert np.abs(asked - logits.sigmoid().numpy()).mean() < 0.02


def test_augmented_pairs_keep_their_masks_in_place(learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path):
    known = looked(learner, pairs, ("view", "nuisance"), tmp_path / "looked")
    assert not known.truth[0].any() and 0 < known.truth[1].mean() < 0.5
    again = looked(learner, pairs, ("view", "nuisance"), tmp_path / "again")
    assert np.array_equal(known.dates, again.dates) and np.array_equal(known.truth, again.truth)


def test_of_a_file_the_pairs_to_learn_from_are_taken_once(pairs: Sequence[Record], tmp_path: Path):
    held = replace(pairs[0], id="held", split="val")
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in (*pairs, *pairs, held)), "utf-8")
    assert [record.id for record in differences._pairs(path)] == ["0", "1"]


def test_folder_of_other_work_is_refused(tmp_path: Path):
    differences.begin(tmp_path / "out", ["run", "a.jsonl"])
    differences.begin(tmp_path / "out", ["run", "a.jsonl"])
    for work in (["run", "b.jsonl"], ["other", "a.jsonl"]):
        with pytest.raises(RsvlmError, match="something else"):
            differences.begin(tmp_path / "out", work)
    with pytest.raises(RsvlmError, match="mist is no way"):
        differences._augments("a.jsonl@view+mist")
