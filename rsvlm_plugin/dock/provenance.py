"""How an answer came to be, as rows of words for the reader."""

from __future__ import annotations

from typing import Any, List, Tuple

from qgis.PyQt.QtCore import QDate, QLocale

from ..layers.record import Record
from ..translation import tr
from . import figures


def rows(record: Record) -> List[Tuple[str, str]]:
    """(what, value) for everything that is known about the answer, the most asked-for first."""
    answer, provenance = record.answer, record.answer.provenance
    how = tr("drawn from the map") if record.drawn else tr("the layer's own file")
    found: List[Tuple[str, Any]] = [
        (tr("Model"), provenance.get("model")),
        (tr("Revision"), provenance.get("revision")),
        (tr("Server"), provenance.get("server")),
        (tr("Device"), device(provenance.get("device"))),
        (tr("Source"), ", ".join(str(item) for item in provenance.get("sources") or ())),
        (tr("Read from"), how),
        (tr("Extent"), _extent(provenance.get("extent"))),
        (tr("CRS"), _crs(record)),
        (tr("Resolution"), figures.metres(provenance["gsd_m"]) if provenance.get("gsd_m") else None),
        (tr("Bands"), _plain(provenance.get("bands"))),
        (tr("Stretch"), _stretch(provenance.get("stretch"))),
        (tr("Acquired"), provenance.get("acquired")),
        (tr("Confidence"), None if answer.confidence is None else QLocale().toString(answer.confidence, "f", 2)),
        (tr("Style"), style(record.style)),
        (tr("Looked for"), ", ".join(record.phrases)),
        (tr("Prompt"), _plain(provenance.get("prompt"))),
        (tr("File"), record.file),
        (tr("Answered"), when(record)),
        (tr("Time taken"), _timings(record)),
        (tr("Versions"), _plain(provenance.get("versions"))),
    ]
    return [(what, str(value)) for what, value in found if value not in (None, "", [])]


def as_text(record: Record) -> str:
    """The answer and everything about it, to be copied."""
    lines = [record.answer.text, "", *(f"{what}: {value}" for what, value in rows(record))]
    return "\n".join([*lines, *record.answer.warnings])


def when(record: Record) -> str:
    """The date and time of the answer as the user's language writes them; empty where unknown."""
    moment = record.created()
    if not moment.isValid():
        return ""
    if moment.date() == QDate.currentDate():
        return tr("today {time}").format(time=QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat))
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)


def seconds(record: Record) -> str:
    """The total time, empty where unknown."""
    timings = record.answer.timings
    if not timings:
        return ""
    return figures.seconds(timings["total"] if "total" in timings else sum(timings.values()))


def style(name: str) -> str:
    """One of protocol.STYLES or of found.KINDS, as the user says it."""
    words = {
        "brief": tr("Brief"),
        "detailed": tr("Detailed"),
        "structured": tr("Structured"),
        "masks": tr("Masks"),
        "boxes": tr("Boxes"),
    }
    return words.get(name, name)


def device(name: Any) -> str:
    """CPU or GPU, as the user says it."""
    kind = str(name or "").partition(":")[0]  # "cuda:1" is a GPU as well
    return {"cpu": tr("CPU"), "cuda": tr("GPU"), "mps": tr("GPU"), "server": tr("server")}.get(kind, kind)


def _timings(record: Record) -> str:
    stages = {"read": tr("reading"), "model": tr("model"), "total": tr("in all")}
    timings = record.answer.timings.items()
    return ", ".join(f"{stages.get(stage, stage)} {figures.seconds(value)}" for stage, value in timings)


def _stretch(stretch: Any) -> str:
    """Which raw values became black and white, band by band."""
    if not isinstance(stretch, dict):
        return _plain(stretch)
    ranges = zip(stretch.get("bands") or (), stretch.get("lo") or (), stretch.get("hi") or ())
    return ", ".join(
        tr("band {band}: {low} to {high}").format(band=band, low=figures.number(low, 5), high=figures.number(high, 5))
        for band, low, high in ranges
    )


def _extent(extent: Any) -> str:
    return ", ".join(QLocale().toString(float(value), "g", 9) for value in extent or ())


def _crs(record: Record) -> str:
    crs = record.answer_crs
    return (crs.authid() or crs.description()) if crs.isValid() else tr("no CRS")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(_plain(item) for item in value)
    return f"{value:.5g}" if isinstance(value, float) else str(value or "")
