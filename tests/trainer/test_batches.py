"""A batch is a function of the seed and the step: the same pictures, seen the same way, with the same words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rsvlm.models.families.compact.network import CAPTION, EOS, PAD, RET, SPECIAL_TOKENS
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer
from rsvlm.trainer.augment import CROP, random_affine, random_light, warp
from rsvlm.trainer.batches import LONGEST, StepBatches
from rsvlm.trainer.recipe import Recipe, Schedule, load_recipe

COUNT = 10
CAPTIONS = [[f"picture {n} .", f"Again {n} .", f"{'long ' * 40} {n}"] for n in range(COUNT - 2)]
CAPTIONS += [[f"{'only long ' * 30}"], ["picture 0 ."]]
WORDS = train_tokenizer([tidy(text) for row in CAPTIONS for text in row], 400, SPECIAL_TOKENS)


def recipe(**changes: object) -> Recipe:
    stages = [Schedule(start=0.0, pixels=32), Schedule(start=0.5, pixels=64)]
    return load_recipe(Path("compact"), []).model_copy(update={"batch": 4, "steps": 40, "pixels": stages, **changes})


def batches(repeats: float | list[float] = 1.0, start: int = 0, **changes: object) -> StepBatches:
    generator = np.random.default_rng(2)
    squares = generator.integers(0, 255, (COUNT, 64, 64, 3)).astype(np.uint8)
    teacher = torch.from_numpy(generator.normal(0, 1, (COUNT, 5, 7, 7)).astype(np.float16))
    often = np.full(COUNT, repeats) if isinstance(repeats, float) else np.array(repeats)
    return StepBatches(recipe(**changes), squares, CAPTIONS, list(range(COUNT)), often, teacher, WORDS, start)


def test_step_gives_the_same_batch_whenever_and_wherever_it_is_asked_for():
    first, later = batches(), batches(start=7)
    _ = first[0], first[3]
    for step in (7, 8, 25):
        one, other = first[step], later[step - 7]
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one), step
    assert len(first) == 40 and len(later) == 33
    assert not torch.equal(first[7]["pixels"], first[8]["pixels"])
    assert not torch.equal(first[7]["pixels"], batches(seed=8)[7]["pixels"])


def test_every_epoch_sees_every_picture_once_in_another_order():
    data = batches()
    seen = np.concatenate([data.pictures(step) for step in range(15)]).reshape(6, COUNT)
    assert (np.sort(seen, axis=1) == np.arange(COUNT)).all()
    assert len({tuple(epoch) for epoch in seen}) == 6


def test_picture_that_counts_one_and_a_half_is_seen_twice_in_every_second_epoch():
    data = batches(repeats=[1.0] * 4 + [1.5] * 6)
    epochs = np.concatenate([data.pictures(step) for step in range(13 * 40)]).reshape(-1, 13)
    times = np.stack([np.bincount(epoch, minlength=COUNT) for epoch in epochs])
    assert times.min() >= 1, "every picture in every epoch"
    assert times[:, 4:].mean() == pytest.approx(1.5, abs=0.06) and times[:, :4].mean() < 1.15
    assert times.max() <= 3


def test_batch_larger_than_an_epoch_is_filled():
    assert np.bincount(batches(batch=25).pictures(0), minlength=COUNT).min() >= 2


def test_pictures_grow_with_the_schedule():
    data = batches()
    assert [data[step]["pixels"].shape[-1] for step in (0, 19, 20, 39)] == [32, 32, 64, 64]
    assert data[0]["teacher"].shape == (4, 5, 4, 4)


def test_words_have_one_shape_and_are_closed():
    data = batches()
    for step in range(8):
        batch, chosen = data[step], data.pictures(step)
        assert batch["ids"].shape == batch["texts"].shape == (4, LONGEST + 2)
        assert batch["scenes"].tolist() == chosen.tolist()
        for ids, texts, picture in zip(batch["ids"].tolist(), batch["texts"].tolist(), chosen, strict=True):
            said = ids[1 : ids.index(EOS)]
            assert ids[0] == CAPTION and set(ids[len(said) + 2 :]) <= {PAD} and PAD not in said
            assert texts[: len(said)] == said and texts[len(said)] == RET and set(texts[len(said) + 1 :]) <= {PAD}
            text = WORDS.decode(said).strip()
            if picture == COUNT - 2:
                assert len(said) == LONGEST and tidy(CAPTIONS[picture][0]).startswith(text), "cut, as it has no other"
            else:
                assert text in [tidy(caption) for caption in CAPTIONS[picture][:2]], "long captions stand aside"


def test_same_words_of_two_pictures_count_as_right_for_both():
    data = batches(batch=10)
    batch, chosen = data[0], data.pictures(0).tolist()
    texts = [WORDS.decode(row[: row.index(RET)]).strip() for row in batch["texts"].tolist()]
    for i, picture in enumerate(chosen):
        for j, text in enumerate(texts):
            own = [tidy(caption) for caption in CAPTIONS[picture]]
            expected = text in own or (j == i)
            assert bool(batch["same"][i, j]) == expected, (picture, text)
    twins = chosen.index(0), chosen.index(COUNT - 1)
    assert batch["same"][twins[0], twins[1]] and batch["same"].diagonal().all()


def coordinates(side: int) -> Tensor:
    """(1, 2, side, side): x and y of every pixel's centre, -1 to 1."""
    centres = (torch.arange(side) + 0.5) / side * 2 - 1
    return torch.stack([centres.expand(side, side), centres[:, None].expand(side, side)])[None]


def test_picture_and_teacher_map_are_seen_through_the_same_change():
    affine = random_affine(200, torch.Generator().manual_seed(3))
    picture = warp(coordinates(128).repeat(200, 1, 1, 1), affine, 64)
    teacher = warp(coordinates(7).repeat(200, 1, 1, 1), affine, 4)
    seen = torch.nn.functional.adaptive_avg_pool2d(picture, 4)
    torch.testing.assert_close(seen, teacher, rtol=0, atol=0.02)


def test_views_are_turned_mirrored_and_cropped_inside_the_picture():
    affine = random_affine(400, torch.Generator().manual_seed(4))
    corners = warp(coordinates(256).repeat(400, 1, 1, 1), affine, 64)[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.abs().max() <= 1, "nothing beyond the edge is seen"
    width = (corners[:, :, 1] - corners[:, :, 0]).abs().amax(dim=1) / 2 * 64 / 63
    assert CROP[0] - 0.01 <= width.min() < 0.75 and 0.95 < width.max() <= CROP[1] + 0.01
    across, down = corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    assert (across * down).sum(dim=1).abs().max() < 1e-4, "right angles stay right"
    mirrored = (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) < 0
    turns = {(round(float(x)), round(float(y))) for x, y in across / across.norm(dim=1, keepdim=True)}
    assert turns == {(1, 0), (0, 1), (-1, 0), (0, -1)} and 0.4 < mirrored.float().mean() < 0.6


def test_light_changes_and_stays_a_picture():
    pixels = torch.rand(300, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    lit = random_light(pixels, torch.Generator().manual_seed(6))
    assert lit.shape == pixels.shape and lit.min() >= 0 and lit.max() <= 1 and lit.isfinite().all()
    assert ((lit - pixels).abs().mean(dim=(1, 2, 3)) > 0.005).float().mean() > 0.95
    grey = (lit.amax(dim=1) - lit.amin(dim=1)).amax(dim=(1, 2)) < 1e-6
    assert 1 / 30 < grey.float().mean() < 1 / 6
    order = pixels[~grey].mean(dim=1).flatten(1).argsort(dim=1)
    again = lit[~grey].mean(dim=1).flatten(1).argsort(dim=1)
    assert (order[:, -1] == again[:, -1]).float().mean() > 0.5, "what was brightest mostly stays so"
