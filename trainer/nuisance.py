"""What differs between two pictures of a place where nothing has changed: season, shadows, air, optics, sensor, light, storage.

Knows pixels only. Numpy and Pillow, a few milliseconds for a picture, so that every picture of an epoch can be seen anew.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection

import numpy as np
from PIL import Image, ImageFilter
from PIL.Image import Resampling

SEASONS = (
    (1.3, 1.08, 0.8),
    (1.3, 0.95, 0.65),
    (0.72, 1.05, 0.7),
    (1.15, 0.98, 0.92),
    (0.8, 0.85, 0.9),
)  # factors of plants
AIR = (205.0, 213.0, 222.0)  # colour of thick haze
SHADE = (0.45, 0.5, 0.6)  # of the light that a shadow leaves: the sky's is blue
MARGIN = 1.0  # pixels of the edge that a shift may cut off; nothing moves by more than twice as much
_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)[:, None]


def disturbed(
    picture: np.ndarray, generator: np.random.Generator, strength: float = 1.0, kinds: Collection[str] | None = None
) -> np.ndarray:
    """(H, W, 3) uint8 -> the same place on another day, by another sensor, in another file; the same shape.

    strength: 0 changes nothing, 1 as much as archives do. kinds: of KINDS; None = all. Each happens to some pictures only.
    What is seen moves by 2 * MARGIN * strength pixels at most, and with STILL not at all. The generator alone decides.
    """
    for name, (share, change) in _ALL.items():
        happens = generator.random() < share
        if happens and strength > 0 and (kinds is None or name in kinds):
            picture = change(picture, generator, strength)
    return picture


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return (pixels.clip(0, 255) + 0.5).astype(np.uint8)


def _field(shape: tuple[int, ...], generator: np.random.Generator, cells: int) -> np.ndarray:
    """(H, W, 1) float32, about 0 to 1: smooth, with `cells` hills and valleys along a side."""
    coarse = Image.fromarray(generator.random((cells + 1, cells + 1), np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Resampling.BICUBIC))[..., None]


def _season(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Plants ripen, wither or grow; all else stays nearly as it is."""
    pixels = picture.astype(np.float32)
    green = pixels[..., 1]
    whole = pixels @ np.ones(3, np.float32)
    plants = ((3 * green - whole) / (whole + 1) * 8 - 0.25).clip(0.1, 1)[..., None]  # excess green, as a share
    factors = np.array(SEASONS[generator.integers(len(SEASONS))], np.float32)
    return _bytes(pixels * (1 + plants * (factors - 1) * np.float32(strength * generator.uniform(0.4, 1))))


def _shadow(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Of clouds, with soft edges; or of what stands at the edge of the picture, with a sharp one."""
    height, width = picture.shape[:2]
    if generator.random() < 0.5:
        dark = (
            (_field(picture.shape, generator, int(generator.integers(2, 5))) - generator.uniform(0.5, 0.75)) * 8
        ).clip(0, 1)
    else:
        angle = generator.uniform(0, 2 * np.pi)
        rows, columns = np.ogrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]  # type: ignore[misc]
        across = np.cos(angle) * columns + np.sin(angle) * rows
        along = np.cos(angle) * rows - np.sin(angle) * columns
        corners = generator.uniform(-0.5, 0.5, 2)
        inside = np.minimum(across - generator.uniform(0.2, 0.45), along.astype(np.float32) - corners.min())
        dark = (inside * width / 2).clip(0, 1).astype(np.float32)[..., None]
    left = 1 - strength * generator.uniform(0.4, 1) * (1 - np.array(SHADE, np.float32))
    return _bytes(picture * (1 - dark * (1 - left.astype(np.float32))))


def _haze(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    thick = (
        _field(picture.shape, generator, int(generator.integers(1, 4))).clip(0, 1)
        * strength
        * generator.uniform(0.15, 0.6)
    )
    thick = thick.astype(np.float32)
    return _bytes(picture * (1 - thick) + np.array(AIR, np.float32) * thick)


def _shift(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Two dates never lie on each other exactly: by parts of a pixel, and of slightly another scale."""
    height, width = picture.shape[:2]
    margin = min(MARGIN * strength, min(height, width) / 8)
    left, top, right, bottom = generator.uniform(0, 2 * margin, 4)
    box = (left, top, width - right, height - bottom)
    return np.asarray(Image.fromarray(picture).resize((width, height), Resampling.BICUBIC, box))


def _blur(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    radius = strength * generator.uniform(0.4, 1.3)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def _coarse(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Taken with larger pixels, and shown with as many as before."""
    height, width = picture.shape[:2]
    times = 1 + strength * generator.uniform(0.3, 2)
    small = (max(1, round(width / times)), max(1, round(height / times)))
    again = (Resampling.NEAREST, Resampling.BILINEAR, Resampling.BICUBIC)[generator.integers(3)]
    return np.asarray(Image.fromarray(picture).resize(small, Resampling.BOX).resize((width, height), again))


def _tone(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Gamma, contrast, brightness."""
    level = _LEVELS ** np.exp(strength * generator.uniform(-0.4, 0.4))
    level = (
        0.45
        + (level - 0.45) * np.exp(strength * generator.uniform(-0.5, 0.2))
        + strength * generator.uniform(-0.08, 0.12)
    )
    return _bytes(level * 255)[:, 0][picture]


def _cast(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Another response of each band, and stronger or weaker colours; now and then one band for all three."""
    gain = 1 + strength * generator.uniform(-0.08, 0.08, 3)
    offset = strength * generator.uniform(-7, 7, 3)
    vivid = 1 - strength * generator.uniform(-0.3, 0.5)
    if generator.random() < 0.15:
        gain, offset, vivid = gain[:1], offset[:1], 0.0
    mixed = (np.eye(3) * vivid + np.full((3, 3), (1 - vivid) / 3)) * gain
    return _bytes(picture.astype(np.float32) @ mixed.astype(np.float32) + offset.astype(np.float32))


def _noise(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Of each band, and now and then of all bands alike."""
    bands = 1 if generator.random() < 0.3 else 3
    first, second = generator.integers(0, 256, (2, *picture.shape[:2], bands), np.uint8)
    grain = (first.astype(np.float32) - second) * np.float32(
        strength * generator.uniform(2, 12) / 104
    )  # quicker than normal
    return _bytes(picture + grain)


def _jpeg(picture: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=round(95 - strength * generator.uniform(10, 65)))
    return np.asarray(Image.open(file))


# As they follow each other from the ground to the file; the share of pictures that each happens to.
_ALL: dict[str, tuple[float, Callable[[np.ndarray, np.random.Generator, float], np.ndarray]]] = {
    "season": (0.3, _season),
    "shadow": (0.2, _shadow),
    "haze": (0.25, _haze),
    "shift": (0.5, _shift),
    "blur": (0.2, _blur),
    "coarse": (0.2, _coarse),
    "tone": (0.9, _tone),
    "cast": (0.5, _cast),
    "noise": (0.3, _noise),
    "jpeg": (0.25, _jpeg),
}
KINDS = tuple(_ALL)
STILL = tuple(kind for kind in KINDS if kind != "shift")  # after which masks lie where they lay
LIGHT = ("haze", "tone", "cast")  # what light and air make of colours, pixel by pixel
