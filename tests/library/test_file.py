"""The file of a library: whole after a crash, one layer for GIS programs, vectors of one model only."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rsvlm.library import file
from rsvlm.library.documents import Document
from rsvlm.library.file import Entry, Library, Maker
from rsvlm.library.search import Query, search
from rsvlm.protocol import RsvlmError

MAKER = Maker("toy", "1", 4)
SQUARE = {"type": "Polygon", "coordinates": [[[9, 49], [10, 49], [10, 50], [9, 49]]]}


def entry(title: str, geometry: dict | None = None) -> Entry:
    vectors = np.eye(4, dtype=np.float32)[:1]
    return Entry(Document(title, f"About {title}."), [f"About {title}."], vectors, geometry=geometry)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a library.gpkg"


def test_documents_are_a_layer_in_degrees_and_the_rest_is_hidden(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        assert library.add(entry("field", SQUARE)) and library.add(entry("rule"))
    program = """
import pyogrio, sys
path = sys.argv[1]
print(pyogrio.list_layers(path)[:, 0].tolist())
info = pyogrio.read_info(path, layer="documents")
print(info["crs"], info["features"])
frame = pyogrio.read_dataframe(path, layer="documents")
print(frame.geometry[0].bounds, frame.geometry[1], frame.title.tolist())
"""
    # In a process of its own: the GDAL of pyogrio reads its limits once, and other tests want it without any.
    plain = {name: value for name, value in os.environ.items() if name != "GDAL_CONFIG_FILE"}
    said = subprocess.run([sys.executable, "-c", program, path], env=plain, check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == [
        "['documents', 'rsvlm_library']",
        "EPSG:4326 2",
        "(9.0, 49.0, 10.0, 50.0) None ['field', 'rule']",
    ]


def test_geometry_written_by_another_program_with_an_envelope_is_read(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field", SQUARE))
    connection = sqlite3.connect(path)
    (blob,) = connection.execute("SELECT geom FROM documents").fetchone()
    with_envelope = blob[:3] + bytes([3]) + blob[4:8] + bytes(32) + blob[8:]
    connection.execute("UPDATE documents SET geom = ?", (with_envelope,))
    connection.commit()
    connection.close()
    with Library.open(path) as library:
        assert library.documents()[1].shape.bounds == (9, 49, 10, 50)


@pytest.mark.parametrize("name", ["//host/share/a.gpkg", "\\\\host\\share\\a.gpkg"])
def test_library_on_another_machine_is_neither_opened_nor_made(name: str):
    for take in (Library.open, lambda path: Library.open_or_create(path, MAKER)):
        with pytest.raises(RsvlmError, match="The library is not on this machine") as caught:
            take(Path(name))
        assert caught.value.code == "forbidden"


def test_same_document_is_kept_once(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        assert library.add(entry("field")) and not library.add(entry("field"))
        assert len(library) == 1 and library.has(entry("field").document)
        assert library.passages() == {1: 1}


CRASH = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the end
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM documents")
for number in range(500):
    connection.execute("INSERT INTO passages (title, text, document) VALUES ('x', ?, 7)", ("word " * 200,))
os._exit(9)
"""


def test_crash_in_the_middle_leaves_the_library_whole(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field"))
    before = path.read_bytes()
    assert subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False).returncode == 9
    assert path.read_bytes() != before and path.with_name(path.name + "-journal").stat().st_size > 0
    with Library.open(path) as library:
        assert len(library) == 1 and library.passages() == {1: 1} and library.by_words("field")
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_document_that_fails_halfway_leaves_nothing(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        broken = Entry(Document("a", "b c"), ["b", "c"], np.eye(4, dtype=np.float32)[:1])  # a vector is missing
        with pytest.raises(ValueError, match="zip"):
            library.add(broken)
        assert len(library) == 0 and library.passages() == {}


def test_damage_is_told_in_words(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field"))
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE text_vectors")
    connection.close()
    with (
        pytest.raises(RsvlmError, match=r"The library a library.gpkg is damaged or no library"),
        Library.open(path) as library,
    ):
        library.text_vectors()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE text_vectors SET vector = x'0011'",
        "UPDATE text_vectors SET vector = 'words'",
        "UPDATE documents SET geom = x'47500001'",
        "UPDATE documents SET geom = 7",
        "UPDATE rsvlm_library SET value = 'wide' WHERE name = 'width'",
        "DELETE FROM rsvlm_library WHERE name = 'model'",
        "DROP TABLE passages",
    ],
)
def test_damaged_content_is_told_in_words(path: Path, change: str):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field", SQUARE))
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    query = Query("field", np.eye(4)[0], np.eye(4)[0], SQUARE)
    with pytest.raises(RsvlmError, match=r"a library\.gpkg is (damaged or )?no library"), Library.open(path) as library:
        search(library, query, 3)


INDEX = """
CREATE VIRTUAL TABLE rtree_documents_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_documents_geom_insert AFTER INSERT ON documents WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_documents_geom VALUES (NEW.rowid, ST_MinX(NEW.geom), 0, 0, 0); END;
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT, definition TEXT, scope TEXT);
INSERT INTO gpkg_extensions VALUES ('documents', 'geom', 'gpkg_rtree_index', '', 'write-only');
"""


def test_spatial_index_that_qgis_made_hinders_no_new_document(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field", SQUARE))
    connection = sqlite3.connect(path)
    connection.executescript(INDEX)
    connection.close()
    with Library.open_or_create(path, MAKER) as library:
        assert library.add(entry("lake", SQUARE)) and len(library) == 2
    left = sqlite3.connect(path).execute("SELECT count(*) FROM gpkg_extensions").fetchone()
    assert left == (0,)


def test_library_that_another_program_holds_is_not_called_damaged(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file, "_BUSY_S", 0.1)
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field"))
    other = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(RsvlmError, match="cannot be used: database is locked"), Library.open(path) as library:
        other.execute("BEGIN EXCLUSIVE")
        len(library)
    other.close()
    with Library.open(path) as library:
        assert len(library) == 1


WRITER = """
import sys
import numpy as np
from pathlib import Path
from rsvlm.library.documents import Document
from rsvlm.library.file import Entry, Library, Maker
with Library.open_or_create(Path(sys.argv[1]), Maker("toy", "1", 4)) as library:
    for number in range(int(sys.argv[2]), int(sys.argv[2]) + 40):
        library.add(Entry(Document(f"{number}", "text"), ["text"], np.eye(4, dtype=np.float32)[:1]))
"""


def test_two_writers_at_once_lose_nothing(path: Path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(first)]) for first in (0, 20)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    with Library.open(path) as library:
        assert {kept.title for kept in library.documents().values()} == {str(number) for number in range(60)}
        assert len(library) == len(library.passages()) == 60


def test_many_words_are_searched_for(path: Path):
    with Library.open_or_create(path, MAKER) as library:
        library.add(entry("field"))
        found = library.by_words(" ".join(f"word{number}" for number in range(20_000)) + " field")
        assert [number for number, _ in found] == [1]


def test_vectors_of_another_model_are_refused(path: Path):
    with Library.open_or_create(path, MAKER):
        pass
    with pytest.raises(RsvlmError, match=r"was made with the model toy \(1\), not with other"):
        Library.open_or_create(path, Maker("other", "1", 4))
    with pytest.raises(RsvlmError, match="their vectors cannot be compared"):
        Library.open_or_create(path, Maker("toy", "2", 4))


def test_other_files_are_refused_and_left_as_they_are(tmp_path: Path):
    text, other = tmp_path / "a.gpkg", tmp_path / "b.gpkg"
    text.write_text("no database, but long enough to look at: " + "x" * 200)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE roads (x)")
    connection.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(RsvlmError, match="no library"):
            Library.open(path)
        with pytest.raises(RsvlmError, match="no library"):
            Library.open_or_create(path, MAKER)
        assert path.read_bytes() == before
    with pytest.raises(RsvlmError, match="There is no library"):
        Library.open(tmp_path / "c.gpkg")
    with pytest.raises(RsvlmError, match="There is no folder"):
        Library.open_or_create(tmp_path / "d" / "e.gpkg", MAKER)
    with pytest.raises(RsvlmError, match=r"cannot be called e\.txt"):
        Library.open_or_create(tmp_path / "e.txt", MAKER)
    assert sorted(os.listdir(tmp_path)) == ["a.gpkg", "b.gpkg"]
