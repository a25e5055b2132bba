"""How masks and boxes look, and what their layer tells of itself: colours by label, halos, aliases, notes, metadata.

Made to be read over imagery, dark or bright: a bright outline on a dark casing, a fill that lets the ground through,
letters with a halo. Colours are told apart with any colour vision (Okabe and Ito's palette); beyond seven, by dashes too.
"""

from __future__ import annotations

from html import escape
from typing import List, Tuple

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsEditorWidgetSetup,
    QgsFillSymbol,
    QgsLayerMetadata,
    QgsLayerNotesUtils,
    QgsPalLayerSettings,
    QgsRendererCategory,
    QgsSimpleFillSymbolLayer,
    QgsSimpleLineSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ..translation import tr
from .found import aliases, order
from .record import Record

# Sky blue, orange, yellow, reddish purple, vermilion, bluish green, blue.
PALETTE = ("#56b4e9", "#e69f00", "#f0e442", "#cc79a7", "#d55e00", "#009e73", "#0072b2")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
FILL_ALPHA = 70
CASING = QColor(0, 0, 0, 150)
CASING_MM, LINE_MM = 0.8, 0.35
BOX_MM = 0.5  # a box has no fill to be seen by
LETTERS = 8.0  # points
# Decimals that are shown of a number; the file keeps all of them.
DECIMALS = {"score": 2, "area_m2": 1, "perimeter_m": 1}


def dress(layer: QgsVectorLayer, record: Record, licence: str = "") -> None:
    """Give a layer of what was found its looks, aliases, notes and metadata. licence: of the model that answered."""
    layer.setRenderer(renderer(record))
    layer.setLabeling(_labeling())
    layer.setLabelsEnabled(True)
    layer.setMapTipTemplate(_map_tip())
    layer.setDisplayExpression('"label"')
    name_fields(layer)
    layer.setMetadata(_metadata(layer, record, licence))
    QgsLayerNotesUtils.setLayerNotes(layer, _notes(record, licence))


def name_fields(layer: QgsVectorLayer) -> None:
    """Aliases for all fields, and as many decimals as make sense."""
    for name, alias in aliases().items():
        index = layer.fields().lookupField(name)
        if index < 0:
            continue
        layer.setFieldAlias(index, alias)
        if name in DECIMALS:
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Range", {"Precision": DECIMALS[name]}))


def renderer(record: Record) -> QgsCategorizedSymbolRenderer:
    """A category for each label, whose colour hangs on its place among the phrases; one for labels that are written later."""
    hollow = record.style == "boxes"
    labels = order(record, dict.fromkeys(item.label for item in record.answer.evidence))
    colours = order(record, dict.fromkeys([*record.phrases, *labels]))
    categories = [QgsRendererCategory(label, symbol(colours.index(label), hollow), label) for label in labels]
    categories.append(QgsRendererCategory("", symbol(len(colours), hollow), tr("other")))
    return QgsCategorizedSymbolRenderer("label", categories)


def renew(layer: QgsVectorLayer, record: Record) -> None:
    """A category for each label that the record has now; those of other labels and the looks that the user gave stay."""
    before = layer.renderer()
    if isinstance(before, QgsCategorizedSymbolRenderer) and before.classAttribute() == "label":
        kept = list(before.categories())
        values = [item.value() for item in kept]  # of categories that were merged, lists
        known = {label for value in values for label in (value if isinstance(value, list) else [value])}
        missing = [item for item in renderer(record).categories() if item.value() not in known]
        last = values.index("") if "" in values else len(kept)
        layer.setRenderer(QgsCategorizedSymbolRenderer("label", kept[:last] + missing + kept[last:]))


def symbol(number: int, hollow: bool) -> QgsFillSymbol:
    """The symbol of the label `number`. hollow: an outline alone, as boxes have."""
    colour = QColor(PALETTE[number % len(PALETTE)])
    inside = QColor(colour)
    inside.setAlpha(0 if hollow else FILL_ALPHA)
    fill = QgsSimpleFillSymbolLayer(inside, Qt.BrushStyle.SolidPattern, inside, Qt.PenStyle.NoPen)
    casing = QgsSimpleLineSymbolLayer(CASING, CASING_MM)
    width = BOX_MM if hollow else LINE_MM
    line = QgsSimpleLineSymbolLayer(colour, width, DASHES[number // len(PALETTE) % len(DASHES)])
    for drawn in (casing, line):
        drawn.setPenJoinStyle(Qt.PenJoinStyle.RoundJoin)
    made = QgsFillSymbol()
    made.changeSymbolLayer(0, fill)
    made.appendSymbolLayer(casing)
    made.appendSymbolLayer(line)
    return made


def _labeling() -> QgsVectorLayerSimpleLabeling:
    """Label and score, where they fit into the feature."""
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.7)
    halo.setColor(QColor(0, 0, 0, 200))
    letters = QgsTextFormat()
    letters.setSize(LETTERS)
    letters.setColor(QColor("white"))
    letters.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.isExpression = True
    settings.fieldName = """concat("label", ' ' || round("score", 2))"""
    settings.fitInPolygonOnly = True
    settings.setFormat(letters)
    return QgsVectorLayerSimpleLabeling(settings)


def _map_tip() -> str:
    area = tr("Area (m²)")
    return (
        """<b>[% "label" %]</b><br>[% round("score", 2) %]<br>"""
        + escape(area)
        + """: [% format_number("area_m2", 1) %]"""
    )


def _facts(record: Record, licence: str) -> List[Tuple[str, str]]:
    provenance = record.answer.provenance
    facts = [
        (tr("Asked"), ", ".join(record.phrases)),
        (tr("Place"), record.name),
        (tr("Answer"), record.answer.text),
        (tr("Partial"), tr("stopped before it was complete") if record.answer.partial else ""),
        (tr("Model"), provenance.get("model")),
        (tr("Revision"), provenance.get("revision")),
        (tr("Licence"), licence),
        (tr("Answered"), provenance.get("created")),
        (tr("Acquired"), provenance.get("acquired")),
        (tr("Warnings"), " ".join(record.answer.warnings)),
    ]
    return [(what, str(value)) for what, value in facts if value]


def _metadata(layer: QgsVectorLayer, record: Record, licence: str) -> QgsLayerMetadata:
    metadata = layer.metadata()
    metadata.setType("dataset")
    metadata.setTitle(record.title)
    metadata.setAbstract("\n".join(f"{what}: {value}" for what, value in _facts(record, licence)))
    metadata.setLicenses([licence] if licence else [])
    provenance = record.answer.provenance
    metadata.setHistory([f"{name}: {provenance[name]}" for name in sorted(provenance)])
    metadata.setCrs(layer.crs())
    return metadata


def _notes(record: Record, licence: str) -> str:
    rows = "".join(f"<p><b>{escape(what)}</b>: {escape(value)}</p>" for what, value in _facts(record, licence))
    advice = tr("Made by a model: look at it before you rely on it.")
    return f"{rows}<p><i>{escape(advice)}</i></p>"
