"""Files of documents, how they are divided, and what of them goes into a library with the bundled model."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rasterio.transform import from_origin

from rsvlm.geo.scene import Scene
from rsvlm.library.documents import LETTERS, Document, passages, read_documents
from rsvlm.library.file import Library, Maker
from rsvlm.models.pool import Models
from rsvlm.protocol import Cancelled, Raster, RsvlmError, Watch
from rsvlm.tasks.knowledge import add, find, footprint


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_json_lines_geojson_and_texts_are_read(tmp_path: Path):
    rows = [{"title": "A", "text": "a.", "source": "s", "lon": 9, "lat": 50, "image": "a.png"}, {"text": "b."}]
    first, second = read_documents(write(tmp_path / "a.jsonl", "\n\n".join(map(json.dumps, rows))))
    assert first == Document("A", "a.", "s", {"type": "Point", "coordinates": (9.0, 50.0)}, str(tmp_path / "a.png"))
    assert second == Document("", "b.")
    point = {"type": "Point", "coordinates": [9, 50, 3]}
    feature = {"type": "Feature", "geometry": point, "properties": {"title": "A", "text": "a.", "id": 3}}
    collection = {"type": "FeatureCollection", "features": [feature]}
    (found,) = read_documents(write(tmp_path / "a.geojson", json.dumps(collection)))
    assert found == Document("A", "a.", "", {"type": "Point", "coordinates": (9.0, 50.0)})
    (found,) = read_documents(write(tmp_path / "Old quay.md", "It was built.\n"))
    assert found == Document("Old quay", "It was built.", "Old quay.md")


def test_lines_of_json_end_where_json_says(tmp_path: Path):
    """Not at other characters that divide lines, which strings may hold."""
    rows = [{"title": "A", "text": "a\u2028b\u0085c\u2029d"}, {"text": "e"}]
    content = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "a.jsonl").write_bytes(content.encode())
    assert [found.text for found in read_documents(tmp_path / "a.jsonl")] == ["a\u2028b\u0085c\u2029d", "e"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"text": "a"}\n{"text": ', "line 2 of a.jsonl"),
        ('{"texts": "a"}', "What stands in line 1 of a.jsonl is no document"),
        ("[1]", "What stands in line 1"),
        ('{"title": " "}', "The document in line 1 of a.jsonl has no text"),
        ('{"text": 3}', "has no text"),
        ('{"text": "a", "lon": 9}', "The place in line 1 of a.jsonl cannot be read"),
        ('{"text": "a", "lon": 9, "lat": 95}', "The place in line 1"),
        ('{"text": "a", "footprint": {"type": "Polygon"}}', "The place in line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: str, told: str):
    with pytest.raises(RsvlmError, match=told):
        read_documents(write(tmp_path / "a.jsonl", content))


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", "\n\n"), ("a.txt", " \n"), ("a.geojson", '{"type": "FeatureCollection", "features": []}')],
)
def test_file_without_documents_is_refused(tmp_path: Path, name: str, content: str):
    with pytest.raises(RsvlmError, match=f"There is no document in {name}"):
        read_documents(write(tmp_path / name, content))


@given(st.text(max_size=300), st.integers(1, 9))
def test_passages_hold_every_word_once_and_no_more_than_allowed(text: str, most: int):
    found = passages(text, most)
    assert "".join(found).replace(" ", "") == "".join(text.split()) and found
    assert all(part in " ".join(text.split()) for part in found), "no space is added or lost within one"
    assert all(len(part.split()) <= most and len(part) <= LETTERS * most for part in found)
    if all(len(word) <= LETTERS * most for word in text.split()) and not set("。！？") & set(text):
        assert " ".join(found).split() == text.split(), "words that are short enough stay whole"


def test_passages_end_with_sentences():
    assert passages("One two. Three four five. Six.", 4) == ["One two.", "Three four five. Six."]
    assert passages("One two\n\nThree four", 3) == ["One two", "Three four"]
    assert passages("北京市位于华北平原北部。" * 3 + "Is it? 是！", 3) == [
        "北京市位于华北平原北部。北京市位于华北平原北部。", "北京市位于华北平原北部。Is it?", "是！",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "seen.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)).save(path)
    return path


def test_picture_is_excluded_by_what_it_shows(tmp_path: Path, picture: Path, models: Models):
    other = tmp_path / "other.png"
    Image.fromarray(np.random.default_rng(5).integers(0, 255, (90, 120, 3), dtype=np.uint8)).save(other)
    path = tmp_path / "a.gpkg"
    add(
        path,
        [Document("One", "one", image=str(picture)), Document("Two", "two", image=str(other))],
        None,
        models,
        Watch(),
    )
    again = tmp_path / "again.tif"  # another file and format, the same pixels
    Image.open(picture).save(again)
    sent = base64.b64encode(picture.read_bytes()).decode()
    part = Raster(href=str(picture), extent=(10, 10, 80, 80))
    for raster in (Raster(href=str(picture)), Raster(href=str(again)), Raster(data=sent), part):
        found = find(path, models, Watch(), raster=raster)
        assert [item.title for item in found.passages] == ["Two"] and found.left_out == 1
    found = find(path, models, Watch(), raster=Raster(href=str(other)), text="one")
    assert [item.title for item in found.passages] == ["One"]


def test_text_longer_than_the_model_reads_is_kept_in_parts(tmp_path: Path, models: Models):
    words = " ".join(f"unforeseeable{number}counterrevolutionaries" for number in range(60))
    path = tmp_path / "a.gpkg"
    assert add(path, [Document("Long", words)], None, models, Watch()).added == 1
    with Library.open(path) as library:
        parts = [library.text(passage) for passage in library.passages()]
        assert " ".join(parts) == words and len(library.text_vectors()._ids) == len(parts) > 1
    assert find(path, models, Watch(), text=words).passages[0].title == "Long"


@pytest.mark.parametrize("text", ["北京市位于华北平原北部。" * 30, "ประเทศไทยมีชื่อ" * 25, "x9" * 600])
def test_text_without_spaces_is_kept_whole_and_found(tmp_path: Path, models: Models, text: str):
    path = tmp_path / "a.gpkg"
    add(path, [Document("北京", text), Document("Farm", "Wheat grows.")], None, models, Watch())
    with Library.open(path) as library:
        parts = [library.text(passage) for passage in library.passages()]
        assert "".join(parts) == f"{text}Wheat grows."
    assert find(path, models, Watch(), text=text).passages[0].title == "北京"


def test_title_that_is_longer_than_the_model_reads_is_told(tmp_path: Path, models: Models):
    with pytest.raises(RsvlmError, match="The title of “北京北京"):
        add(tmp_path / "a.gpkg", [Document("北京" * 200, "It is large.")], None, models, Watch())


class Stopping(Watch):
    """Wants no more after the first document."""

    done = 0

    def progress(self, done: int, total: int, note: str) -> None:
        self.done = done

    def cancelled(self) -> bool:
        return self.done > 0


def test_what_was_finished_is_kept_when_it_is_stopped(tmp_path: Path, models: Models):
    path, documents = tmp_path / "a.gpkg", [Document("A", "a"), Document("B", "b")]
    with pytest.raises(Cancelled):
        add(path, documents, None, models, Stopping())
    done = add(path, documents, None, models, Watch())
    assert (done.added, done.present, done.model) == (1, 1, "compact")


def test_picture_that_is_gone_is_told_with_its_document_and_the_others_are_kept(
    tmp_path: Path, models: Models, picture: Path
):
    path, documents = (
        tmp_path / "a.gpkg",
        [Document("A", "a"), Document("B", "b", image=str(picture)), Document("C", "c")],
    )
    content = picture.read_bytes()
    picture.unlink()
    with pytest.raises(RsvlmError, match="The document “B” was not added, nor what follows it: There is no file"):
        add(path, documents, None, models, Watch())
    picture.write_bytes(content)
    assert (done := add(path, documents, None, models, Watch())).added == 2 and done.present == 1
    picture.unlink()  # what is in the library needs its file no more
    assert add(path, documents, None, models, Watch()).present == 3


def test_picture_on_a_local_grid_is_known_without_a_place(tmp_path: Path, models: Models):
    picture, path = tmp_path / "site.tif", tmp_path / "a.gpkg"
    with rasterio.open(
        picture, "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8", transform=from_origin(0, 64, 1, 1),
        crs='LOCAL_CS["site grid",UNIT["metre",1]]',
    ) as target:  # fmt: skip
        target.write(np.random.default_rng(0).integers(0, 255, (3, 64, 64), dtype=np.uint8))
    asked = Raster(href=str(picture))
    with Scene.open(asked) as scene:
        assert scene.crs is not None and footprint(asked) is None
    add(path, [Document("A", "a quay")], None, models, Watch())
    assert [passage.title for passage in find(path, models, Watch(), "quay", asked).passages] == ["A"]


def test_library_of_a_model_that_is_not_here_is_told(tmp_path: Path, models: Models):
    for model, revision, told in (
        ("gone", "1", "which is not here"),
        ("compact", "1", "made with revision 1 of compact"),
    ):
        path = tmp_path / f"{model}.gpkg"
        Library.open_or_create(path, Maker(model, revision, 4)).close()
        with pytest.raises(RsvlmError, match=told):
            find(path, models, Watch(), "a")


def test_nothing_to_search_for_and_no_place_to_be_near_are_refused(tmp_path: Path, models: Models):
    path = tmp_path / "a.gpkg"
    add(path, [Document("A", "a")], None, models, Watch())
    with pytest.raises(RsvlmError, match="nothing to search for"):
        find(path, models, Watch(), " ")
    with pytest.raises(RsvlmError, match="no place to be near to"):
        find(path, models, Watch(), "a", within_m=3)
