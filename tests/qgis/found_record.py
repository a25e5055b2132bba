"""An answer with masks or boxes, as several tests of layers want it."""

from __future__ import annotations

from osgeo import ogr

LEFT, BOTTOM = 500_000.0, 4_999_000.0
CREATED = "2026-11-20T14:02:03+01:00"


def square(x: float, y: float, side: float) -> dict:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def count_in(file: str) -> int:
    """How many masks are saved."""
    source = ogr.Open(file)
    return source.GetLayerByName("masks").GetFeatureCount()


def record(count: int = 3, kind: str = "masks", crs="EPSG:32632"):
    """`count` buildings of 15 m in a row, and one lake of 60 m above them."""
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.record import Record

    drawn = {"masks": "mask", "boxes": "box"}[kind]
    evidence = [
        Evidence(drawn, square(LEFT + 20 * n, BOTTOM, 15), "buildings", 0.5 + 0.1 * (n % 3), 225.0, source="ortho",
                 phrase="buildings", perimeter_m=60.0)
        for n in range(count)
    ]  # fmt: skip
    lake = square(LEFT, BOTTOM + 100, 60)
    evidence.append(Evidence(drawn, lake, "lake", 0.9, 3600.0, source="ortho", phrase="the lake", perimeter_m=240.0))
    provenance = {
        "model": "geopix", "revision": "r1", "sources": ["ortho"], "crs": crs, "created": CREATED,
        "extent": [LEFT, BOTTOM, LEFT + 600, BOTTOM + 600], "acquired": "2024-05-31",
    }  # fmt: skip
    answer = Answer(f"buildings: {count} found. the lake: 1 found.", evidence, provenance, target_absent=["ships"])
    outline = square(LEFT, BOTTOM, 600)
    return Record("ortho", kind, outline, crs, False, answer, phrases=["buildings", "the lake", "ships"])
