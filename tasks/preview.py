"""What the model is going to see of a place, and what it will cost, before anything is asked. Imports no torch."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import get_card
from rsvlm.protocol import Raster
from rsvlm.tasks.looking import picture
from rsvlm.tasks.plan import make_plan

LARGEST = 384  # pixels along the longer side of a thumbnail
SECONDS_PER_TILE, SECONDS_AT_LEAST = 0.08, 0.2  # of a description on two CPU cores, from benchmarks/describe.py


def preview(raster: Raster, model_id: str | None) -> dict[str, Any]:
    """Thumbnail (base64 PNG, at the pixels the model sees while they are at most LARGEST) and facts of the place.

    ground_m: width and height in metres, None without a CRS; seconds: estimate for a brief description.
    Raises RsvlmError as Scene.open does.
    """
    card = get_card(model_id)
    with Scene.open(raster) as scene:
        plan = make_plan(scene, card, "brief")
        full = plan.size[0] * plan.columns, plan.size[1] * plan.rows
        shrink = min(1.0, LARGEST / max(full))
        size = max(1, round(full[0] * shrink)), max(1, round(full[1] * shrink))
        view = scene.view(scene.extent, size)
        ground = scene.ground_size_m(scene.extent)
        file = io.BytesIO()
        Image.fromarray(picture(view)).save(file, "PNG")
        return {
            "thumbnail": base64.b64encode(file.getvalue()).decode(),
            "width": size[0],
            "height": size[1],
            "gsd_m": plan.gsd_m,
            "native_gsd_m": scene.gsd_m,
            "ground_m": list(ground) if ground else None,
            "crs": crs_name(scene),
            "bands": list(scene.rgb_bands),
            "sensor": scene.sensor,
            "acquired": scene.acquired,
            "tiles": len(plan.tiles),
            "seconds": SECONDS_AT_LEAST + SECONDS_PER_TILE * len(plan.tiles),
            "valid_share": view.valid_share,
            "extent": list(scene.extent),
            "footprint": view.footprint(),
            "warnings": plan.warnings,
        }


def crs_name(scene: Scene) -> str | None:
    """EPSG:N where the CRS has such a number, else WKT; None without a CRS."""
    if scene.crs is None:
        return None
    authority = scene.crs.to_authority()
    return ":".join(authority) if authority else scene.crs.to_wkt()
