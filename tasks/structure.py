"""The structured style: a description as data, by a strict schema."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

Bounds = tuple[float, float, float, float]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(Strict):
    """bounds: x0, y0, x1, y1 in `crs` (pixels, y down, where it is null). gsd_m: of what the model saw."""

    bounds: Bounds
    crs: str | None
    width_m: float | None
    height_m: float | None
    area_m2: float | None
    gsd_m: float | None
    acquired: str | None


class Share(Strict):
    """label "unsure": where the model does not know."""

    label: str
    share: float = Field(ge=0, le=1)
    area_m2: float | None


class Part(Strict):
    """One tile. score: probability of the label; confidence: of the caption's words; sure: good enough to rely on."""

    bounds: Bounds
    label: str
    score: float = Field(ge=0, le=1)
    sure: bool
    caption: str
    confidence: float = Field(ge=0, le=1)
    area_m2: float | None


class Description(Strict):
    """What `rsvlm describe --style structured` prints and Answer.structured holds.

    measured: shares of land cover by the raster's own bands, empty where they do not allow it.
    """

    summary: str
    place: Place
    shares: list[Share]
    parts: list[Part]
    measured: dict[str, float]
    warnings: list[str]
