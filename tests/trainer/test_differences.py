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
from rsvlm.models.parts.alignment import moved
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import differences
from rsvlm.trainer.differences import GRID, QUARTERS, Batch, Looked, fit, looked
from rsvlm.trainer.regions import encode

SIDE = 256  # pixels of the pictures, twice as many as the model sees


@pytest.fixture
def learner() -> CompactLearner:
    made = learn(get_card("compact"))
    made.model.eval()
    return made


@pytest.fixture
def known(learner: CompactLearner) -> Looked:
    """Two dates of noise that are the same but for a square each, where all vectors are turned round; in half of them it came."""
    generator = np.random.default_rng(1)
    config = learner.model.config
    dates = generator.normal(size=(8, 1, config.pixel_embedding, GRID, GRID)).repeat(2, axis=1)
    truth = np.zeros((8, 3, GRID, GRID), np.uint8)
    for pair, (row, column) in enumerate(generator.integers(0, GRID - 24, (8, 2))):
        square = (..., slice(row, row + 24), slice(column, column + 24))
        dates[pair, 1][square] *= -1
        for phrase in (0, 1 + pair % 2):
            truth[pair, phrase][square] = QUARTERS
    meant = generator.normal(size=(1, 3, config.language_width)).repeat(8, axis=0)
    return Looked(
        dates.astype(np.float16), np.zeros((8, 2), np.float32), meant.astype(np.float16), truth, np.ones((8, 3), bool)
    )


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
    """Share of pixels of all that changed that are told rightly."""
    batch = whole(known)
    with torch.inference_mode():
        _, logits = learner.model.heads.queries(
            batch.meant, learner.model.compared(*batch.laid_together())[batch.pairs]
        )
    return float(((logits > 0) == (batch.truth > 0.5))[batch.every].float().mean())


def whole(known: Looked, back: bool = False) -> Batch:
    count = len(known)
    return known.rows(np.arange(count), np.full(count, back), np.random.default_rng(3))


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
    assert [float(truth.mean()) / QUARTERS for truth in known.truth] == [0, 0.125]
    batch = whole(known)
    with torch.inference_mode():
        before, after = batch.laid_together()
        orders = [learner.model.compared(before, after), learner.model.compared(after, before)]
        logits = torch.stack([learner.model.heads.queries(batch.meant, pixels)[1] for pixels in orders]).mean(dim=0)
    predictor = CompactPredictor(get_card("compact"), learner.model, learner.tokenizer, "cpu")
    before, after = ([np.asarray(Image.open(pair.images[date]["href"])) for pair in pairs] for date in (0, 1))
    asked = predictor.change_masks(predictor.encode(before, after), GRID)
    assert np.abs(asked - logits.sigmoid().numpy()).mean() < 0.02


def test_augmented_pairs_keep_their_masks_in_place(learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path):
    known = looked(learner, pairs, ("view", "nuisance"), tmp_path / "looked")
    assert not known.truth[0].any() and 0 < known.truth[1].mean() < 0.5 * QUARTERS
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


def test_of_each_pair_is_asked_what_changed_how_and_once_what_did_not(known: Looked):
    batch = whole(known)
    asked = sorted(
        zip(batch.pairs.tolist(), batch.every.tolist(), batch.truth.flatten(1).any(dim=1).tolist(), strict=True)
    )
    assert asked == [
        row for pair in range(8) for row in [(pair, False, False), (pair, False, True), (pair, True, True)]
    ]
    known.known[:, 1:] = False
    assert len(whole(known).pairs) == 8


def test_in_the_other_order_of_time_what_came_has_gone(known: Looked):
    """And lies where the date that is the later one then shows it."""
    known.meant[:, 1], known.meant[:, 2] = 1, -1
    known.offsets[:] = (2, 0)
    forth, back = whole(known), whole(known, back=True)
    assert torch.equal(back.dates, forth.dates.flip(1)) and torch.equal(back.offsets, -forth.offsets)
    for batch, sign in ((forth, 1), (back, -1)):
        came = ~batch.every & (batch.pairs % 2 == 0) & batch.truth.flatten(1).any(dim=1)
        assert came.any() and (batch.meant[came] == sign).all()
    assert torch.allclose(back.truth[back.every][:, 2:], forth.truth[forth.every][:, :-2], atol=1e-5)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("across", [False, True])
def test_dates_lie_together_from_any_side(known: Looked, across: bool, down: bool, swapped: bool):
    later = torch.from_numpy(known.dates[:, 1].astype(np.float32))
    by = torch.tensor([[2.0, -1.0]]).expand(len(later), 2)
    known.dates[:, 0], known.offsets[:] = moved(later, -by).numpy(), by.numpy()
    first, second = whole(known).from_side(across, down, swapped).laid_together()
    assert torch.allclose(first[..., 4:-4, 4:-4], second[..., 4:-4, 4:-4], atol=1e-2)


def test_kinds_of_a_pair_are_known_where_its_records_tell_them(
    learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path
):
    phrases = {
        "new building": "new buildings", "new woodland": "new trees",
        "lost building": "lost buildings", "lost woodland": "lost trees",
    }  # fmt: skip
    same, changed = pairs
    lost = replace(changed, regions=[{**changed.regions[0], "label": "lost building"}])
    known = looked(learner, [same, changed, lost], (), tmp_path / "looked", phrases)
    assert known.known.tolist() == [[True, *row] for row in ([True, False] * 2, [False] * 4, [True, False] * 2)]
    assert [truth.any(axis=(1, 2)).tolist() for truth in known.truth] == [
        [False] * 5, [True, *[False] * 4], [True, False, False, True, False],
    ]  # fmt: skip
