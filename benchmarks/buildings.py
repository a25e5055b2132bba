"""How well a model outlines real buildings: the area of its outlines against that of polygons that people drew.

python benchmarks/buildings.py [--model ID] [--json] [--draw FOLDER]      rasters of $RSVLM_DATA, else ../shared/data

Asked is “buildings”, with nothing set, as in the dock. Of a raster that was mapped in part only, what lies around the drawn
polygons counts. --draw leaves a picture of each place, with the model's outlines in orange and people's in light blue.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import shapely
from measuring.data_sets import data_with
from measuring.places import drawn
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.moving import moved
from rsvlm.geo.scene import Scene
from rsvlm.geo.vector_reading import read_features
from rsvlm.models.pool import Models
from rsvlm.protocol import Raster, SegmentRequest, Watch
from rsvlm.tasks import segment

MAPPED = (  # raster, polygons, and how far around these everything was mapped, in units of the raster's CRS
    ("swellendam_osm/ortho_2p5m_rgba.tif", "swellendam_osm/osm_buildings.geojson", 0.001),
    ("spacenet4_atlanta/pan_0p5m.tif", "spacenet4_atlanta/buildings.geojson", 0.0),
)
MET = 0.5  # share of a building that has to be outlined, for it to be found
OURS, THEIRS, SIDE = "#ff8800", "#00ffff", 1000


def mapped(raster: Path, polygons: Path, beyond: float) -> tuple[Raster, list[BaseGeometry]]:
    """The place where everything was mapped, and what was."""
    given = read_features(polygons)
    with Scene.open(Raster(href=str(raster))) as scene:
        there = [shape for shape in moved(given.shapes, given.crs, scene.crs.to_wkt()) if shape]
        around = shapely.box(*shapely.total_bounds(there)).buffer(beyond, join_style="mitre")
        place = shapely.box(*scene.extent) & around
    return Raster(href=str(raster), extent=place.bounds), [shape & place for shape in there]


def compared(told: Sequence[BaseGeometry], true: Sequence[BaseGeometry]) -> dict[str, float]:
    """Shares of areas, in units of one CRS."""
    ours, theirs = shapely.union_all(told), shapely.union_all(true)
    both = (ours & theirs).area
    found = [(shape & ours).area >= MET * shape.area for shape in true]
    return {
        "true": len(true), "outlined": len(told), "IoU": both / (ours | theirs).area,
        "precision": both / ours.area if told else 0.0, "recall": both / theirs.area, "found": sum(found) / len(found),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--draw", type=Path)
    given = parser.parse_args()
    rasters = data_with(*(f"rasters/{file}" for *files, _ in MAPPED for file in files)) / "rasters"
    models = Models("cpu")
    for raster, polygons, beyond in MAPPED:
        place, true = mapped(rasters / raster, rasters / polygons, beyond)
        answer = segment.segment(SegmentRequest(place, ["buildings"], given.model), models, Watch())
        told = [shapely.geometry.shape(item.geometry) for item in answer.evidence]
        figures = compared(told, true)
        name = Path(raster).parent.name
        print(json.dumps({"place": name, **figures}) if given.json else f"{name}: {_line(figures)}")
        if given.draw:
            given.draw.mkdir(parents=True, exist_ok=True)
            outlines = [*((shape, OURS) for shape in told), *((shape, THEIRS) for shape in true)]
            drawn(place, outlines, SIDE).save(given.draw / f"{name}.png")


def _line(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in figures.items())


if __name__ == "__main__":
    main()
