"""The words both processes speak: requests, answers, evidence, progress, training records and errors.

Standard library only and Python 3.9, because QGIS imports this package as well as the backend does.
It knows nothing of images, models, Qt or HTTP: only what is said about them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .errors import ERROR_CODES as ERROR_CODES
from .errors import Cancelled as Cancelled
from .errors import RsvlmError as RsvlmError
from .folders import can_write as can_write
from .folders import new_folder as new_folder
from .folders import passing_folder as passing_folder
from .moving import is_open as is_open
from .moving import moved as moved
from .questions import asks_for_all as asks_for_all
from .record import TASKS as TASKS
from .record import Record as Record
from .shapefiles import replace_shapefile as replace_shapefile
from .shapefiles import restore_shapefiles as restore_shapefiles
from .shapefiles import shapefile_parts as shapefile_parts

VERSION = "0.1.0"
PROTOCOL = 1  # raised whenever an older plugin could misread a newer backend, or the reverse

STYLES = ("brief", "detailed", "structured")
EVIDENCE_KINDS = ("mask", "box", "tile", "document")


@dataclass(frozen=True)
class Raster:
    """One place on one date: a file (or COG url) by `href`, or a rendered picture by `data`.

    data: base64 of a PNG or TIFF, placed by `transform` (a, b, c, d, e, f: x = a*col + b*row + c) and `crs`. A file is
    placed by its own georeference; `transform` counts only where it has none.
    crs: WKT or "EPSG:N" of `extent`, `area` and `transform`; a file without a CRS is read as being in it; None = the
    raster's own.
    extent: x0, y0, x1, y1 in `crs`; None = all of it.
    area: GeoJSON polygon in `crs`; what lies outside is not looked at.
    bands: 1-based band numbers to see as red, green, blue (or one as grey); None = chosen from the file's metadata.
    nodata: for each band of the file the value that means no data, or None where every value is one; None = as the file says.
    acquired: ISO 8601 date.   role: "before" | "after" for two dates.   name: what the user calls it.
    """

    href: Optional[str] = None
    data: Optional[str] = None
    transform: Optional[Sequence[float]] = None
    crs: Optional[str] = None
    extent: Optional[Sequence[float]] = None
    area: Optional[Dict[str, Any]] = None
    bands: Optional[Sequence[int]] = None
    nodata: Optional[Sequence[Optional[float]]] = None
    acquired: Optional[str] = None
    role: Optional[str] = None
    name: Optional[str] = None

    def to_json(self) -> Dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class DescribeRequest:
    """Describe one place. style: one of STYLES. model: a card's id, None = the bundled model."""

    raster: Raster
    style: str = "brief"
    model: Optional[str] = None


@dataclass(frozen=True)
class AskRequest:
    """A question about one place. history: earlier questions and answers about it, the first one first.

    knowledge: path of a library whose passages the answer may rest on and cites.
    """

    raster: Raster
    question: str
    history: Sequence[Tuple[str, str]] = ()
    model: Optional[str] = None
    knowledge: Optional[str] = None


@dataclass(frozen=True)
class SegmentRequest:
    """Outlines of what phrases name, such as "storage tanks" or "the lake in the north".

    likely: probability from which on a pixel belongs to a phrase. smallest_m2: what covers less ground is left out; None =
    four pixels of what the model sees, or of the raster where these are larger. tolerance_m: how much outlines are simplified;
    None = 1.25 pixels of what the model sees. Both are in pixels of the raster where it has no CRS. right_angles: as buildings
    have, where that fits. keep: have the probabilities kept, so that the same request with another cut needs no second run of
    the model. again: it is one with another cut; what was kept of a run that the user stopped will do.
    """

    raster: Raster
    phrases: Sequence[str]
    model: Optional[str] = None
    likely: float = 0.5
    smallest_m2: Optional[float] = None
    tolerance_m: Optional[float] = None
    right_angles: bool = False
    keep: bool = False
    again: bool = False


@dataclass(frozen=True)
class RefineRequest:
    """A click that says that a place belongs to a phrase: what is there becomes an outline.

    model: one with the task refine, which looks at the raster around the click; of any other, probabilities that were kept are
    cut, and it is not run. raster: what is to be looked at, or a file of "probabilities" in the answer of segment. phrase: what
    the outline is called, or one of that file's bands. at: x, y in the raster's own CRS. likely: the probability from which on a
    pixel belongs to it; in a file, a place that is less likely has one of its own. tolerance_m, right_angles: as of
    SegmentRequest, None = 1.25 pixels of the raster.
    """

    raster: Raster
    phrase: str
    at: Tuple[float, float]
    model: Optional[str] = None
    likely: float = 0.5
    tolerance_m: Optional[float] = None
    right_angles: bool = False


@dataclass(frozen=True)
class GroundRequest:
    """Boxes around what phrases name. oriented: turned with the things, where the model draws outlines of them."""

    raster: Raster
    phrases: Sequence[str]
    model: Optional[str] = None
    oriented: bool = False


@dataclass(frozen=True)
class ChangeRequest:
    """What changed in one place between two dates, or a question about that."""

    before: Raster
    after: Raster
    question: Optional[str] = None
    model: Optional[str] = None


@dataclass(frozen=True)
class ClassifyRequest:
    """Which of these classes a place shows. labels: two or more names. top: how many of them are told, the likeliest first."""

    raster: Raster
    labels: Sequence[str]
    top: int = 5
    model: Optional[str] = None


@dataclass(frozen=True)
class LocalizeRequest:
    """Where in a raster it looks most like what a phrase names."""

    raster: Raster
    phrase: str
    model: Optional[str] = None


@dataclass
class Evidence:
    """Something on the ground that an answer rests on.

    kind: one of EVIDENCE_KINDS. geometry: GeoJSON in the source CRS (pixels, x right and y down, where there is no CRS).
    score: 0 to 1. area_m2, perimeter_m: geodesic, None without a CRS. count: how many features it stands for.
    phrase: that it was found by, if it was. source: the raster, or where a document comes from.
    text: of a document, whose geometry is an empty GeometryCollection where it has no place on the map.
    """

    kind: str
    geometry: Dict[str, Any]
    label: str
    score: Optional[float] = None
    area_m2: Optional[float] = None
    count: int = 1
    text: str = ""
    source: str = ""
    phrase: str = ""
    perimeter_m: Optional[float] = None


@dataclass
class Answer:
    """What a task says, what it rests on, and how it came to be.

    text: for the reader. evidence: see Evidence. structured: for programs, where the style or the task has such: "classes" of
    classify, each with its probability; "heat" of localize, a GeoTIFF as base64, with "points" and "similarity"; "phrases" of
    segment, refine and ground, and "probabilities", the files of those that were kept: see docs/masks.md.
    provenance: model, revision, prompt, sources, extent (x0, y0, x1, y1), crs (WKT or None), gsd_m, stretch, device,
    created (ISO 8601), versions.
    timings: seconds by stage. warnings: sentences for the user. confidence: 0 to 1, from the model's probabilities.
    usage: tokens that the model read and wrote for it, prompt_tokens and completion_tokens; empty if it has none.
    partial: the user stopped it before it was complete.
    target_absent: phrases of which nothing was found.
    """

    text: str
    evidence: List[Evidence] = field(default_factory=list)
    provenance: Dict[str, Any] = field(default_factory=dict)
    timings: Dict[str, float] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)
    confidence: Optional[float] = None
    structured: Optional[Dict[str, Any]] = None
    partial: bool = False
    usage: Dict[str, int] = field(default_factory=dict)
    target_absent: List[str] = field(default_factory=list)

    def to_json(self) -> Dict[str, Any]:
        data = asdict(self)
        if self.structured is None:
            del data["structured"]
        if not self.target_absent:
            del data["target_absent"]
        return data

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> "Answer":
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["evidence"] = [
            Evidence(**{name: item[name] for name in Evidence.__dataclass_fields__ if name in item})
            for item in data.get("evidence", [])
        ]
        return cls(**known)


class Watch:
    """What a running task tells its caller, and how the caller stops it. This one listens to nothing and never stops."""

    def progress(self, done: int, total: int, note: str) -> None:
        """`done` of `total` steps are finished; `note` says what is being done."""

    def text(self, delta: str) -> None:
        """More words of the answer."""

    def sketch(self, geometry: Dict[str, Any]) -> None:
        """Rough outlines of more that was found, for drawing only: a GeoJSON MultiPolygon in the CRS of the source."""

    def evidence(self, item: Evidence) -> None:
        """A finished piece of evidence, ahead of the complete answer."""

    def cancelled(self) -> bool:
        return False

    def check(self) -> None:
        """Raise Cancelled if the caller wants no more."""
        if self.cancelled():
            raise Cancelled()
