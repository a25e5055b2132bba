"""Outlines of what phrases name, as polygons with their areas."""

from __future__ import annotations

from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import Answer, Evidence, SegmentRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.looking import Tile
from rsvlm.tasks.outlines import LIKELY, SPECK, outlined
from rsvlm.tasks.phrases import Way, look_for


def segment(request: SegmentRequest, models: Models, watch: Watch) -> Answer:
    """Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request."""
    card = checks.segment(request)
    answer = look_for(Way("segment", "segment", "mask", _find), request.phrases, card, request.raster, models, watch)
    answer.provenance["mask"] = {"probability": LIKELY, "smallest_pixels": SPECK}
    return answer


def _find(reply: Reply, tile: Tile, phrase: str) -> tuple[list[Evidence], list[str]]:
    evidence: list[Evidence] = []
    for number, mask in enumerate([] if reply.masks is None else reply.masks):
        quality = None if reply.quality is None else float(reply.quality[number])
        evidence += outlined(mask, tile.view, phrase, quality)
    return evidence, []
