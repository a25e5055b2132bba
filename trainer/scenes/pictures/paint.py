"""Colour of everything in plain light: what it is made of, how it varies, in which season; then its pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.scenes.noise import Grid, box_blur
from rsvlm.trainer.scenes.pictures.canvas import Canvas
from rsvlm.trainer.scenes.pictures.patterns import PATTERNS
from rsvlm.trainer.scenes.sites.kinds import KINDS, NAMES, NUMBERS

SNOWY = ("grass", "lawn", "field", "bare", "sand", "wood", "building", "paved", "pitch", "tree")


@dataclass(frozen=True)
class Season:
    """What plants look like: name: summer, dry, autumn, winter or snow; strength in [0, 1]."""

    name: str = "summer"
    strength: float = 0.0


# season: colour that plants turn to, and how far grass, fields and trees go
_TURNS: dict[str, tuple[tuple[float, float, float], float, float, float]] = {
    "dry": ((178, 164, 116), 0.75, 0.5, 0.12),
    "autumn": ((150, 104, 50), 0.2, 0.3, 0.75),
    "winter": ((126, 112, 92), 0.45, 0.45, 0.75),
    "snow": ((120, 108, 94), 0.4, 0.4, 0.7),
    "spring": ((126, 150, 66), 0.4, 0.4, 0.4),
}


def paint(canvas: Canvas, season: Season) -> Grid:
    """(side, side, 3) display values in full sun."""
    texture = np.array([KINDS[name].texture for name in NAMES], np.float32).T.copy()
    dry = np.array([KINDS[name].dry for name in NAMES], np.float32)
    kind = canvas.kind
    light = np.float32(0.06) * np.take(canvas.tones, canvas.ids)
    for much, field in zip(texture, (canvas.broad, canvas.patch, canvas.tuft, canvas.grain), strict=True):
        light += np.take(much, kind) * field
    light += 1
    rgb = np.take(canvas.colours, canvas.ids, axis=0)
    rgb *= light[..., None]
    warm = np.take(dry, kind) * (0.7 * canvas.broad + 0.8 * canvas.patch)
    rgb[..., 0] += warm
    rgb[..., 1] += 0.3 * warm
    if (kind == NUMBERS["water"]).any():
        _water(canvas, rgb)
    _turn(canvas, rgb, season)
    flat = rgb.reshape(-1, 3)
    for name, at in canvas.patterns.items():
        PATTERNS[name](canvas, flat, canvas.spots(at))
    if season.name == "snow":
        _snow(canvas, rgb, season.strength)
    return rgb


def _water(canvas: Canvas, rgb: Grid) -> None:
    """Deep far out, pale in the shallows; each body has its own colour, that of its items, for the deep."""
    wet = canvas.kind == NUMBERS["water"]
    step = 8
    near = wet[::step, ::step].astype(np.float32)
    reach = float(np.clip(18 / canvas.metres, 8, len(wet) / 10))
    for part in (0.5, 0.8, 1.0):
        near = box_blur(near, max(int(part * reach / step), 1))
    near = np.repeat(np.repeat(near, step, axis=0), step, axis=1)[: len(wet), : len(wet)]
    near = box_blur(near, step // 2)
    depth = np.clip((near - 0.5) / 0.48 + 0.1 * canvas.patch * (1 - near), 0, 1)[wet] ** 0.6
    pale = np.asarray(canvas.look.shallow, np.float32)
    deep = rgb[wet]
    rgb[wet] = pale + (deep - pale) * depth[:, None]


def _turn(canvas: Canvas, rgb: Grid, season: Season) -> None:
    """Plants take the colours of the season, unevenly; no two trees alike."""
    if season.name not in _TURNS or season.strength <= 0:
        return
    colour, grass, field, tree = _TURNS[season.name]
    share = dict.fromkeys(("grass", "lawn"), grass) | {"field": field} | dict.fromkeys(("wood", "tree"), tree)
    table = np.array([share.get(name, 0.0) * season.strength for name in NAMES], np.float32)
    far = table[canvas.kind]
    where = np.flatnonzero(far > 0)
    ids, flat = canvas.ids.ravel()[where], rgb.reshape(-1, 3)
    uneven = 1 + 0.45 * canvas.tones[ids] + 0.2 * canvas.patch.ravel()[where]
    amount = np.clip(far.ravel()[where] * uneven, 0, 0.92)[:, None]
    old = flat[where]
    bright = old.mean(axis=1, keepdims=True) / 105.0
    flat[where] = old + (np.asarray(colour, np.float32) * np.clip(bright, 0.55, 1.35) - old) * amount


def _snow(canvas: Canvas, rgb: Grid, strength: float) -> None:
    """Lies on open ground, thinner on roofs and crowns, in drifts."""
    thin = {"building": 0.7, "paved": 0.5, "tree": 0.25, "wood": 0.35}
    table = np.array([thin.get(name, 1.0) if name in SNOWY else 0.0 for name in NAMES], np.float32)
    cover = table[canvas.kind] * np.clip(strength + 0.22 * canvas.broad + 0.15 * canvas.patch + 0.1, 0, 0.95)
    rgb += (np.array([226, 230, 236], np.float32) - rgb) * cover[..., None]
