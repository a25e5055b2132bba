"""What a layer of masks or boxes holds, label by label: counted once in small steps, then kept in step with each edit.

Knows neither answers nor widgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Dict, Iterator, List, Optional, Set, Tuple

from qgis.core import QgsFeature, QgsFeatureRequest, QgsVectorLayer, QgsVectorLayerFeatureSource
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from .snapshot import one_by_one

COLUMNS = ("label", "count", "area_m2", "score")
AT_ONCE = 1000  # features of which QGIS waits for the count, a few milliseconds; an edit of more has all counted anew

Row = Tuple[str, int, Optional[float], Optional[float]]  # as COLUMNS


@dataclass
class Held:
    """Of one label: how many, measured in how many features together, and the mean score of those that have one."""

    count: int = 0
    features: int = 0
    measured: int = 0
    area: float = 0.0
    scored: int = 0
    scores: float = 0.0

    @property
    def area_m2(self) -> Optional[float]:
        """None where a feature was not measured, as without a CRS."""
        return self.area if self.measured == self.features else None

    @property
    def score(self) -> Optional[float]:
        return self.scores / self.scored if self.scored else None

    def take(self, row: Row, sign: int) -> None:
        """One feature more (1) or less (-1)."""
        _label, count, area, score = row
        self.count += sign * count
        self.features += sign
        if area is not None:
            self.measured += sign
            self.area += sign * area
        if score is not None:
            self.scored += sign * count
            self.scores += sign * count * score


class Tally(QObject):
    """`changed` comes with another `held`: by label, None until all has been counted and after the layer is gone."""

    changed = pyqtSignal()

    def __init__(self, layer: QgsVectorLayer, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.held: Optional[Dict[str, Held]] = None
        self._layer: Optional[QgsVectorLayer] = layer
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        for signal in (layer.featureAdded, layer.featureDeleted, layer.attributeValueChanged):
            signal.connect(self._touch)
        layer.willBeDeleted.connect(self._leave)
        self._read()

    @property
    def gone(self) -> bool:
        """Whether the layer is."""
        return self._layer is None

    def _read(self) -> None:
        """Begin to count all of the layer as it is now; edits from now on are told by `_touch`."""
        self._rows: Dict[int, Row] = {}
        self._sums: Dict[str, Held] = {}
        self._touched: Set[int] = set()
        self._columns = [self._layer.fields().lookupField(name) for name in COLUMNS]
        source = QgsVectorLayerFeatureSource(self._layer)
        self._reading: Optional[Iterator[QgsFeature]] = one_by_one(source, self._request())
        self._timer.start(0)

    def _touch(self, number: int, *_change: object) -> None:
        self._touched.add(number)
        if not self._timer.isActive():
            self._timer.start(0)

    def _step(self) -> None:
        """Once QGIS has nothing else to do."""
        if self._reading is not None:
            features = list(islice(self._reading, AT_ONCE))
            if features:
                self._count(features)
                return
            self._reading = None
        if len(self._touched) > AT_ONCE:
            self._read()
            self._tell(None)
            return
        self._timer.stop()
        self._count_touched()
        self._tell(self._sums)

    def _count_touched(self) -> None:
        touched, self._touched = self._touched, set()
        for number in touched:
            row = self._rows.pop(number, None)
            if row is not None:
                held = self._sums[row[0]]
                held.take(row, -1)
                if not held.features:
                    del self._sums[row[0]]
        if touched:
            self._columns = [self._layer.fields().lookupField(name) for name in COLUMNS]
            self._count(list(self._layer.getFeatures(self._request().setFilterFids(list(touched)))))

    def _count(self, features: List[QgsFeature]) -> None:
        for feature in features:
            row = self._row(feature)
            self._rows[feature.id()] = row
            self._sums.setdefault(row[0], Held()).take(row, 1)

    def _row(self, feature: QgsFeature) -> Row:
        label, count, area, score = (feature[at] if at >= 0 else None for at in self._columns)
        area, score = (float(value) if isinstance(value, (int, float)) else None for value in (area, score))
        return label if isinstance(label, str) else "", count if isinstance(count, int) else 1, area, score

    def _request(self) -> QgsFeatureRequest:
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.NoGeometry)
        return request.setSubsetOfAttributes([at for at in self._columns if at >= 0])

    def _tell(self, held: Optional[Dict[str, Held]]) -> None:
        self.held = held
        self.changed.emit()

    def _leave(self) -> None:
        self._timer.stop()
        self._reading = self._layer = None
        self._tell(None)
