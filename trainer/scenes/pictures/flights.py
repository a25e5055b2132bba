"""In what light, season and with which camera a date is seen; and how a second date differs from it though nothing changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rsvlm.trainer.scenes.pictures.camera import Camera, make_camera
from rsvlm.trainer.scenes.pictures.drawing import Flight
from rsvlm.trainer.scenes.pictures.light import Day
from rsvlm.trainer.scenes.pictures.paint import Season

SEASONS = ("summer", "summer", "summer", "dry", "autumn", "winter", "spring")
SNOW = 0.03  # share of dates with snow
CLOUDY = 0.1  # share of dates on which single clouds cast shadows
SHIFT = 2.0  # pixels by which two dates may lie off each other


def make_flight(rng: np.random.Generator, gsd: float) -> Flight:
    return Flight(_season(rng), _day(rng), make_camera(rng, gsd))


def make_flights(rng: np.random.Generator, gsd: float) -> tuple[Flight, Flight]:
    """Before and after: each of season, light and sensor is another one or nearly the same; half of them lie off a little."""
    after = make_flight(rng, gsd)
    season = _season(rng) if rng.random() < 0.5 else after.season
    day = _day(rng) if rng.random() < 0.6 else _near(rng, after.day)
    camera = make_camera(rng, gsd) if rng.random() < 0.6 else _alike(rng, after.camera)
    shift = (0.0, 0.0)
    if rng.random() < 0.5:
        across, down = np.round(rng.uniform(-SHIFT, SHIFT, 2) * 2) / 2
        shift = (float(across), float(down))
    return Flight(season, day, camera, shift), after


def _season(rng: np.random.Generator) -> Season:
    if rng.random() < SNOW:
        return Season("snow", float(rng.uniform(0.3, 0.9)))
    return Season(SEASONS[int(rng.integers(len(SEASONS)))], float(rng.beta(1.6, 1.6)))


def _day(rng: np.random.Generator) -> Day:
    soft = float(rng.uniform(0.4, 0.9)) if rng.random() < 0.15 else float(rng.uniform(0, 0.3))
    clouds = float(rng.uniform(0.1, 0.5)) if rng.random() < CLOUDY else 0.0
    return Day(float(rng.uniform(90, 270)), float(rng.uniform(28, 68)), soft, clouds)


def _near(rng: np.random.Generator, day: Day) -> Day:
    turn, rise = rng.normal(0, 8), rng.normal(0, 4)
    return replace(day, azimuth=day.azimuth + float(turn), elevation=float(np.clip(day.elevation + rise, 26, 70)))


def _alike(rng: np.random.Generator, camera: Camera) -> Camera:
    """The same sensor, exposed a little differently."""
    return replace(
        camera, gain=camera.gain * float(rng.uniform(0.95, 1.05)), grain=camera.grain * float(rng.uniform(0.9, 1.1))
    )
