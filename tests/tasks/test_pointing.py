"""A click becomes the outline that a model draws around it, in the right place of any raster, or is said to be on nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from affine import Affine
from shapely.geometry import Point, Polygon, box, shape

from rsvlm.models.cards import get_card
from rsvlm.models.predictors.abilities import Outlines, Prompt
from rsvlm.protocol import Answer, Cancelled, Raster, RefineRequest, RsvlmError, Watch
from rsvlm.tasks import TASKS, checks

SIDE = 64  # pixels that the model sees
Write = Callable[..., str]


class Alike:
    """Outlines all that has exactly the colour of the point, wherever in the picture that is. pictures: all it was shown."""

    def __init__(self, stop: Callable[[], bool] = lambda: False, quality: float = 0.8) -> None:
        shown = get_card(None).input.model_copy(update={"pixels": SIDE})
        self.card = get_card(None).model_copy(update={"id": "alike", "tasks": ("refine",), "input": shown})
        self.device, self.size_bytes, self.usage, self.quality = "cpu", 0, dict[str, int](), quality
        self.pictures: list[np.ndarray] = []
        self._stop = stop

    def until(self, stop: Callable[[], bool]) -> Alike:
        own = Alike(stop, self.quality)
        own.pictures = self.pictures
        return own

    def encode(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.pictures += pictures
        return list(pictures)

    def masks(self, seen: Sequence[np.ndarray], prompts: Sequence[Sequence[Prompt]]) -> list[Outlines]:
        if self._stop():
            raise Cancelled()
        return [self._of(picture, own) for picture, own in zip(seen, prompts, strict=True)]

    def _of(self, picture: np.ndarray, prompts: Sequence[Prompt]) -> Outlines:
        places = [prompt.points[0] for prompt in prompts]
        masks = [(picture == picture[int(y), int(x)]).all(axis=2) for x, y in places]
        return Outlines(np.where(masks, 0.9, 0.1).astype(np.float32), np.full(len(masks), self.quality, np.float32))

    @contextmanager
    def using(self, model_id: str, stop: Callable[[], bool]) -> Iterator[Alike]:
        """As Models of which it is the only one."""
        assert model_id == self.card.id
        yield self.until(stop)


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> Alike:
    model = Alike()
    monkeypatch.setattr(checks, "get_card", lambda _name: model.card)
    return model


def town(height: int = 200, width: int = 300) -> np.ndarray:
    """Dark ground; a light block at columns 130 to 150 and rows 90 to 100, another near it, and a grey one that is long."""
    pixels = np.full((3, height, width), 40, np.uint8)
    pixels[:, 90:100, 130:150] = 220
    pixels[:, 105:110, 130:150] = 220
    pixels[:, 150:160, 20:280] = 120
    return pixels


def clicked(models: Any, path: str, at: tuple[float, float], watch: Watch | None = None, **more: Any) -> Answer:
    place = {name: more.pop(name) for name in ("extent", "area", "crs") if name in more}
    request = RefineRequest(Raster(href=path, name="town", **place), "roof", at, "alike", **more)
    return TASKS["refine"].run(request, models, watch or Watch())


def test_click_is_outlined_where_it_is_and_told_as_of_this_model(alike: Alike, write: Write, listen: Any):
    listener = listen()
    answer = clicked(alike, write(town()), (500140.5, 5499905.5), listener)
    (found,) = answer.evidence
    assert shape(found.geometry).equals(box(500130, 5499900, 500150, 5499910))  # not the other block
    assert found.area_m2 == pytest.approx(200, rel=2e-3) and found.perimeter_m == pytest.approx(60, rel=2e-3)
    assert (found.kind, found.label, found.phrase, found.count, found.source) == ("mask", "roof", "roof", 1, "town")
    assert found.score == 0.8 and listener.items == [found]
    assert answer.text.startswith("roof: 1 found, 200 m²") and answer.warnings == []
    told = answer.provenance
    assert (told["model"], told["task"], told["at"]) == ("alike", "refine", [500140.5, 5499905.5])
    assert told["revision"] == alike.card.revision and told["gsd_m"] == pytest.approx(1, rel=2e-3)
    assert told["cut"] == {
        "likely": 0.5, "smallest_m2": 0.0, "tolerance_m": pytest.approx(1.25, rel=2e-3), "right_angles": False
    }  # fmt: skip


@pytest.mark.parametrize(
    "transform",
    [
        Affine.translation(500000, 5500000) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5),
        Affine.translation(500000, 5500000) @ Affine.rotation(200) @ Affine.scale(2, -3),
        Affine.translation(500000, 5500000) @ Affine.scale(1, 1),  # south up
    ],
)
def test_turned_rasters_have_it_in_the_right_place(transform: Affine, alike: Alike, write: Write):
    path = write(town(), transform=transform)
    (found,) = clicked(alike, path, transform @ (140.5, 95.5)).evidence
    corners = [transform @ corner for corner in ((130, 90), (150, 90), (150, 100), (130, 100))]
    assert shape(found.geometry).symmetric_difference(Polygon(corners)).area < 1e-6
    assert found.area_m2 == pytest.approx(200 * abs(transform.determinant), rel=2e-3)


def test_without_a_crs_places_are_pixels(alike: Alike, write: Write):
    (found,) = clicked(alike, write(town(), crs=None, transform=None), (140.5, 95.5)).evidence
    assert shape(found.geometry).bounds == (130, 90, 150, 100) and found.area_m2 is None


def test_only_a_window_of_the_rasters_own_pixels_is_seen(alike: Alike, write: Write):
    pixels = town()
    path = write(pixels)
    for column, row, left, top in ((140, 95, 112, 64), (146, 99, 112, 64), (1, 1, 0, 0), (299, 199, 236, 136)):
        clicked(alike, path, (500000.5 + column, 5499999.5 - row))
        np.testing.assert_array_equal(
            alike.pictures[-1], pixels[:, top : top + SIDE, left : left + SIDE].transpose(1, 2, 0)
        )
        assert left <= column < left + SIDE and top <= row < top + SIDE
    np.testing.assert_array_equal(alike.pictures[0], alike.pictures[1])  # clicks near each other need one look


def test_small_rasters_fill_the_picture_and_keep_their_shape(alike: Alike, write: Write):
    pixels = np.full((3, 6, 20), 40, np.uint8)
    pixels[:, 2:5, 4:12] = 220
    (found,) = clicked(alike, write(pixels), (500008.5, 5499996.5)).evidence
    assert shape(found.geometry).equals(box(500004, 5499995, 500012, 5499998))
    assert alike.pictures[0].shape == (20, 20, 3)
    np.testing.assert_array_equal(alike.pictures[0][:6], pixels.transpose(1, 2, 0))


def test_huge_raster_is_no_problem(alike: Alike, sparse: Write):
    answer = clicked(alike, sparse(100_000, 80_000), (560000.5, 5450000.5))
    (found,) = answer.evidence  # all of one colour
    assert shape(found.geometry).area == SIDE**2 and shape(found.geometry).contains(Point(560000.5, 5450000.5))
    assert answer.timings["total"] < 20


def test_what_goes_on_behind_the_view_is_told_and_what_ends_with_the_raster_is_not(alike: Alike, write: Write):
    path = write(town())
    answer = clicked(alike, path, (500150, 5499845))
    (found,) = answer.evidence
    assert shape(found.geometry).bounds[2] - shape(found.geometry).bounds[0] == SIDE
    assert answer.warnings[0].startswith(
        "The outline ends where the model's view of 64 by 64 pixels around the click does"
    )
    whole = write(np.full((3, 50, 40), 90, np.uint8), "even.tif")
    assert clicked(alike, whole, (500020, 5499980)).warnings == []


def test_outline_is_clipped_to_the_extent_and_to_the_area(alike: Alike, write: Write):
    path = write(town())
    (found,) = clicked(alike, path, (500135, 5499905), extent=(500000, 5499000, 500140, 5499908)).evidence
    assert shape(found.geometry).equals(box(500130, 5499900, 500140, 5499908))
    area = {"type": "Polygon", "coordinates": [list(box(500134, 5499800, 500250, 5499990).exterior.coords)]}
    (found,) = clicked(alike, path, (500140, 5499905), area=area).evidence
    assert shape(found.geometry).equals(box(500134, 5499900, 500150, 5499910))


def test_place_outside_is_refused(alike: Alike, write: Write):
    path = write(town())
    area = {
        "type": "Polygon",
        "coordinates": [[[500010, 5499990], [500200, 5499990], [500010, 5499850], [500010, 5499990]]],
    }
    for at, place in (
        ((499999.5, 5499905), {}),
        ((500140, 5500000.5), {}),
        ((500140, 5499905), {"extent": (500000, 5499000, 500139, 5500000)}),
        ((500195, 5499855), {"area": area}),
    ):
        with pytest.raises(RsvlmError, match="outside of what is to be looked at") as told:
            clicked(alike, path, at, **place)
        assert told.value.code == "bad_extent"
    assert alike.pictures == []


def test_nothing_at_the_place_is_said(alike: Alike, write: Write):
    pixels = town()
    pixels[:, :60] = 0
    path = write(pixels, nodata=0)
    with pytest.raises(RsvlmError, match="shows nothing at this place") as told:
        clicked(alike, path, (500140, 5499980))
    assert told.value.code == "no_data" and alike.pictures == []
    (found,) = clicked(alike, path, (500135, 5499905)).evidence
    assert shape(found.geometry).equals(box(500130, 5499900, 500150, 5499910))


def test_place_that_is_no_part_of_the_mask_is_said_to_be_none(alike: Alike, write: Write):
    answer = clicked(alike, write(town()), (500140, 5499905), likely=0.95)
    assert (answer.text, answer.evidence, answer.target_absent) == ("roof: none found.", [], ["roof"])
    assert answer.provenance["model"] == "alike" and "cut" not in answer.provenance


def test_who_wants_no_more_gets_none(alike: Alike, write: Write, listen: Any):
    with pytest.raises(Cancelled):
        clicked(alike, write(town()), (500140, 5499905), listen(lambda _listener: True))
    assert alike.pictures == []


def test_guess_of_its_quality_is_a_score(write: Write, alike: Alike):
    alike.quality = 1.07  # as networks do
    assert clicked(alike, write(town()), (500140, 5499905)).evidence[0].score == 1.0
