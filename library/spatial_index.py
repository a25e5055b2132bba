"""The spatial index that QGIS may have made of the documents: its triggers call functions that SQLite alone does not have."""

from __future__ import annotations

import sqlite3

_INDEX = "rtree_documents_geom"  # as the GeoPackage standard calls it (extension gpkg_rtree_index)


def drop(connection: sqlite3.Connection) -> None:
    """Documents can be added again; who wants the index has QGIS make it anew. Raises what SQLite does."""
    found = connection.execute("SELECT type, name FROM sqlite_master WHERE name GLOB ?", (f"{_INDEX}*",)).fetchall()
    for kind, name in sorted(found, reverse=True):  # triggers before the tables that they write to
        if kind == "trigger":
            connection.execute(f'DROP TRIGGER "{name}"')
        elif name == _INDEX:
            connection.execute(f'DROP TABLE "{_INDEX}"')
    if found and connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_extensions'").fetchone():
        connection.execute(
            "DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index' AND table_name = 'documents'"
        )
