"""An answer that the user put right becomes a training record: which folder, which image, and where on the map it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Tuple

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject

from ...protocol import STYLES, Raster, RsvlmError
from ..environment.locate import home
from ..settings.store import Settings
from ..translation import tr
from .corrections import Corrections, correction, image_of, now
from .geometry import reprojected
from .project_folder import project_folder
from .record import Record

BESIDE = "rsvlm_corrections"  # a folder beside the project's file
WGS84 = "EPSG:4326"


def can_be_corrected(record: Record) -> bool:
    """Whether an answer is words about a place, and not measured outlines."""
    return record.style in STYLES and bool(record.answer.text.strip())


def corrections_folder() -> Path:
    """What the user chose, else `usual_folder`."""
    chosen = Settings().corrections
    return Path(chosen).expanduser() if chosen else usual_folder()


def usual_folder() -> Path:
    """Beside the project; rsvlm's own folder where the project is not saved, or is only the demo."""
    folder = project_folder(QgsProject.instance())
    return home() / "corrections" if folder is None else folder / BESIDE


def keep(record: Record, words: str) -> Tuple[Path, int]:
    """Write the record of a correction and put the words into the answer. The file, and how many there are in it.

    Raises RsvlmError: not_found where nobody knows any more what the model saw, bad_request where it cannot be written.
    """
    corrections = Corrections(corrections_folder())
    provenance = record.answer.provenance
    said = provenance.get("said", record.answer.text)
    try:
        image = _image(record, corrections)
        count = corrections.keep(correction(record.key, image, words, said, provenance, _place(record)))
    except OSError as error:
        raise not_kept(corrections.path, error) from error
    provenance.update({"said": said, "corrected": now()})
    record.answer.text = words
    return corrections.path, count


def not_kept(path: Path, error: OSError) -> RsvlmError:
    """Corrections cannot be written."""
    return RsvlmError(
        "bad_request",
        tr("The correction could not be written to {path}: {why}.").format(path=path, why=error.strerror or error),
        tr("Choose another folder for corrections in Settings ▸ Options ▸ rsvlm ▸ Training."),
    )


def _image(record: Record, corrections: Corrections) -> Dict[str, Any]:
    raster = Raster(**{**record.source, "data": record.picture or None})
    if raster.href:
        return image_of(raster)
    if not raster.data:
        raise RsvlmError(
            "not_found",
            tr("The picture that this answer is about was drawn, and is not kept in the project."),
            tr("Describe the place again, and correct that answer."),
        )
    return corrections.picture(record.key, raster)


def _place(record: Record) -> Dict[str, Any]:
    """lat and lon of the middle, where there is a CRS; the name; the area within the image that was looked at."""
    found: Dict[str, Any] = {"source": record.name}
    if record.source.get("area"):
        found["area"] = record.source["area"]
    if record.answer_crs.isValid():
        middle = QgsGeometry.fromPointXY(record.footprint().boundingBox().center())
        point = reprojected(middle, record.answer_crs, QgsCoordinateReferenceSystem(WGS84)).asPoint()
        found.update({"lat": round(point.y(), 6), "lon": round(point.x(), 6)})
    return found
