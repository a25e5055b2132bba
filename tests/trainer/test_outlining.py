"""The layers that draw fitted alone: they learn outlines and what changed, nothing else moves, and a stop loses nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from PIL import Image
from rasterio.windows import Window

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.learner import CompactLearner, learn
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.parts.alignment import moved
from rsvlm.models.parts.pixels import normalise
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.outlining import fitting
from rsvlm.trainer.outlining.__main__ import Wanted, begin, look, start
from rsvlm.trainer.outlining.fitting import fit
from rsvlm.trainer.outlining.kept import GRID, PIXELS, QUARTERS, Batch, Kept, drawn
from rsvlm.trainer.outlining.looking import PHRASES, looked_pairs, looked_pictures, pairs_of, pictures_of
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import encode

SIDE = 256  # pixels of the pictures, twice as many as the model sees
PLACES = 4
DEMO = Path(__file__).parents[2] / "resources" / "demo"


@pytest.fixture
def learner() -> CompactLearner:
    made = learn(get_card("compact"))
    made.model.eval()
    return made


@pytest.fixture
def known(learner: CompactLearner) -> Kept:
    """Two dates of meadow that are the same but for a bright square each; in half of them it came."""
    generator = np.random.default_rng(1)
    pictures = generator.integers(60, 110, (PLACES, 1, PIXELS, PIXELS, 3), np.uint8).repeat(2, axis=1)
    truth = np.zeros((PLACES, 3, GRID, GRID), np.uint8)
    for pair, (row, column) in enumerate(generator.integers(0, GRID - 24, (PLACES, 2))):
        rows, columns = slice(row, row + 24), slice(column, column + 24)
        bright = (pair, 1 - pair % 2, *(slice(2 * side.start, 2 * side.stop) for side in (rows, columns)))
        pictures[bright] += 130
        for phrase in (0, 1 + pair % 2):
            truth[pair, phrase, rows, columns] = QUARTERS
    meant = generator.normal(size=(1, 3, learner.model.config.language_width)).repeat(PLACES, axis=0)
    return Kept(
        pictures, np.zeros((PLACES, 2), np.float32), meant.astype(np.float16), truth, np.ones((PLACES, 3), bool)
    )


@pytest.fixture
def outlined(known: Kept) -> Kept:
    """One of these dates, of which the square is asked for, and in every other one something that is not there."""
    rows = np.arange(PLACES)
    bright = known.pictures[rows, 1 - rows % 2][:, None]
    truth = np.zeros((PLACES, 2, GRID, GRID), np.uint8)
    truth[:, 0] = known.truth[:, 0]
    asked = np.stack([rows >= 0, rows % 2 == 0], axis=1)
    return Kept(bright, np.zeros((PLACES, 2), np.float32), known.meant[:, 1:], truth, asked)


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


@pytest.fixture
def demo_pair(tmp_path: Path) -> Record:
    """Both dates of the demo, where the new quarter is; the earlier one lies two pixels off.

    A quarter of it is said to differ.
    """
    images = []
    for date, off in (("before", 2), ("after", 0)):
        with rasterio.open(DEMO / f"{date}.tif") as raster:
            side = min(raster.width, raster.height) // 2
            window = Window(raster.width - side - off, off, side, side)
            pixels = raster.read((1, 2, 3), window=window, out_shape=(3, SIDE, SIDE))
        path = tmp_path / f"demo-{date}.png"
        Image.fromarray(pixels.transpose(1, 2, 0)).save(path)
        images.append({"href": str(path)})
    mask = np.zeros((SIDE, SIDE), bool)
    mask[: SIDE // 4] = True
    return Record("demo", "change", "train", images, [], [{"label": "changed area", "rle": encode(mask)}])


def weights(learner: CompactLearner) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in learner.model.state_dict().items()}


def told(learner: CompactLearner, batch: Batch) -> float:
    """Share of pixels, of the first phrase of each place, that are told rightly."""
    model = learner.model
    with torch.inference_mode():
        dates = [model.vectors(model.encoder(normalise(pictures))) for pictures in batch.pictures.unbind(dim=1)]
        pixels = dates[0] if len(dates) == 1 else model.compared(moved(dates[0], batch.offsets), dates[1])
        _, logits = model.heads.queries(batch.meant, pixels[batch.places])
    first = [batch.places.tolist().index(place) for place in range(len(batch.pictures))]
    return float(((logits > 0) == (batch.truth > 0.5))[first].float().mean())


def whole(known: Kept, back: bool = False) -> Batch:
    count = len(known)
    return known.in_order(np.arange(count), np.full(count, back), np.random.default_rng(3))


def test_outlines_and_what_changed_are_learnt_and_nothing_else_moves(
    learner: CompactLearner, known: Kept, outlined: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fitting, "STEPS", 24)
    monkeypatch.setattr(fitting, "WARMUP", 3)
    monkeypatch.setattr(fitting, "RATE", 6e-3)
    before = weights(learner)
    one = outlined.rows(np.arange(PLACES), np.random.default_rng(0))
    assert told(learner, whole(known)) < 0.95 and told(learner, one) < 0.95
    fit(learner.model, [known, outlined], tmp_path / "state.pt")
    assert told(learner, whole(known)) > 0.97 and told(learner, one) > 0.97
    moved = {name for name, weight in weights(learner).items() if not torch.equal(weight, before[name])}
    assert {name.split(".")[1] for name in moved} == {"pixels", "queries", "difference"}
    assert all(name.startswith("masks.") for name in moved)


def test_a_stopped_run_goes_on_where_it_was(
    learner: CompactLearner, known: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fitting, "STEPS", 6)
    monkeypatch.setattr(fitting, "WARMUP", 2)
    monkeypatch.setattr(fitting, "KEPT", 3)
    monkeypatch.setattr(fitting, "PAIRS", 2)
    begun = weights(learner)
    fit(learner.model, [known], tmp_path / "whole.pt")
    whole = weights(learner)
    learner.model.load_state_dict(begun)

    class Stopped(Exception):
        pass

    learn, steps = fitting.losses, []

    def stop(*given: object) -> object:
        steps.append(None)
        if len(steps) > 4:
            raise Stopped
        return learn(*given)

    monkeypatch.setattr(fitting, "losses", stop)
    with pytest.raises(Stopped):
        fit(learner.model, [known], tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 3
    monkeypatch.setattr(fitting, "losses", learn)
    learner.model.load_state_dict(begun)
    fit(learner.model, [known], tmp_path / "state.pt")
    again = weights(learner)
    assert all(torch.allclose(again[name].float(), whole[name].float(), atol=1e-5) for name in whole)


def test_what_is_looked_at_is_what_the_model_asks_itself(learner: CompactLearner, demo_pair: Record, tmp_path: Path):
    """The layers see in training what they see in use: the same maps come of both."""
    known = looked_pairs(learner, [demo_pair], (), tmp_path / "looked")
    assert known.truth.mean() == QUARTERS / 4 and known.offsets.any()
    batch = whole(known)
    with torch.inference_mode():
        before, after = (
            learner.model.vectors(learner.model.encoder(normalise(date))) for date in batch.pictures.unbind(dim=1)
        )
        before = moved(before, batch.offsets)
        orders = [learner.model.compared(before, after), learner.model.compared(after, before)]
        logits = torch.stack([learner.model.heads.queries(batch.meant, pixels)[1] for pixels in orders]).mean(dim=0)
    predictor = CompactPredictor(get_card("compact"), learner.model, learner.tokenizer, "cpu")
    (asked,) = predictor.change_masks(predictor.encode(known.pictures[:, 0], known.pictures[:, 1]), GRID)
    assert asked.max() > 0.5 and np.abs(asked - logits[0].sigmoid().numpy()).mean() < 0.02


def test_augmented_pairs_keep_their_masks_in_place(learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path):
    known = looked_pairs(learner, pairs, ("view", "nuisance"), tmp_path / "looked")
    assert not known.truth[0].any() and 0 < known.truth[1].mean() < 0.5 * QUARTERS
    again = looked_pairs(learner, pairs, ("view", "nuisance"), tmp_path / "again")
    assert np.array_equal(known.pictures, again.pictures) and np.array_equal(known.truth, again.truth)


def test_of_a_file_the_pairs_to_learn_from_are_taken_once(pairs: Sequence[Record], tmp_path: Path):
    held = replace(pairs[0], id="held", split="val")
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in (*pairs, *pairs, held)), "utf-8")
    assert [record.id for record in pairs_of(Records(path))] == ["0", "1"]


def test_folder_of_other_work_is_refused(tmp_path: Path):
    begin(tmp_path / "out", ["run", "a.jsonl"])
    begin(tmp_path / "out", ["run", "a.jsonl"])
    for work in (["run", "b.jsonl"], ["other", "a.jsonl"]):
        with pytest.raises(RsvlmError, match="something else"):
            begin(tmp_path / "out", work)
    with pytest.raises(RsvlmError, match="is no number"):
        Wanted.read("a.jsonl@view*")
    with pytest.raises(RsvlmError, match="mist is no way"):
        Wanted.read("a.jsonl@view+mist")
    with pytest.raises(RsvlmError, match="no number"):
        Wanted.read("a.jsonl@view*often")
    assert Wanted.read("a.jsonl@view+nuisance*3") == Wanted(Path("a.jsonl"), ("view", "nuisance"), 3)


def test_of_each_pair_is_asked_what_changed_how_and_once_what_did_not(known: Kept):
    batch = whole(known)
    asked = sorted(
        zip(batch.places.tolist(), batch.every.tolist(), batch.truth.flatten(1).any(dim=1).tolist(), strict=True)
    )
    assert asked == [
        row for pair in range(PLACES) for row in [(pair, False, False), (pair, False, True), (pair, True, True)]
    ]
    known.known[:, 1:] = False
    assert len(whole(known).places) == PLACES


def test_in_the_other_order_of_time_what_came_has_gone(known: Kept):
    """And lies where the date that is the later one then shows it."""
    known.meant[:, 1], known.meant[:, 2] = 1, -1
    known.offsets[:] = (2, 0)
    forth, back = whole(known), whole(known, back=True)
    assert torch.equal(back.pictures, forth.pictures.flip(1)) and torch.equal(back.offsets, -forth.offsets)
    for batch, sign in ((forth, 1), (back, -1)):
        came = ~batch.every & (batch.places % 2 == 0) & batch.truth.flatten(1).any(dim=1)
        assert came.any() and (batch.meant[came] == sign).all()
    assert torch.allclose(back.truth[back.every][:, 2:], forth.truth[forth.every][:, :-2], atol=1e-5)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("across", [False, True])
def test_dates_lie_together_from_any_side(known: Kept, across: bool, down: bool, swapped: bool):
    """As far as they lie off each other, whatever side they are seen from."""
    by = 2 * np.array([2, -1])
    known.offsets[:] = by / 2
    known.pictures[:, 0] = np.roll(known.pictures[:, 1], by, axis=(1, 2))
    seen = whole(known).from_side(across, down, swapped)
    shift = [round(2 * step) for step in seen.offsets[0].tolist()]
    first, second = seen.pictures.unbind(dim=1)
    assert torch.equal(first.roll([-step for step in shift], dims=(2, 3)), second)


def test_kinds_of_a_pair_are_known_where_its_records_tell_them(
    learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path
):
    phrases = {
        "new building": "new buildings", "new woodland": "new trees",
        "lost building": "lost buildings", "lost woodland": "lost trees",
    }  # fmt: skip
    same, changed = pairs
    lost = replace(changed, regions=[{**changed.regions[0], "label": "lost building"}])
    known = looked_pairs(learner, [same, changed, lost], (), tmp_path / "looked", phrases)
    assert known.known.tolist() == [[True, *row] for row in ([True, False] * 2, [False] * 4, [True, False] * 2)]
    assert [truth.any(axis=(1, 2)).tolist() for truth in known.truth] == [
        [False] * 5, [True, *[False] * 4], [True, False, False, True, False],
    ]  # fmt: skip


def test_pictures_are_asked_what_their_records_outline(learner: CompactLearner, demo_pair: Record, tmp_path: Path):
    """Classes before single things, and a little of what is not there; the same maps come of it as in use."""
    image = demo_pair.images[1]
    mask = np.zeros((SIDE, SIDE), bool)
    mask[: SIDE // 4] = True
    region = {"rle": encode(mask)}
    single = [
        Record(f"r{n}", "segment", "train", [image], [], [{"label": f"tree {n}", **region}], {"type": "referring"})
        for n in range(PHRASES)
    ]
    absent = [
        Record(
            f"a{n}", "segment", "train", [image], [{"role": "user", "content": f"ship {n}"}], [],
            {"type": "absent", "target_absent": True},
        )
        for n in range(9)
    ]  # fmt: skip
    joined = Record("j", "segment", "train", [image], [], [{"label": "moor", "rle": encode(~mask & mask)}])
    classes = Record("c", "segment", "train", [image], [], [{"label": "buildings", **region}], {"type": "class"})
    path = tmp_path / "records.jsonl"
    lines = [
        json.dumps(record.to_json()) for record in (*single, *absent, joined, classes, replace(classes, split="val"))
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    (place,) = pictures_of(Records(path))
    known = looked_pictures(learner, [place], (), tmp_path / "looked")
    there = known.truth[0].any(axis=(1, 2))
    assert known.known.all() and there.sum() == PHRASES - 3
    assert known.truth[0, 0].mean() == QUARTERS / 4
    batch = known.rows(np.array([0]), np.random.default_rng(0))
    with torch.inference_mode():
        vectors = learner.model.vectors(learner.model.encoder(normalise(batch.pictures[:, 0])))
        maps = learner.model.heads.queries(batch.meant[:1], vectors)[1].sigmoid()
    predictor = CompactPredictor(get_card("compact"), learner.model, learner.tokenizer, "cpu")
    (asked,) = predictor.drawn(predictor.encode([known.pictures[0, 0]]), ["buildings"])
    assert asked.maps.max() > 0.5
    assert np.abs(asked.maps[0].reshape(GRID, 2, GRID, 2).mean(axis=(1, 3)) - maps[0].numpy()).mean() < 0.02


def test_what_outlines_nothing_is_refused(learner: CompactLearner, tmp_path: Path):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(Record("c", "caption", "train", [{"href": "a.png"}], [], []).to_json()) + "\n", "utf-8")
    with pytest.raises(RsvlmError, match="Nothing is outlined"):
        list(look(learner, Wanted(path), {}, tmp_path / "looked"))


def test_each_place_of_all_sources_is_as_likely(known: Kept):
    few = Kept(*(getattr(known, each.name)[:2].copy() for each in fields(Kept)))
    few.truth[:, 0] = 0  # nothing changed in what the smaller source shows
    generator = np.random.default_rng(0)
    batches = [drawn([known, few], 4, generator) for _ in range(100)]
    assert all(batch.places.unique().tolist() == [0, 1, 2, 3] for batch in batches)
    of_few = sum(int((~batch.truth[batch.every].flatten(1).any(dim=1)).sum()) for batch in batches)
    assert 100 < of_few < 170  # of 400, two in six


def test_pairs_and_pictures_of_a_file_are_both_looked_at_once(
    learner: CompactLearner, pairs: Sequence[Record], tmp_path: Path
):
    mask = np.ones((SIDE, SIDE), bool)
    alone = Record("one", "segment", "train", pairs[0].images[:1], [], [{"label": "buildings", "rle": encode(mask)}])
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in (*pairs, alone)), "utf-8")
    found = list(look(learner, Wanted(path, times=2), {}, tmp_path / "looked"))
    assert [(len(kept), kept.dates) for kept in found] == [(4, 2), (2, 1)]
    (tmp_path / "0-before.png").unlink()
    again = list(look(learner, Wanted(path, times=2), {}, tmp_path / "looked"))
    assert all(np.array_equal(first.truth, second.truth) for first, second in zip(found, again, strict=True))


def test_what_cannot_be_done_is_said_before_any_work(tmp_path: Path):
    for arguments, told in (
        (["run", "out"], "records are needed"),
        (["run", "out", str(tmp_path / "none.jsonl")], "none.jsonl"),
    ):
        with pytest.raises(RsvlmError, match=told):
            start(arguments)
