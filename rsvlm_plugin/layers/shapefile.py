"""What a shapefile cannot hold, and how it is made to fit: names of ten characters, texts of 254 bytes, one geometry type.

Nothing is cut: a long name gets a short one, a long text goes on in another field, and the user is told both.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Sequence, Tuple

from qgis.core import QgsFeature, QgsFields, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ...protocol import RsvlmError
from ..translation import tr
from .table import Column, cut, split_text

TEXT_BYTES = 254
NAME_BYTES = 10
KNOWN = {"perimeter_m": "perim_m"}


def check_geometry(geometry: QgsWkbTypes.Type) -> None:
    """Raises RsvlmError (bad_request) for a layer whose features are of several kinds."""
    if QgsWkbTypes.geometryType(geometry) > QgsWkbTypes.PolygonGeometry and geometry != QgsWkbTypes.NoGeometry:
        raise RsvlmError(
            "bad_request",
            tr("A shapefile holds points, lines or polygons, and this layer mixes them."),
            tr("Save it as a GeoPackage, or split it first: Processing ▸ Extract by geometry type."),
        )


def short_names(names: Sequence[str]) -> Dict[str, str]:
    """Names of at most ten bytes, all different, whatever their case."""
    short: Dict[str, str] = {}
    for name in names:
        wanted = cut(KNOWN.get(name, name), NAME_BYTES)
        number, made = 1, wanted
        while made.lower() in {other.lower() for other in short.values()}:
            number += 1
            made = cut(wanted, NAME_BYTES - len(str(number))) + str(number)
        short[name] = made
    return short


def renamed(names: Sequence[str]) -> List[str]:
    """Sentences on the names that change, none where all stay."""
    changed = [f"{name} → {short}" for name, short in short_names(names).items() if name != short]
    if not changed:
        return []
    return [tr("A shapefile's field names have ten characters: {names}.").format(names=", ".join(changed))]


def columns(fields: QgsFields, kept: Sequence[int], features: Iterable[QgsFeature]) -> Tuple[List[Column], List[str]]:
    """How the kept fields (by their index) become those of a shapefile, and sentences on what changes."""
    names = {index: fields.at(index).name() for index in kept}
    pieces = _pieces(fields, kept, features)
    wanted, more = list(names.values()), {}
    for index, name in names.items():
        more[index] = _continuations(name, pieces[index] - 1, wanted)
        wanted += more[index]
    short = short_names(wanted)  # the fields' own names first, as `renamed` tells them
    notes = renamed(list(names.values()))
    made: List[Column] = []
    for index, name in names.items():
        columns_of = [short[column] for column in (name, *more[index])]
        made += [Column(column, index, piece, TEXT_BYTES) for piece, column in enumerate(columns_of)]
        if len(columns_of) > 1:
            listed = ", ".join(columns_of[1:])
            notes.append(
                tr("A shapefile holds 254 bytes in a field: “{name}” continues in {more}.").format(
                    name=name, more=listed
                )
            )
    return made, notes


def _continuations(name: str, count: int, taken: Sequence[str]) -> List[str]:
    """Names with a number behind, from 2 on, that no other field has, whatever its case."""
    lower = {other.lower() for other in taken}
    numbered = (f"{name}{number}" for number in range(2, 2 + count + len(lower)))
    return [made for made in numbered if made.lower() not in lower][:count]


def _pieces(fields: QgsFields, kept: Sequence[int], features: Iterable[QgsFeature]) -> Dict[int, int]:
    """How many fields each kept one needs."""
    pieces = dict.fromkeys(kept, 1)
    texts = [index for index in kept if fields.at(index).type() == QVariant.String]
    for feature in features if texts else ():
        for index in texts:
            value = feature.attribute(index)
            if isinstance(value, str) and len(value.encode()) > TEXT_BYTES:
                pieces[index] = max(pieces[index], len(split_text(value, TEXT_BYTES)))
    return pieces
