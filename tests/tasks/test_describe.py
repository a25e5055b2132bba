"""A place in words: what is said was streamed, what is evidence lies on the ground, and nothing is claimed without data."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Geod, Transformer
from rasterio.transform import from_origin
from rasterio.windows import Window
from shapely.geometry import Polygon, box, shape

from rsvlm.geo.scene import Scene
from rsvlm.models.pool import Models
from rsvlm.protocol import STYLES, VERSION, Answer, Cancelled, DescribeRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.describe import describe
from rsvlm.tasks.findings import Verdict, verdicts
from rsvlm.tasks.looking import look
from rsvlm.tasks.plan import make_plan
from rsvlm.tasks.structure import Description

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"


def ask(models: Models, raster: Raster, style: str = "brief", watch: Watch | None = None) -> Answer:
    return describe(DescribeRequest(raster, style), models, watch or Watch())


def true_area(extent: tuple[float, float, float, float], crs: str) -> float:
    """Geodesic m2 of an extent, computed another way: a dense ring in longitude and latitude."""
    ring = np.array(box(*extent).segmentize((extent[2] - extent[0]) / 50).exterior.coords)
    lons, lats = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(ring[:, 0], ring[:, 1])
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(Polygon(zip(lons, lats, strict=True)))[0])


def test_small_place_is_one_sentence_with_its_extent_as_evidence(models: Models, write, landscape):
    answer = ask(models, Raster(href=write(landscape(200, 200))))
    assert answer.text[0].isupper() and answer.text.endswith(".") and len(answer.text.split()) >= 4
    assert answer.structured is None and not answer.partial and 0 < (answer.confidence or 0) <= 1
    (item,) = answer.evidence
    assert item.kind == "tile" and item.text == answer.text and item.count == 1
    assert shape(item.geometry).equals(box(500000, 5499800, 500200, 5500000)), "in the raster's own CRS"
    assert item.area_m2 == pytest.approx(true_area((500000, 5499800, 500200, 5500000), "EPSG:32632"), rel=1e-4)
    assert item.area_m2 == pytest.approx(40000 / 0.9996**2, rel=1e-4)
    assert 0 < (item.score or 0) <= 1
    label = item.label.rstrip("?")
    card = models.get(None).card
    assert label in (*card.scenes.values(), *card.groups)


@pytest.mark.parametrize("style", STYLES)
def test_what_was_streamed_is_what_was_answered(models: Models, write, style: str, landscape, listen):
    listener = listen()
    answer = ask(models, Raster(href=write(landscape(300, 300))), style, listener)
    assert "".join(listener.pieces) == answer.text
    assert len(listener.pieces) >= (4 if style == "brief" else 1)
    assert [item for item in listener.items] == answer.evidence, "evidence comes ahead of the answer"
    assert listener.steps[0][0] == 0 and listener.steps[-1][0] == listener.steps[-1][1] == len(answer.evidence)
    assert set(answer.timings) == {"read", "model", "total"}
    assert answer.timings["total"] == pytest.approx(answer.timings["read"] + answer.timings["model"], abs=1e-3)


def test_large_place_is_summed_up_in_one_streamed_sentence(models: Models, write, landscape, listen):
    path = write(landscape(400, 400), transform=from_origin(500000, 5500000, 3, 3))
    listener = listen()
    answer = ask(models, Raster(href=path), "brief", listener)
    assert len(answer.evidence) == 9 and "".join(listener.pieces) == answer.text
    assert "\n" not in answer.text and answer.text.endswith(".")
    assert sum(item.area_m2 or 0 for item in answer.evidence) == pytest.approx(1200 * 1200, rel=2e-3)
    sure = {item.label for item in answer.evidence if not item.label.endswith("?")}
    card = models.get(None).card
    named = {phrase for phrase in (*card.scenes.values(), *card.groups) if phrase in answer.text.lower()}
    assert all(any(phrase in label for label in sure) for phrase in named), "nothing that no tile supports"
    assert listener.steps[-1] == (9, 9)


def test_detailed_says_how_large_what_and_where(models: Models, write, landscape):
    answer = ask(models, Raster(href=write(landscape(300, 300))), "detailed")
    lines = answer.text.splitlines()
    assert len(lines) >= 2 and all(line.endswith(".") for line in lines)
    assert lines[1].startswith("The extent measures 300 × 300 m (9.01 ha), seen in 4 tiles. ")
    for line in lines[2:]:
        head, _, caption = line.partition(": ")
        assert any(words in head for words in ("in the", "almost everywhere", "in several places"))
        assert caption in [item.text for item in answer.evidence], "a sentence of one of the tiles"
    union = box(500000, 5499700, 500300, 5500000)
    assert shape(answer.evidence[0].geometry).union(shape(answer.evidence[3].geometry)).area == union.area / 2


def test_detailed_without_a_coordinate_system_speaks_of_picture_sides(models: Models, write, landscape):
    answer = ask(models, Raster(href=write(landscape(400, 400), crs=None, transform=None)), "detailed")
    assert answer.text.splitlines()[1].startswith(f"Seen in {len(answer.evidence)} tiles. ")
    assert not any(side in answer.text for side in ("north", "south", "east", "west", "measures"))
    assert all(item.area_m2 is None for item in answer.evidence)
    assert shape(answer.evidence[0].geometry).bounds[:2] == (0, 0)
    assert answer.provenance["crs"] is None and answer.provenance["gsd_m"] is None
    assert any("no coordinate system" in warning for warning in answer.warnings)


def test_detailed_where_up_is_south_speaks_of_picture_sides(models: Models, write, halves):
    place = {"crs": "EPSG:3031", "transform": from_origin(0, -1500000, 1, 1)}
    answer = ask(models, Raster(href=write(halves, **place)), "detailed")
    assert "desert at the right" in answer.text.lower() and not any(
        side in answer.text for side in ("north", "south", "east", "west")
    )


def test_structured_is_data_by_the_schema(models: Models, write, landscape):
    answer = ask(models, Raster(href=write(landscape(300, 300)), acquired="2024-06-01"), "structured")
    assert answer.structured == json.loads(answer.text)
    data = Description.model_validate(answer.structured, strict=False)
    assert sum(part.share for part in data.shares) == pytest.approx(1)
    assert len(data.parts) == len(answer.evidence) == 4
    assert data.place.bounds == (500000, 5499700, 500300, 5500000) and data.place.acquired == "2024-06-01"
    assert data.place.area_m2 == pytest.approx(90000 / 0.9996**2, rel=1e-4)
    assert (data.place.width_m, data.place.height_m) == pytest.approx((300 / 0.9996, 300 / 0.9996), rel=1e-3)
    assert sum(part.area_m2 or 0 for part in data.parts) == pytest.approx(data.place.area_m2, rel=1e-3)
    assert sum(part.area_m2 or 0 for part in data.shares) == pytest.approx(data.place.area_m2, rel=1e-3)
    assert rasterio.CRS.from_wkt(data.place.crs or "").to_epsg() == 32632
    assert data.summary.endswith(".") and data.warnings == answer.warnings and data.measured == {}
    with pytest.raises(ValueError, match="Extra inputs"):
        Description.model_validate({**answer.structured, "colour": "red"})


def test_provenance_tells_how_the_answer_came_to_be(models: Models, write, landscape):
    path = write(landscape(128, 128))
    answer = ask(models, Raster(href=path, name="My orthophoto", acquired="2024-06-01"))
    facts = answer.provenance
    assert set(facts) == {
        "model", "revision", "task", "style", "prompt", "sources", "extent", "crs", "gsd_m", "acquired", "bands",
        "sensor", "stretch", "device", "created", "versions",
    }  # fmt: skip
    card = models.get(None).card
    assert (facts["model"], facts["revision"], facts["task"], facts["style"]) == (
        "compact", card.revision, "describe", "brief",
    )  # fmt: skip
    assert facts["sources"] == ["My orthophoto"] and facts["extent"] == [500000, 5499872, 500128, 5500000]
    assert facts["gsd_m"] == pytest.approx(1, rel=1e-3) and facts["bands"] == [1, 2, 3] and facts["device"] == "cpu"
    assert facts["acquired"] == "2024-06-01" and facts["versions"]["rsvlm"] == VERSION
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
    assert ask(models, Raster(href=path)).provenance["sources"] == [path]


def test_same_place_is_described_in_the_same_words(models: Models, write, landscape):
    raster = Raster(href=write(landscape(150, 150)))
    one, other = ask(models, raster), ask(models, raster)
    assert one.text == other.text and one.evidence == other.evidence


def test_extent_in_another_crs_is_found_and_told_in_the_rasters_own(models: Models, write, landscape):
    to_degrees = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    extent = to_degrees.transform_bounds(500100, 5499700, 500300, 5499900)
    answer = ask(models, Raster(href=write(landscape(400, 400)), extent=extent, crs="EPSG:4326"))
    assert shape(answer.evidence[0].geometry).bounds == pytest.approx((500100, 5499700, 500300, 5499900), abs=2)
    assert rasterio.CRS.from_wkt(answer.provenance["crs"]).to_epsg() == 32632


def test_half_a_picture_is_described_and_the_gap_is_told(models: Models, write, landscape):
    pixels = landscape(200, 200)
    pixels[:, :, :100] = 0
    answer = ask(models, Raster(href=write(pixels, nodata=0)))
    assert "50 % of the extent holds no data and was not described." in answer.warnings
    assert answer.evidence[0].area_m2 == pytest.approx(20000, rel=0.02)


def test_nothing_but_nodata_is_told(models: Models, write):
    empty = np.zeros((3, 100, 100), np.uint8)
    sliver = empty.copy()
    sliver[:, :, :4] = 90
    nan = np.full((3, 100, 100), np.nan, np.float32)
    for pixels, options in ((empty, {"nodata": 0}), (sliver, {"nodata": 0}), (nan, {})):
        with pytest.raises(RsvlmError) as caught:
            ask(models, Raster(href=write(pixels, **options)))
        assert caught.value.code == "no_data" and "nothing to describe" in caught.value.message
        assert caught.value.exit_code == 2 and caught.value.hint.endswith(".")


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_deep_pixels_are_described_as_their_8_bit_picture_would_be(models: Models, write, kind: type, landscape):
    """No more than the stretch lies between them: the same scene in another unit gets the same label."""
    deep = landscape(200, 200).astype(kind) * kind(40)
    answer = ask(models, Raster(href=write(deep, "deep.tif")))
    assert (
        answer.text.endswith(".")
        and answer.provenance["stretch"]
        != ask(models, Raster(href=write(landscape(200, 200), "flat.tif"))).provenance["stretch"]
    )
    twice = ask(models, Raster(href=write(deep * kind(1.0) + kind(0), "again.tif")))
    assert twice.text == answer.text


def test_picture_100000_pixels_wide_is_described(models: Models, tmp_path, landscape):
    path = tmp_path / "wide.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100_000, height=256, count=3, dtype="uint8", crs="EPSG:32632", tiled=True,
        transform=from_origin(500000, 5500000, 1, 1), SPARSE_OK=True, compress="deflate",
    ) as target:  # fmt: skip
        target.write(landscape(256, 2048), window=Window(50_000, 0, 2048, 256))
    answer = ask(models, Raster(href=str(path)))
    assert 8 < len(answer.evidence) <= 36 and answer.text.endswith(".")
    assert sum(item.area_m2 or 0 for item in answer.evidence) == pytest.approx(100_000 * 256, rel=0.01)


@pytest.mark.parametrize("side", [1, 64, 700])
def test_picture_of_one_even_colour_is_not_described(models: Models, write, side: int):
    with pytest.raises(RsvlmError, match="one even colour") as refused:
        ask(models, Raster(href=write(np.full((3, side, side), 255, np.uint8))))
    assert refused.value.code == "no_data"


def test_unfamiliar_imagery_is_told_as_a_guess(models: Models, write, landscape):
    path = write(landscape(100, 100), transform=from_origin(500000, 5500000, 30, 30))
    answer = ask(models, Raster(href=path, extent=(500000, 5499400, 500600, 5500000)))
    assert answer.text.startswith("I am not sure, but this may be ")
    assert any("30 m on the ground" in warning for warning in answer.warnings)
    assert any("not sure what this place shows" in warning for warning in answer.warnings)
    assert answer.evidence[0].label.endswith("?")


def sand_beside_village(column: int, row: int) -> np.ndarray:
    """(3, 400, 400) uint8: the demo's village from this pixel on at the left, sand at the right."""
    with rasterio.open(DEMO / "after.tif") as source:
        village = source.read((1, 2, 3), window=Window(column, row, 200, 400))
    rows, columns = np.mgrid[0:400, 0:200]
    grain = np.random.default_rng(1).integers(-6, 6, (3, 400, 200)) + 5 * np.sin(rows / 30 + columns / 50)
    sand = np.array([205, 175, 120])[:, None, None] + grain
    return np.concatenate([village, sand], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def halves(models: Models, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Of sand beside parts of the village, the first that these weights know and no single word fits."""
    path = tmp_path_factory.mktemp("halves") / "place.tif"
    profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 1), "dtype": "uint8", "count": 3}
    for column, row in product((100, 700, 400, 900), (700, 400, 100)):
        pixels = sand_beside_village(column, row)
        with rasterio.open(path, "w", driver="GTiff", width=400, height=400, **profile) as target:
            target.write(pixels)
        glance = at_a_glance(models, Raster(href=str(path)))
        if glance.familiar and (glance.wide or not glance.sure):
            return pixels
    raise AssertionError("one view leaves no such place in doubt")


def at_a_glance(models: Models, raster: Raster) -> Verdict:
    """What one view of a small place says."""
    predictor = models.get(None)
    with Scene.open(raster) as scene:
        plan = make_plan(scene, predictor.card, "brief")
        (tile,) = look(scene, plan)
    return verdicts(predictor, predictor.encode(tile.picture[None]), plan)[0]


def test_small_place_that_one_view_leaves_in_doubt_is_looked_at_closer(models: Models, write, listen, halves):
    raster, card = Raster(href=write(halves)), models.get(None).card
    listener = listen()
    answer = ask(models, raster, "brief", listener)
    assert len(answer.evidence) == 4 and listener.items == answer.evidence
    assert (0, 4) in listener.steps and listener.steps[-1] == (4, 4)
    assert sum(item.area_m2 or 0 for item in answer.evidence) == pytest.approx(400**2 / 0.9996**2, rel=1e-3)
    sure = {item.label for item in answer.evidence if not item.label.endswith("?")}
    doubtful = {item.label.rstrip("?") for item in answer.evidence} - sure
    assert sure and all(label in answer.text.lower() for label in sure)
    assert not any(label in answer.text.lower() for label in doubtful), "the sum names only what is sure"
    named = {phrase for phrase in (*card.scenes.values(), *card.groups) if phrase in answer.text.lower()}
    assert all(any(phrase in label for label in sure) for phrase in named), "and nothing else"
    assert "".join(listener.pieces) == answer.text and "\n" not in answer.text
    scores = [0.0 if item.label.endswith("?") else item.score or 0.0 for item in answer.evidence]
    assert answer.confidence == pytest.approx(np.mean(scores), abs=2e-3), "as sure as its classes"


def test_closer_look_finds_the_sand_where_it_lies(models: Models, write, halves):
    answer = ask(models, Raster(href=write(halves)))
    for item in answer.evidence:
        east = shape(item.geometry).centroid.x > 500200
        assert (item.label == "desert") == east, item.label
    assert answer.provenance["gsd_m"] == pytest.approx(200 / 128, rel=1e-2), "that of the closer look"


def test_strange_picture_is_told_as_a_guess_and_not_looked_at_closer(models: Models, write, listen):
    noise = np.random.default_rng(0).integers(1, 256, (3, 128, 128)).astype(np.uint8)
    listener = listen()
    answer = ask(models, Raster(href=write(noise)), "brief", listener)
    assert answer.text.startswith("I am not sure, but this may be ") and len(answer.evidence) == 1
    assert answer.evidence[0].label.endswith("?") and listener.steps[-1] == (1, 1)
    assert any("not sure what this place shows" in warning for warning in answer.warnings)


@pytest.mark.parametrize("style", ["detailed", "structured"])
def test_tiles_of_a_strange_whole_are_guesses_in_every_style(models: Models, write, style: str):
    noise = np.random.default_rng(0).integers(1, 256, (3, 128, 128)).astype(np.uint8).repeat(3, 1).repeat(3, 2)
    answer = ask(models, Raster(href=write(noise)), style)
    assert len(answer.evidence) > 1 and all(item.label.endswith("?") for item in answer.evidence)
    assert "I am not sure what this place shows." in answer.text and answer.confidence == 0
    assert any("not sure what this place shows" in warning for warning in answer.warnings)


def test_polygon_limits_what_is_described(models: Models, landscape):
    """Two pictures that differ only outside the polygon are one and the same to the model."""
    inside = landscape(128, 128).transpose(1, 2, 0)
    rows, columns = np.mgrid[0:128, 0:128]
    triangle = [[500000, 5499872], [500128, 5499872], [500000, 5500000], [500000, 5499872]]
    answers = []
    for outside in (inside, np.full_like(inside, 250)):
        picture = np.where((columns <= rows)[..., None], inside, outside)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        raster = Raster(
            data=base64.b64encode(file.getvalue()).decode(), transform=(1, 0, 500000, 0, -1, 5500000), crs="EPSG:32632",
            area={"type": "Polygon", "coordinates": [triangle]},
        )  # fmt: skip
        answers.append(ask(models, raster))
    assert answers[0].text == answers[1].text
    assert answers[0].evidence[0].score == pytest.approx(answers[1].evidence[0].score, abs=0.001)
    assert answers[0].evidence[0].area_m2 == pytest.approx(128**2 / 2 / 0.9996**2, rel=0.02), (
        "the polygon, not its extent"
    )
    assert not any("no data" in warning for warning in answers[0].warnings), "what was not asked for is no gap"


def test_measured_cover_joins_the_words_the_evidence_and_the_data(models: Models, write, listen):
    water, wood = (600, 500, 300, 100), (300, 500, 400, 3500)
    columns = [np.tile(np.array(ground, np.uint16)[:, None, None], (1, 200, 100)) for ground in (water, wood)]
    raster = Raster(href=write(np.concatenate(columns, axis=2), names=["blue", "green", "red", "nir"]))
    listener = listen()
    answer = ask(models, raster, "brief", listener)
    assert "Measured from the raster's bands: 50 % " in answer.text and "50 % open water" in answer.text
    assert "".join(listener.pieces) == answer.text
    lake = next(item for item in answer.evidence if item.label == "open water")
    assert lake.area_m2 == pytest.approx(20000, rel=0.01)
    data = ask(models, raster, "structured").structured or {}
    assert data["measured"]["open water"] == pytest.approx(0.5, abs=0.01)
    assert sum(data["measured"].values()) == pytest.approx(1)


@pytest.mark.parametrize("style", ["brief", "detailed"])
@pytest.mark.parametrize("kind", [np.uint16, np.uint8])
def test_shares_are_measured_from_sixteen_bits_and_never_from_a_picture(models: Models, write, kind: type, style: str):
    grounds = {"water": (300, 500, 600, 100), "wood": (400, 500, 300, 3500), "soil": (1900, 1500, 1200, 2300)}
    order = [grounds[name] for name in ("water", "wood", "wood", "soil")]
    columns = [np.tile(np.array(ground)[:, None, None], (1, 200, 50)) for ground in order]
    pixels = np.concatenate(columns, axis=2) // (20 if kind is np.uint8 else 1)
    raster = Raster(href=write(pixels.astype(kind), names=["red", "green", "blue", "nir"]))
    answer = ask(models, raster, style)
    told = "50 % green vegetation, 25 % open water and 25 % bare or built-up ground."
    if kind is np.uint16:
        assert answer.text.endswith(f"Measured from the raster's bands: {told}")
    else:
        assert "Measured" not in answer.text and told not in answer.text
        assert not any("NDVI" in item.text for item in answer.evidence)


def test_stop_in_the_middle_of_a_sentence(models: Models, write, landscape, listen):
    listener = listen(lambda self: len(self.pieces) >= 2)
    with pytest.raises(Cancelled):
        ask(models, Raster(href=write(landscape(200, 200))), "brief", listener)
    assert 2 <= len(listener.pieces) <= 5 and listener.items == []


def test_stop_between_tiles_keeps_what_is_finished_and_no_sentence_that_was_cut_short(
    models: Models, write, landscape, listen
):
    raster = Raster(href=write(landscape(400, 400), transform=from_origin(500000, 5500000, 3, 3)))
    whole = ask(models, raster)
    listener = listen(lambda self: bool(self.items))
    answer = ask(models, raster, "brief", listener)
    assert answer.partial and not whole.partial and len(whole.evidence) == 9
    assert answer.evidence == whole.evidence[:8] == listener.items, "the first batch, word for word"
    assert "Stopped after 8 of 9 tiles; the rest was not described." in answer.warnings
    assert not any("holds no data" in warning for warning in answer.warnings), "what was not looked at is no gap"
    assert listener.steps[-1] == (8, 9) and "".join(listener.pieces) == answer.text
    sure = {item.label for item in answer.evidence if not item.label.endswith("?")}
    card = models.get(None).card
    named = {phrase for phrase in (*card.scenes.values(), *card.groups) if phrase in answer.text.lower()}
    assert all(any(phrase in label for label in sure) for phrase in named), "nothing of what was not looked at"


def test_stop_before_any_tile_is_finished_leaves_no_answer(models: Models, write, landscape, listen):
    path = write(landscape(400, 400), transform=from_origin(500000, 5500000, 3, 3))
    checks = iter(range(10**6))
    listener = listen(lambda self: next(checks) >= 12)  # nine tiles are read; then the first words come
    with pytest.raises(Cancelled):
        ask(models, Raster(href=path), "brief", listener)
    assert listener.pieces == [] and listener.items == [] and next(checks) > 12


def test_stop_while_reading(models: Models, write, landscape, listen):
    listener = listen(lambda self: True)
    with pytest.raises(Cancelled) as caught:
        ask(models, Raster(href=write(landscape(300, 300))), "detailed", listener)
    assert caught.value.exit_code == 130 and listener.items == [] and listener.pieces == []


def test_unknown_style_and_model_are_told(models: Models, write, landscape, listen):
    raster = Raster(href=write(landscape(64, 64)))
    with pytest.raises(RsvlmError, match="no style “poem”") as caught:
        ask(models, raster, "poem")
    assert caught.value.code == "bad_request" and "brief, detailed, structured" in caught.value.hint
    with pytest.raises(RsvlmError, match="no model called “big”"):
        describe(DescribeRequest(raster, "brief", "big"), models, listen())


def test_table_of_tasks_runs_the_same_task(models: Models, write, landscape, listen):
    raster = Raster(href=write(landscape(128, 128)))
    spec = TASKS["describe"]
    assert spec.request is DescribeRequest
    assert spec.run(DescribeRequest(raster), models, listen()).text == ask(models, raster).text


def test_tasks_at_once_answer_as_they_would_alone(models: Models, write, landscape):
    """Their model calls are joined as it comes; the words and classes stay the same."""
    rasters = [Raster(href=write(landscape(200 + 40 * step, 240), f"{step}.tif")) for step in range(4)]
    asked = [(raster, style) for raster in rasters for style in ("brief", "detailed")]
    alone = [ask(Models("cpu"), *one) for one in asked[:4]] + [ask(models, *one) for one in asked[4:]]
    together = Models("cpu")
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda one: ask(together, *one), asked))
    for answer, other in zip(answers, alone, strict=True):
        assert answer.text == other.text
        assert [item.label for item in answer.evidence] == [item.label for item in other.evidence]
        assert answer.confidence == pytest.approx(other.confidence, abs=2e-3)


def test_second_description_of_a_place_takes_nothing_from_encoder_and_prefill(write, landscape):
    fresh = Models("cpu")
    raster = Raster(href=write(landscape(300, 300)))
    first = ask(fresh, raster, "detailed")
    counts = replace(fresh.get(None).counts)
    assert ask(fresh, raster, "detailed").text == first.text
    assert fresh.get(None).counts == counts and counts.encodes >= counts.prefills == 4
