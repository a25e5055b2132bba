"""The file of a library: a GeoPackage whose layer `documents` shows on the map, with full text and vectors beside it.

One SQLite file: what is added is there as a whole or not at all, whenever the program ends. Image and text vectors lie in
tables of their own. Knows nothing of models, except which one made the vectors.
"""

from __future__ import annotations

import json
import re
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from rsvlm.library import spatial_index
from rsvlm.library.documents import Document
from rsvlm.library.place import WGS84
from rsvlm.library.vectors import Vectors
from rsvlm.protocol import RsvlmError

SUFFIX = ".gpkg"  # by which GIS programs know the file
FORMAT = 1  # of the tables that are not GeoPackage's own

_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}  # bytes, by the kind that the header of a geometry names
_BUSY_S = 20.0

_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY REFERENCES gpkg_contents(table_name),
    column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL,
    m TINYINT NOT NULL);
CREATE TABLE documents (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom GEOMETRY, title TEXT NOT NULL,
    text TEXT NOT NULL, source TEXT NOT NULL, image TEXT, image_digest TEXT, digest TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE passages USING fts5(title, text, document UNINDEXED, tokenize = 'porter unicode61');
CREATE TABLE text_vectors (passage INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE image_vectors (document INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE rsvlm_library (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('documents', 'features', 'documents', 4326);
INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('rsvlm_library', 'attributes', 'rsvlm_library');
INSERT INTO gpkg_geometry_columns VALUES ('documents', 'geom', 'GEOMETRY', 4326, 0, 0);
"""


@dataclass(frozen=True)
class Maker:
    """What made the vectors: id and revision of a model's card, and their width."""

    model: str
    revision: str
    width: int


@dataclass(frozen=True, eq=False)
class Entry:
    """A document ready to be kept. passages: its text in parts; vectors: (passages, width). image_vector: (width,) and
    image_digest, of what its picture shows, where it has one. geometry: where it holds, its own or that of its picture.
    """

    document: Document
    passages: Sequence[str]
    vectors: np.ndarray
    image_vector: np.ndarray | None = None
    image_digest: str | None = None
    geometry: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Kept:
    """A document as it lies in the library."""

    title: str
    source: str
    shape: BaseGeometry | None
    image_digest: str | None


class Library:
    """An open library; a context manager. maker: see there. path: of its file.

    Its functions raise RsvlmError (bad_request) for what the file has lost.
    """

    def __init__(self, connection: sqlite3.Connection, maker: Maker, path: Path) -> None:
        self._connection, self.maker, self.path = connection, maker, path

    @classmethod
    def open(cls, path: Path) -> Library:
        """Raises RsvlmError: forbidden (on another machine), not_found, bad_request for a file that is no library."""
        _check_place(path)
        if not path.is_file():
            raise RsvlmError("not_found", f"There is no library {path}.", "Make it with “rsvlm knowledge add”.")
        connection = _connected(path, "rw")
        with _closing_on_error(connection), _told(path):
            maker = _maker(connection)
            if maker is None:
                raise _no_library(path)
            return cls(connection, maker, path)

    @classmethod
    def open_or_create(cls, path: Path, maker: Maker) -> Library:
        """Raises RsvlmError: forbidden (on another machine), bad_request for a file that is no library or would not be known for
        one, or whose vectors another model has made.
        """
        _check_place(path)
        if not path.parent.is_dir():
            raise RsvlmError("bad_request", f"There is no folder {path.parent}.", "Make it, or name another one.")
        if not path.exists() and path.suffix.lower() != SUFFIX:
            raise RsvlmError("bad_request", f"A library cannot be called {path.name}.", f"Let it end in {SUFFIX}.")
        connection = _connected(path, "rwc")
        with _closing_on_error(connection), _told(path):
            with _transaction(connection):
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    _create(connection, maker)
            there = _maker(connection)
            if there is None:
                raise _no_library(path)
            if there != maker:
                raise RsvlmError(
                    "bad_request",
                    f"The library {path.name} was made with the model {there.model} ({there.revision}), not with "
                    f"{maker.model} ({maker.revision}); their vectors cannot be compared.",
                    f"Use --model {there.model}, or begin another library.",
                )
            with _transaction(connection):
                spatial_index.drop(connection)
            return cls(connection, maker, path)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raises RsvlmError (bad_request) instead of what SQLite says of a file that cannot be read on."""
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise _in_words(error, self.path) from error

    def close(self) -> None:
        self._connection.close()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def has(self, document: Document) -> bool:
        row = self._connection.execute("SELECT 1 FROM documents WHERE digest = ?", (_digest(document),))
        return row.fetchone() is not None

    def add(self, entry: Entry) -> bool:
        """Whether it is new: the same document is kept once. Raises RsvlmError if the file cannot be written."""
        document = entry.document
        shape = None if entry.geometry is None else shapely.geometry.shape(entry.geometry)
        row = (_packed(shape), document.title, document.text, document.source, document.image, entry.image_digest)
        with _told(self.path), _transaction(self._connection):
            made = self._connection.execute(
                "INSERT OR IGNORE INTO documents (geom, title, text, source, image, image_digest, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, _digest(document)),
            )
            if not made.rowcount:
                return False
            number = made.lastrowid
            for text, vector in zip(entry.passages, entry.vectors, strict=True):
                passage = self._connection.execute(
                    "INSERT INTO passages (title, text, document) VALUES (?, ?, ?)", (document.title, text, number)
                ).lastrowid
                self._connection.execute("INSERT INTO text_vectors VALUES (?, ?)", (passage, _bytes(vector)))
            if entry.image_vector is not None:
                vector = _bytes(entry.image_vector)
                self._connection.execute("INSERT INTO image_vectors VALUES (?, ?)", (number, vector))
        return True

    def documents(self) -> dict[int, Kept]:
        rows = self._connection.execute("SELECT fid, title, source, geom, image_digest FROM documents ORDER BY fid")
        try:
            return {row[0]: Kept(row[1], row[2], _unpacked(row[3]), row[4]) for row in rows}
        except (IndexError, KeyError, TypeError, shapely.errors.ShapelyError) as error:
            raise _damaged(self.path) from error

    def passages(self) -> dict[int, int]:
        """Passage number -> document number."""
        return dict(self._connection.execute("SELECT rowid, document FROM passages ORDER BY rowid"))

    def text(self, passage: int) -> str:
        row = self._connection.execute("SELECT text FROM passages WHERE rowid = ?", (passage,)).fetchone()
        return str(row[0])

    def by_words(self, text: str) -> list[tuple[int, float]]:
        """Passage number and BM25 (more is better) of all that hold any word of `text`, the best first."""
        words = sorted(set(re.findall(r"\w+", text.lower())))
        if not words:
            return []
        wanted = " OR ".join(f'"{word}"' for word in words)
        rows = self._connection.execute(
            "SELECT rowid, -bm25(passages) FROM passages WHERE passages MATCH ? ORDER BY 2 DESC, 1", (wanted,)
        )
        return [(number, score) for number, score in rows]

    def text_vectors(self) -> Vectors:
        """Of passages."""
        return self._vectors("SELECT passage, vector FROM text_vectors ORDER BY passage")

    def image_vectors(self) -> Vectors:
        """Of documents."""
        return self._vectors("SELECT document, vector FROM image_vectors ORDER BY document")

    def _vectors(self, query: str) -> Vectors:
        rows = self._connection.execute(query).fetchall()
        try:
            values = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), self.maker.width)
        except (TypeError, ValueError) as error:
            raise _damaged(self.path) from error
        return Vectors([row[0] for row in rows], values)


def elsewhere() -> RsvlmError:
    return RsvlmError("forbidden", "The library is not on this machine.", "Copy it to a local folder.")


def _check_place(path: Path) -> None:
    """SQLite locks no files safely over a network, and opens none by the name of a Windows share."""
    if any(str(place).startswith(("\\\\", "//")) for place in (path, path.absolute())):
        raise elsewhere()


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    with _told(path):
        address = (
            f"{path.absolute().as_uri()}?mode={mode}"  # what a crash has left is rolled back only where one may write
        )
        connection = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection


@contextmanager
def _closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What SQLite cannot do, in words."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _in_words(error, path) from error


def _in_words(error: sqlite3.DatabaseError, path: Path) -> RsvlmError:
    """What the file is in the way of, or that it is broken: a table that is missing is an operational error as well."""
    if not isinstance(error, sqlite3.OperationalError) or "no such" in str(error):
        return _damaged(path)
    return RsvlmError(
        "bad_request",
        f"The library {path.name} cannot be used: {error}.",
        "Close programs that edit it, and check permissions and free space.",
    )


def _create(connection: sqlite3.Connection, maker: Maker) -> None:
    connection.execute("PRAGMA application_id = 1196444487")  # "GPKG"
    connection.execute("PRAGMA user_version = 10300")  # GeoPackage 1.3
    for statement in _SCHEMA.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    wkt = CRS.from_user_input(WGS84).to_wkt("WKT1_GDAL")
    connection.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', 4326, 'EPSG', 4326, ?, NULL)", (wkt,))
    about = {"format": FORMAT, "model": maker.model, "revision": maker.revision, "width": maker.width}
    connection.executemany(
        "INSERT INTO rsvlm_library (name, value) VALUES (?, ?)", [(name, str(what)) for name, what in about.items()]
    )


def _maker(connection: sqlite3.Connection) -> Maker | None:
    """None for a file that is no library of this format."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rsvlm_library'").fetchone():
        return None
    about = dict(connection.execute("SELECT name, value FROM rsvlm_library"))
    if about.get("format") != str(FORMAT) or not {"model", "revision", "width"} <= set(about):
        return None
    if not about["width"].isdecimal():
        return None
    return Maker(about["model"], about["revision"], int(about["width"]))


def _no_library(path: Path) -> RsvlmError:
    return RsvlmError("bad_request", f"{path.name} is no library of rsvlm.", "Name one made by “rsvlm knowledge add”.")


def _damaged(path: Path) -> RsvlmError:
    return RsvlmError("bad_request", f"The library {path.name} is damaged or no library.", "Choose another file.")


def _digest(document: Document) -> str:
    geometry = json.dumps(document.geometry, sort_keys=True)
    parts = (document.title, document.text, document.source, geometry, document.image or "")
    return blake2b(json.dumps(parts).encode(), digest_size=20).hexdigest()


def _bytes(vector: np.ndarray) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _packed(shape: BaseGeometry | None) -> bytes | None:
    """As GeoPackage keeps geometries (section 2.1.3): its header without an envelope, then WKB."""
    if shape is None:
        return None
    return b"GP" + struct.pack("<BBi", 0, 1, 4326) + bytes(shapely.to_wkb(shape, byte_order=1))


def _unpacked(data: bytes | None) -> BaseGeometry | None:
    if data is None:
        return None
    return shapely.from_wkb(data[8 + _ENVELOPES[data[3] >> 1 & 7] :])
