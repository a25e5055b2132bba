"""Answers that rest on a library: passages in the prompt, citations as evidence, and what was not given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box, shape

from rsvlm.library.documents import Document
from rsvlm.models.pool import Models
from rsvlm.protocol import AskRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.knowledge import add

ask = TASKS["ask"].run


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu")


@pytest.fixture
def place(tmp_path: Path) -> Raster:
    """128 x 128 m from (500000, 5500000), UTM 32N: about 9.0 E, 49.65 N."""
    path = tmp_path / "place.tif"
    pixels = np.random.default_rng(1).integers(1, 255, (3, 128, 128), dtype=np.uint8)
    profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 1), "driver": "GTiff"}
    with rasterio.open(path, "w", width=128, height=128, count=3, dtype="uint8", **profile) as target:
        target.write(pixels)
    return Raster(href=str(path))


@pytest.fixture
def library(tmp_path: Path, models: Models) -> Path:
    path = tmp_path / "known.gpkg"
    documents = [
        Document("Quay", "Ships are loaded here.", "port.org", {"type": "Point", "coordinates": [9.0, 49.6522]}),
        Document("Farm", "Wheat grows on the fields.", "farm.org", {"type": "Point", "coordinates": [9.3, 49.9]}),
        Document("Rule", "Ships have masts.", "book"),
    ]
    assert add(path, documents, None, models, Watch()).added == 3
    return path


def asked(place: Raster, library: Path, models: Models, question: str = "Where are ships loaded?") -> Any:
    return ask(AskRequest(place, question, model="geopix", knowledge=str(library)), models, Watch())


def test_citation_is_a_document_on_the_map(
    add_family: Callable[..., Any], place: Raster, library: Path, models: Models
):
    add_family("geopix", ["ships", "load", "[1]", "here"])
    answer = asked(place, library, models)
    assert answer.text == "Ships load [1] here."
    document = answer.evidence[0]
    assert [item.kind for item in answer.evidence] == ["document"] and document.label == "[1]"
    assert (document.text, document.source) == ("Quay: Ships are loaded here.", "port.org")
    assert box(499990, 5499500, 500010, 5500500).contains(shape(document.geometry))  # in the raster's CRS
    assert 0 < document.score <= 1 and not [warning for warning in answer.warnings if "cites" in warning]
    prompt = answer.provenance["prompt"]
    assert (
        prompt.startswith("[vqa] Where are ships loaded?\n") and "[1] Quay: Ships are loaded here. (port.org)" in prompt
    )
    told = answer.provenance["knowledge"]
    assert (told["library"], told["model"]) == ("known.gpkg", "compact")
    assert [item["number"] for item in told["passages"]] == [1, 2, 3]


def test_citation_of_a_passage_that_was_not_given_is_told(
    add_family: Callable[..., Any], place: Raster, library: Path, models: Models
):
    add_family("geopix", ["ships", "[7]", "here"])
    answer = asked(place, library, models)
    assert answer.evidence == [] and answer.text == "Ships [7] here."
    assert [
        warning for warning in answer.warnings if warning.startswith("The answer cites [7], but 3 passages were given")
    ]


def test_boxes_are_numbered_after_the_passages(
    add_family: Callable[..., Any], place: Raster, library: Path, models: Models
):
    add_family("geopix", ["ships", "{<25><50><75><100>}", "by", "[2]"])
    answer = asked(place, library, models)
    assert answer.text == "Ships [4] by [2]."
    assert [(item.kind, item.label) for item in answer.evidence] == [("document", "[2]"), ("box", "[4]")]


def test_document_without_a_place_is_evidence_with_an_empty_geometry(
    add_family: Callable[..., Any], place: Raster, library: Path, models: Models
):
    add_family("geopix", ["[1]", "[2]", "[3]"])
    found = {item.source: shape(item.geometry) for item in asked(place, library, models).evidence}
    assert set(found) == {"port.org", "farm.org", "book"}
    assert found["book"].is_empty and not found["farm.org"].is_empty


def test_picture_that_is_asked_about_is_no_knowledge(
    add_family: Callable[..., Any], place: Raster, library: Path, models: Models, tmp_path: Path
):
    add_family("geopix", ["ships"])
    copy = tmp_path / "copy.tif"
    copy.write_bytes(Path(str(place.href)).read_bytes())
    add(library, [Document("Itself", "Ships are loaded in this very picture.", image=str(copy))], None, models, Watch())
    answer = asked(place, library, models)
    assert "Itself" not in answer.provenance["prompt"]
    assert [warning for warning in answer.warnings if "was left out; it counts as no knowledge" in warning]


def test_without_a_library_numbers_in_brackets_are_words(add_family: Callable[..., Any], place: Raster, models: Models):
    add_family("geopix", ["ships", "[1]"])
    answer = ask(AskRequest(place, "What?", model="geopix"), models, Watch())
    assert answer.text == "Ships [1]." and answer.evidence == [] and "knowledge" not in answer.provenance


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nowhere.gpkg", "not_found"),
        ("http://host/a.gpkg", "forbidden"),
        ("\\\\host\\a", "forbidden"),
        ("", "bad_request"),
    ],
)
def test_library_that_is_not_here_is_refused(
    add_family: Callable[..., Any], place: Raster, models: Models, path: str, code: str
):
    add_family("geopix", ["ships"])
    with pytest.raises(RsvlmError) as told:
        ask(AskRequest(place, "What?", model="geopix", knowledge=path), models, Watch())
    assert told.value.code == code
