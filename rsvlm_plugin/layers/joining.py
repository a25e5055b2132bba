"""One more part in a layer of masks: what becomes of the features that it touches. Says so; edits nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Sequence

from qgis.core import NULL, QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

from .measuring import along_ellipsoid, measured

OUTLINERS = ("model", "revision")  # who has outlined a feature, or some of it
SAME = 0.01  # of a part: what is less news than this comes from simplified outlines


@dataclass
class Joined:
    """added: a feature that is new. changed: others as they are now, by id. gone: ids of those that are no more."""

    added: List[QgsFeature] = field(default_factory=list)
    changed: Dict[int, QgsFeature] = field(default_factory=dict)
    gone: List[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)


def joined(layer: QgsVectorLayer, part: QgsFeature, point: QgsPointXY, phrases: Sequence[str]) -> Joined:
    """The part (a multipolygon) joins all features of its phrase that it touches to one; nothing, where these have it already.

    phrases: those whose features share no area with it. They keep what is theirs, unless the point is in it: then they lose
    all that the part has.
    """
    shape, here = part.geometry(), QgsGeometry.fromPointXY(point)
    touched = [item for item in layer.getFeatures(shape.boundingBox()) if item.geometry().intersects(shape)]
    others = [item for item in touched if item["phrase"] != part["phrase"] and item["phrase"] in phrases]
    losing = [item for item in others if item.geometry().contains(here)]
    keeping = [item.geometry() for item in others if item not in losing]
    if keeping:
        shape = _piece_at(shape.difference(QgsGeometry.unaryUnion(keeping)), here)
    own = [item for item in touched if item["phrase"] == part["phrase"] and item.geometry().intersects(shape)]
    before = [item.geometry() for item in own]
    whole = QgsGeometry.unaryUnion([shape, *before])
    news = max(0.0, whole.area() - sum(geometry.area() for geometry in before))
    there = news < SAME * shape.area() and any(geometry.contains(here) for geometry in before)
    made = Joined()
    if shape.isEmpty() or (there and not losing):
        return made
    scored = [(item["score"], item.geometry().area()) for item in own] + [(part["score"], news)]
    kept = QgsFeature(max(own, key=lambda item: item.geometry().area()) if own else part)
    kept["score"] = _mean([(score, size) for score, size in scored if score != NULL])
    _shape(kept, whole, layer)
    if own:
        for name in OUTLINERS:
            kept[name] = _each(kept[name], part[name])
        made.changed[kept.id()] = kept
        made.gone += [item.id() for item in own if item.id() != kept.id()]
    else:
        made.added.append(kept)
    for item in losing:
        rest = item.geometry().difference(shape)
        if rest.isEmpty():
            made.gone.append(item.id())
        else:
            _shape(item, rest, layer)
            made.changed[item.id()] = item
    return made


def _piece_at(shape: QgsGeometry, here: QgsGeometry) -> QgsGeometry:
    """Of several polygons the one that is next to the point."""
    return min(shape.asGeometryCollection(), key=lambda piece: piece.distance(here), default=shape)


def _mean(scored: Sequence[Sequence[float]]) -> object:
    weight = sum(size for _score, size in scored)
    return sum(score * size for score, size in scored) / weight if weight > 0 else NULL


def _each(before: object, more: object) -> object:
    """Names, with a comma between them, and more of them where they are new."""
    names = [name for known in (before, more) if known != NULL for name in str(known).split(", ")]
    return ", ".join(dict.fromkeys(names)) or NULL


def _shape(feature: QgsFeature, shape: QgsGeometry, layer: QgsVectorLayer) -> None:
    """Give the feature this shape; measured along the ellipsoid, if it was measured before."""
    shape.convertToMultiType()
    feature.setGeometry(shape)
    if feature["area_m2"] != NULL:
        feature["area_m2"], feature["perimeter_m"] = measured(shape, along_ellipsoid(layer))
