"""A picture on another day stays the same place: what a nuisance changes, how far, and that it can be made again."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rsvlm.trainer.nuisance import KINDS, MARGIN, STILL, disturbed


def town(height: int = 96, width: int = 128, seed: int = 1) -> np.ndarray:
    """Green ground with grain, grey roofs, a dark pond."""
    random = np.random.default_rng(seed)
    picture = np.array([90, 120, 80]) + random.normal(0, 9, (height, width, 3))
    for _ in range(8):
        y, x = random.integers(0, height - 16), random.integers(0, width - 16)
        picture[y : y + 14, x : x + 14] = random.integers(140, 210)
    picture[height // 2 :, : width // 4] = (40, 60, 75)
    return picture.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_a_picture_by_itself_and_more_so_when_stronger(kind: str):
    picture = town()
    far = {}
    for strength in (0.0, 0.25, 1.0):
        found = [disturbed(picture, np.random.default_rng(seed), strength, (kind,)) for seed in range(150)]
        assert all(one.shape == picture.shape and one.dtype == np.uint8 for one in found)
        away = [np.abs(one.astype(float) - picture).mean() for one in found]
        far[strength] = np.mean(away)
        happened = np.mean(np.array(away) > 0)
        assert happened == 0 if strength == 0 else 0.05 < happened < 0.95, "some pictures only"
    assert 0 == far[0.0] < far[0.25] < far[1.0] < 40


def test_same_state_gives_the_same_and_the_given_picture_stays():
    picture = town()
    before = picture.copy()
    first, second = (disturbed(picture, np.random.default_rng(9)) for _ in range(2))
    other = disturbed(picture, np.random.default_rng(10))
    assert (first == second).all() and (first != other).any() and (picture == before).all()


def test_nothing_moves_further_than_it_is_told_and_still_kinds_move_nothing():
    dot = np.full((81, 81, 3), 60, np.uint8)
    places = [(8, 8), (40, 40), (72, 20)]
    for y, x in places:
        dot[y - 2 : y + 3, x - 2 : x + 3] = 220

    def moved(picture: np.ndarray) -> float:
        far = 0.0
        for y, x in places:
            near = picture[y - 6 : y + 7, x - 6 : x + 7].astype(float).mean(axis=2)
            weight = (near - np.median(near)).clip(near.max() / 6)
            weight -= weight.min()
            rows, columns = np.mgrid[-6:7, -6:7]
            far = max(far, np.hypot((weight * rows).sum(), (weight * columns).sum()) / weight.sum())
        return far

    shifts = [moved(disturbed(dot, np.random.default_rng(seed), 1.0, ("shift",))) for seed in range(80)]
    assert 0.8 < max(shifts) <= 2 * MARGIN * 2**0.5 + 0.1
    optics = ("blur", "tone", "cast", "jpeg")
    assert max(moved(disturbed(dot, np.random.default_rng(seed), 1.0, optics)) for seed in range(80)) < 0.5
    assert set(STILL) == set(KINDS) - {"shift"}


def test_place_is_known_again_after_all_of_it():
    pictures = [town(seed=seed) for seed in range(12)]

    def texture(picture: np.ndarray) -> np.ndarray:
        grey = picture.astype(float).mean(axis=2)
        blocks = grey[:96, :128].reshape(24, 4, 32, 4).mean(axis=(1, 3)).ravel()
        return (blocks - blocks.mean()) / blocks.std()

    kept = np.array([texture(picture) for picture in pictures])
    seen = np.array([texture(disturbed(picture, np.random.default_rng(seed))) for seed, picture in enumerate(pictures)])
    alike = seen @ kept.T / kept.shape[1]
    assert (alike.argmax(axis=1) == np.arange(12)).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (33, 17)])
def test_small_pictures_keep_their_size(size: tuple[int, int]):
    picture = np.full((*size, 3), 128, np.uint8)
    for seed in range(30):
        assert disturbed(picture, np.random.default_rng(seed)).shape == picture.shape


def test_picture_of_256_pixels_takes_a_few_milliseconds():
    picture, random = town(256, 256), np.random.default_rng(0)
    taken = []
    for _ in range(60):
        start = time.process_time()
        disturbed(picture, random)
        taken.append(time.process_time() - start)
    assert np.median(taken) < 0.02, "2 to 4 ms where the machine is idle"
