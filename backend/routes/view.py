"""POST /v1/view: what the model is going to see of a place, and what it will cost."""

from __future__ import annotations

from typing import Any, Union

from fastapi import APIRouter, Request
from starlette.responses import Response
from typing_extensions import TypedDict

from rsvlm.backend.bodies import DEFAULT_MODEL, Strict, model_id, read
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openapi import OF_THE_WORKER, replies, takes
from rsvlm.backend.replies import Document
from rsvlm.backend.routes.waiting import result
from rsvlm.protocol import Raster


class ViewBody(Strict):
    raster: Raster
    model: str = DEFAULT_MODEL


class Preview(TypedDict):
    """thumbnail: base64 PNG of width x height pixels. gsd_m: metres per pixel as the model sees it; native_gsd_m: as it
    lies in the file. ground_m: width and height in metres. tiles: looks that the model takes; seconds: estimate for a
    brief description. valid_share: 0 to 1, of the pixels. extent: x0, y0, x1, y1; footprint: GeoJSON; both in crs.
    """

    thumbnail: str
    width: int
    height: int
    gsd_m: Union[float, None]
    native_gsd_m: Union[float, None]
    ground_m: Union[list[float], None]
    crs: Union[str, None]
    bands: list[int]
    sensor: str
    acquired: Union[str, None]
    tiles: int
    seconds: float
    valid_share: float
    extent: list[float]
    footprint: dict[str, Any]
    warnings: list[str]


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/view", openapi_extra=takes(ViewBody), responses=replies(Preview, *OF_THE_WORKER))
    async def view(request: Request) -> Response:
        """What the model is going to see of a place, and what that will cost."""
        body = await read(request, ViewBody)
        message = {"op": "view", "raster": body.raster.to_json(), "model": model_id(body.model)}
        job = dispatcher.submit("view", request.state.request_id, message)
        return Document(await result(dispatcher, job, request))

    return router
