"""From light to a file's bytes: optics, haze, exposure, colour cast, noise, compression; what differs between two sensors."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import FINER


@dataclass(frozen=True)
class Camera:
    """blur: deviation of the optics' spread, pixels. haze: share of white veil. gain, contrast: of all bands; cast: of each band.

    gamma: of the display; colour: 1 as it is, 0 grey; grain: deviation of noise, display values; quality: of JPEG, 0 = none.
    """

    blur: float = 0.5
    haze: float = 0.05
    gain: float = 1.0
    contrast: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    colour: float = 1.0
    grain: float = 2.0
    quality: int = 0


def photograph(light: Grid, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(side, side, 3) light, FINER times as fine as the picture -> (H, W, 3) uint8."""
    side = len(light) // FINER
    image: np.ndarray = light.reshape(side, FINER, side, FINER, 3).mean(axis=(1, 3))
    for _ in range(2):
        image = _blurred(image, min(0.3, camera.blur**2 / 4))
    image = image * np.asarray(camera.cast, np.float32) * np.float32(camera.gain)
    middle = image.mean()
    image = middle + (image - middle) * np.float32(camera.contrast)
    grey = image.mean(axis=-1, keepdims=True)
    image = grey + (image - grey) * np.float32(camera.colour)
    image = image + (np.array([196, 204, 216], np.float32) - image) * np.float32(camera.haze)
    if camera.gamma != 1.0:
        image = 255 * np.clip(image / 255, 0, 1) ** np.float32(camera.gamma)
    noise = rng.standard_normal((side, side, 4), dtype=np.float32) * np.float32(camera.grain)
    image = image + noise[..., :1] + 0.4 * noise[..., 1:]
    pixels = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    return _compressed(pixels, camera.quality) if camera.quality else pixels


def _blurred(image: np.ndarray, share: float) -> np.ndarray:
    """Each pixel with this share of each of its four neighbours, first across and then down; (H, W, 3)."""
    for axis in (0, 1):
        pad = [(0, 0), (0, 0), (0, 0)]
        pad[axis] = (1, 1)
        wide = np.pad(image, pad, mode="edge")
        low, high = (wide[:-2], wide[2:]) if axis == 0 else (wide[:, :-2], wide[:, 2:])
        image = image * np.float32(1 - 2 * share) + (low + high) * np.float32(share)
    return image


def _compressed(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """As JPEG gives it back: much imagery has been compressed once."""
    kept = io.BytesIO()
    Image.fromarray(pixels).save(kept, "JPEG", quality=quality)
    return np.asarray(Image.open(kept))


def make_camera(rng: np.random.Generator, gsd: float) -> Camera:
    """Of a drone, an aeroplane or a satellite; pictures of larger pixels are softer and hazier."""
    far = float(np.clip(np.log10(gsd / 0.3) / 1.5, 0, 1))
    cast = rng.normal(1, 0.02 + 0.02 * far, 3)
    return Camera(
        blur=float(rng.uniform(0.2, 0.8 + 0.3 * far)),
        haze=float(rng.beta(1.2, 8) * (0.6 + far)),
        gain=float(rng.uniform(0.84, 1.18)),
        contrast=float(rng.uniform(0.82, 1.2)),
        cast=(float(cast[0]), float(cast[1]), float(cast[2])),
        gamma=float(rng.uniform(0.82, 1.2)),
        colour=float(rng.uniform(0.65, 1.15)),
        grain=float(rng.uniform(0.6, 4.0)),
        quality=int(rng.integers(60, 96)) if rng.random() < 0.5 else 0,
    )
