"""Rankings and their fusion, with toy vectors; distances on the ground; numbers of citations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely.geometry import Point, box, mapping, shape

from rsvlm.library.citing import after_passages, citations, with_passages
from rsvlm.library.documents import Document
from rsvlm.library.file import Entry, Library, Maker
from rsvlm.library.place import WGS84, distances_m, moved
from rsvlm.library.search import Passage, Query, search
from rsvlm.library.vectors import Vectors

E = np.eye(4, dtype=np.float32)


def point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open_or_create(tmp_path / "toy.gpkg", Maker("toy", "1", 4)) as library:
        rows = [
            ("harbour", "Ships and cranes.", E[0], point(9.0, 50.0), E[3], "seen"),
            ("farm", "Wheat, and ships of wood.", E[1], point(9.5, 50.0), E[2], "other"),
            ("rule", "Nothing near.", E[2], None, None, None),
        ]
        for title, text, vector, place, image, digest in rows:
            library.add(Entry(Document(title, text), [text], vector[None], image, digest, place))
        yield library


def titles(library: Library, most: int = 3, **query: Any) -> list[str]:
    return [item.title for item in search(library, Query(**query), most).passages]


def test_words_find_what_holds_them(library: Library):
    assert titles(library, text="Where are the cranes?") == ["harbour"]
    assert set(titles(library, text="ship")) == {"harbour", "farm"}  # by their stems
    assert titles(library, text='"; DROP TABLE passages; -- NEAR( * ^') == ["rule"]  # “near” is a word here
    assert titles(library, text="?!") == []


def test_text_and_image_vectors_are_indices_apart(library: Library):
    assert titles(library, text_vector=E[1])[0] == "farm"
    found = search(library, Query(image_vector=E[2]), 3).passages
    ranks = {item.title: dict(item.ranks) for item in found}
    assert ranks["farm"]["picture"] == 1 and ranks["rule"]["picture to text"] == 1 and "picture" not in ranks["rule"]


def test_place_finds_the_nearest_in_metres_and_leaves_out_the_far(library: Library):
    found = search(library, Query(place=point(9.49, 50.0)), 3).passages
    assert [item.title for item in found] == ["farm", "harbour"]
    geod = Geod(ellps="WGS84")
    assert found[1].distance_m == pytest.approx(geod.inv(9.49, 50, 9.0, 50)[2], rel=1e-6)
    assert titles(library, place=point(9.49, 50.0), within_m=1000) == ["farm"]
    assert titles(library, text="ships", place=point(0, 0), within_m=10) == []


def test_rankings_are_fused(library: Library):
    found = search(library, Query(text="ships", text_vector=E[0], place=point(9.0, 50.0)), 3).passages
    assert found[0].title == "harbour" and found[0].score == 1.0 and set(found[0].ranks.values()) == {1}
    assert all(0 < item.score < 1 for item in found[1:])
    again = search(library, Query(text="ships", text_vector=E[0], place=point(9.0, 50.0)), 3).passages
    assert [(item.title, item.score, item.ranks) for item in again] == [
        (item.title, item.score, item.ranks) for item in found
    ]


def test_document_with_the_very_picture_is_never_found(library: Library):
    query = Query("cranes", E[0], E[3], point(9, 50), digests=frozenset({"seen"}))
    found = search(library, query, 3)
    assert "harbour" not in [item.title for item in found.passages] and found.left_out == 1


def test_nearest_is_exact_among_those_that_are_allowed():
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids, allowed = np.arange(500) * 7 + 3, (np.arange(0, 500, 3) * 7 + 3).tolist()
    found = Vectors(ids.tolist(), vectors).nearest(vectors[1], 10, allowed)
    products = vectors @ vectors[1]
    best = sorted(range(0, 500, 3), key=lambda row: -products[row])[:10]
    assert [number for number, _ in found] == [row * 7 + 3 for row in best]
    assert Vectors(ids.tolist(), vectors).nearest(vectors[1], 10, [1, 2]) == []


@given(st.floats(-180, 180), st.floats(-85, 85), st.floats(-180, 180), st.floats(-85, 85))
def test_distance_is_geodesic_wherever_it_is(lon: float, lat: float, other: float, high: float):
    metres = Geod(ellps="WGS84").inv(lon, lat, other, high)[2]
    if metres < 19_900_000:  # not on the other side of the earth, where the plane ends
        assert distances_m(point(lon, lat), [Point(other, high)])[0] == pytest.approx(metres, rel=1e-5, abs=1e-2)


def test_distance_from_within_is_nothing_and_over_the_antimeridian_is_short():
    assert distances_m(point(9.5, 50), [box(9, 49, 10, 51)])[0] == 0
    assert distances_m(point(179.9, 0), [Point(-179.9, 0)])[0] == pytest.approx(22264, rel=1e-3)


def test_document_of_a_large_area_is_as_near_as_its_nearest_point():
    states, world = box(-125, 25, -67, 49), box(-180, -60, 180, 85)
    inside = distances_m(point(-96, 25.5), [states, world])
    assert inside.tolist() == [0, 0]
    south = Geod(ellps="WGS84").inv(-96, 24, -96, 25)[2]
    assert distances_m(point(-96, 24), [states])[0] == pytest.approx(south, rel=1e-3)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4267", "EPSG:3857"])
def test_place_of_the_whole_world_is_the_whole_world(crs: str):
    corners = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(-179, -80, 179, 80)
    found = shape(moved(mapping(box(*corners)), CRS.from_user_input(crs).to_wkt(), WGS84))
    assert found.is_valid and found.bounds == pytest.approx((-179, -80, 179, 80), abs=0.01)


def test_place_round_a_pole_holds_it():
    found = moved(mapping(box(-1e6, -1e6, 1e6, 1.5e6)), "EPSG:3031", WGS84)
    assert shape(found).is_valid and shape(found).bounds[1] == -90
    assert distances_m(found, [Point(50, -90), Point(-120, -89), Point(0, -60)]) == pytest.approx(
        [0, 0, distances_m(point(0, -60), [shape(found)])[0]], rel=0.01
    )


def test_local_grid_has_no_place():
    local = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    assert moved(point(1, 2), local, WGS84) is None and moved(point(9, 51), WGS84, local) is None


def test_place_over_the_antimeridian_stays_small():
    square = {"type": "Polygon", "coordinates": [[[8e5, 0], [9e5, 0], [9e5, 1e5], [8e5, 1e5], [8e5, 0]]]}
    found = moved(square, "EPSG:32660", WGS84)
    xs = [x for x, _ in found["coordinates"][0]]
    assert 179.6 < min(xs) < 180 < max(xs) < 181


def test_place_that_a_crs_does_not_reach_is_nowhere():
    globe = "+proj=ortho +lat_0=50 +lon_0=9 +datum=WGS84 +type=crs"
    assert moved(point(9, 51), WGS84, globe) is not None and moved(point(-171, -50), WGS84, globe) is None


def passage(text: str) -> Passage:
    return Passage("Quay", text, "book", None, 1.0, None, {})


def test_question_stands_first_and_numbers_of_passages_are_no_citations():
    prompt = with_passages("[identify] What?", [passage("Old [3].\nIt\u00a0is [1, 2]."), passage("New.")])
    assert prompt.splitlines()[0] == "[identify] What?"
    assert prompt.splitlines()[2:] == ["[1] Quay: Old (3). It is (1, 2). (book)", "[2] Quay: New. (book)"]
    assert with_passages("What?", []) == "What?"


def test_citations_are_read_and_others_told():
    found = citations("A [2], b [1, 2] c [4] [1,2,3,4] [x].", 3)
    assert found.numbers == (2, 1) and [w[:21] for w in found.warnings] == ["The answer cites [4],"]
    assert after_passages(found.text, 0) == "A [2], b [1, 2] c [4] [1,2,3,4] [x]."
    assert "no passage was given" in citations("[1]", 0).warnings[0]
    assert after_passages("⟦1⟧ [1]", 3) == "[1] [4]"
