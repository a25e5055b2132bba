"""How an answer came to be: which model looked at which pixels of which raster, on what, and when."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from rsvlm.geo.scene import Scene
from rsvlm.models.predictors.abilities import Predictor
from rsvlm.protocol import VERSION, Raster


def provenance(task: str, predictor: Predictor, raster: Raster, scene: Scene, gsd_m: float | None) -> dict[str, Any]:
    """What is true of every task; gsd_m: of what the model saw. Tasks add what they alone know."""
    return {
        "model": predictor.card.id,
        "revision": predictor.card.revision,
        "task": task,
        "prompt": predictor.card.prompt_template,
        "sources": [raster.name or scene.source],
        "extent": list(scene.extent),
        "crs": scene.crs.to_wkt() if scene.crs else None,
        "gsd_m": gsd_m,
        "acquired": scene.acquired,
        "bands": list(scene.rgb_bands),
        "sensor": scene.sensor,
        "stretch": scene.stretch.to_json(),
        "device": predictor.device,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"rsvlm": VERSION, "torch": version("torch"), "transformers": version("transformers")},
    }
