"""Large places are compared in tiles: as sharp as is wanted, without seams, and where something is shown only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from affine import Affine

from rsvlm.geo.alignment import Pair
from rsvlm.geo.stretch import unchanged
from rsvlm.geo.view import View
from rsvlm.models.cards import Calibration
from rsvlm.models.predictors.abilities import Likely
from rsvlm.protocol import Cancelled, Watch
from rsvlm.tasks.comparing import AT_MOST, SHARP_M, compared, sharper
from rsvlm.tasks.plan import view_size


class Comparer:
    """Changed is what is brighter by more than half; a building is what is bright."""

    card = SimpleNamespace(calibration=Calibration(changes={"building": "buildings"}))

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def encode(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray] | None = None) -> list[np.ndarray]:
        self.seen += [one.shape for one in before]
        dates = (before,) if after is None else (before, after)
        return [np.stack([one[..., 0] / np.float32(255) for one in pair]) for pair in zip(*dates, strict=True)]

    def likely(self, seen: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Likely]:
        found = []
        for dates in seen:
            grown = dates[-1] - dates[0]
            own = {"what changed": abs(grown), "new buildings": grown, "lost buildings": -grown, "buildings": dates[0]}
            maps = np.stack([own[phrase].clip(0, 1) for phrase in phrases]).astype(np.float32)
            found.append(Likely(maps, maps.max(axis=(1, 2))))
        return found


def dates(width: int, height: int) -> Pair:
    """Of one metre per pixel; a bright square came across the middle."""
    dark = np.zeros((3, height, width), np.float32)
    bright = dark.copy()
    bright[:, height // 2 - 10 : height // 2 + 10, width // 2 - 10 : width // 2 + 10] = 255
    view = View(dark, np.ones((height, width), bool), Affine.identity(), None, None, "a", unchanged((1, 2, 3)))
    return Pair(view, replace(view, pixels=bright))


def test_a_place_that_one_view_shows_is_seen_in_one():
    comparer = Comparer()
    found = compared(comparer, dates(64, 80), 64, (), Watch())
    assert comparer.seen == [(80, 64, 3)] and found.shape == (3, 80, 64)
    assert found[0].sum() == found[1].sum() == 400 and not found[2].any()


def test_tiles_join_without_seams():
    comparer = Comparer()
    found = compared(comparer, dates(150, 130), 64, (), Watch())
    assert found.shape == (3, 130, 150) and {shape[:2] for shape in comparer.seen} == {(64, 64)}
    assert np.allclose(found[0, 55:75, 65:85], 1, atol=1e-3) and found[0].sum() == pytest.approx(400, rel=1e-3)


@pytest.mark.parametrize("empty", [np.s_[:, :128], np.s_[:64]])
def test_tiles_that_show_nothing_are_not_looked_at(empty: Any):
    both = dates(256, 160)
    valid = both.before.valid.copy()
    valid[empty] = False
    comparer = Comparer()
    found = compared(comparer, Pair(replace(both.before, valid=valid), both.after), 64, (), Watch())
    whole = Comparer()
    compared(whole, both, 64, (), Watch())
    assert len(comparer.seen) < len(whole.seen) and found.shape == (3, 160, 256) and not np.isnan(found).any()


def test_strips_are_seen_tile_by_tile_and_all_steps_are_told():
    told: list[tuple[int, int]] = []

    class Listening(Watch):
        def progress(self, done: int, total: int, note: str) -> None:
            told.append((done, total))

    comparer = Comparer()
    found = compared(comparer, dates(300, 64), 64, (), Listening())
    assert {shape[:2] for shape in comparer.seen} == {(64, 64)} and found[0].sum() == pytest.approx(400, rel=1e-3)
    assert told == [(done, 6) for done in range(7)]


def test_comparing_in_tiles_can_be_stopped():
    class Stopped(Watch):
        def cancelled(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        compared(Comparer(), dates(150, 130), 64, (), Stopped())


@pytest.mark.parametrize(
    ("ground", "finest", "size"),
    [
        ((600, 600), 0.5, (400, 400)),  # as sharp as is wanted
        ((600, 600), 3.0, (200, 200)),  # as sharp as the rasters are
        ((600, 600), 4.0, (128, 128)),  # tiles would be hardly sharper
        ((150, 180), 0.5, (128, 160)),
        ((5000, 160), 0.5, (4000, 128)),  # a strip is one tile high
        ((20000, 100), 0.5, (256, 128)),  # unless it is too long for that
        (None, 0.5, (128, 128)),
    ],
)
def test_size_follows_the_ground_and_the_rasters(
    ground: tuple[float, float] | None, finest: float, size: tuple[int, int]
):
    assert sharper(ground, finest, view_size(*(ground or (1, 1)), 128), 128) == size


def test_larger_places_are_less_sharp_than_is_wanted():
    width, height = sharper((30000, 20000), 0.5, (192, 128), 128)
    assert 30000 / width == pytest.approx(20000 / height, rel=1e-2) and 30000 / width > 5 * SHARP_M
    assert AT_MOST * 0.8 < (width / 96) * (height / 96) < AT_MOST * 1.2
