"""Boxes around what phrases name, as polygons on the map."""

from __future__ import annotations

from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import Answer, Evidence, GroundRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.ask import read_boxes
from rsvlm.tasks.looking import Tile
from rsvlm.tasks.outlines import boxed
from rsvlm.tasks.phrases import Way, look_for


def ground(request: GroundRequest, models: Models, watch: Watch) -> Answer:
    """Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request."""
    card = checks.ground(request)

    def find(reply: Reply, tile: Tile, phrase: str) -> tuple[list[Evidence], list[str]]:
        height, width, _ = tile.picture.shape
        reading = read_boxes(reply, card, width, height)
        return boxed(reading.boxes, tile.view, reply.confidence, phrase), list(reading.warnings)

    return look_for(Way("ground", "refer", "boxes", find), request.phrases, card, request.raster, models, watch)
