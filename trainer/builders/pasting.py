"""Parts of pictures cut out by masks of their classes, and put into other pictures in their light and at their scale.

Knows pixels, masks and chance; nothing of records. What is pasted has an exact mask: where more than half of a pixel is it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from affine import Affine
from PIL import Image, ImageDraw, ImageFilter
from PIL.Image import Resampling
from rasterio.features import rasterize, shapes

from rsvlm.trainer.builders.components import components, without_small

LINES = ("road", "railway", "river", "path")  # classes that go on from edge to edge
COVERS = (
    "water",
    "vegetation",
    "land",
    "forest",
    "grass",
    "soil",
    "sand",
    "crop",
    "field",
    "meadow",
)  # without a shape
PLANTS = ("vegetation", "forest", "grass", "crop", "meadow")
GREEN = 6.0  # levels of excess green of a patch of plants
THING = (16, 220)  # pixels along the longer side of a thing that is cut out
FILLS = 0.4  # share of its box that a thing fills: what has grown together fills less
PATCHES = (48, 96)  # sides of patches of a cover
STRIPS = (160, 300)  # sides of parts with a line in it
EACH = 8  # patches or strips of one class in a picture
TRIES = 80
SHOWN = (10.0, 30.0)  # longer side of a pasted thing, in pixels of 128
SPREAD = (26.0, 72.0)  # of a patch
LINE = (0.02, 0.25)  # share of the picture that a line covers
SEEN = 14.0  # levels by which a picture differs where something was pasted, at least
SMALLEST = 6  # pixels of a part
SHADE = 0.45


@dataclass(frozen=True)
class Cut:
    """pixels: (h, w, 3) uint8 with surroundings. mask: (h, w) bool. mean, deviation: of the whole picture, levels."""

    label: str
    pixels: np.ndarray
    mask: np.ndarray
    mean: np.ndarray
    deviation: float


@dataclass(frozen=True)
class Pasted:
    """picture: (H, W, 3) float32 with it. mask: (H, W) bool. near: (H, W) bool, where it or its shadow shows at all."""

    picture: np.ndarray
    mask: np.ndarray
    near: np.ndarray


def cuttings(pixels: np.ndarray, covers: Mapping[str, np.ndarray], draw: random.Random) -> Iterator[Cut]:
    """Of a picture, (H, W, 3) uint8, what can be used elsewhere. covers: class -> (H, W) bool."""
    mean, deviation = pixels.reshape(-1, 3).mean(axis=0), float(pixels.std(axis=(0, 1)).mean())
    for label, mask in covers.items():
        found = _patches if label in COVERS else _strips if label in LINES else _things
        for (x0, y0, x1, y1), inside in found(mask, draw):
            part = pixels[y0:y1, x0:x1]
            if label not in PLANTS or _green(part):
                yield Cut(label, part.copy(), inside, mean, deviation)


def _green(pixels: np.ndarray) -> bool:
    """Whether plants are green there, so that what is pasted can be told from dark ground."""
    red, green, blue = pixels.reshape(-1, 3).mean(axis=0)
    return bool(2 * green - red - blue > GREEN)


def _things(mask: np.ndarray, _: random.Random) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    """Connected parts that are neither tiny nor grown together, and do not go on beyond the picture."""
    height, width = mask.shape
    for shape, _value in shapes(mask.astype(np.uint8), mask=mask, connectivity=4):
        xs, ys = zip(*shape["coordinates"][0], strict=True)
        x0, y0, x1, y1 = int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys))
        if not (THING[0] <= max(x1 - x0, y1 - y0) <= THING[1]) or min(x0, y0) < 2 or x1 > width - 2 or y1 > height - 2:
            continue
        box = (x0 - 2, y0 - 2, x1 + 2, y1 + 2)
        size = (box[3] - box[1], box[2] - box[0])
        inside = rasterize([shape], size, transform=Affine.translation(box[0], box[1]), dtype="uint8").astype(bool)
        if inside.sum() >= FILLS * (x1 - x0) * (y1 - y0):
            yield box, inside


def _patches(mask: np.ndarray, draw: random.Random) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    """Squares that are all of the class."""
    for box in _squares(mask, draw, PATCHES):
        inside = mask[box[1] : box[3], box[0] : box[2]]
        if inside.mean() > 0.98:
            yield box, np.ones_like(inside)


def _strips(mask: np.ndarray, draw: random.Random) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    """Squares that a line runs through."""
    for box in _squares(mask, draw, STRIPS):
        inside = mask[box[1] : box[3], box[0] : box[2]]
        largest = _largest(inside[::2, ::2])
        rows, columns = (largest.any(axis=axis).sum() / len(largest) for axis in (1, 0))
        if LINE[0] < largest.mean() < LINE[1] and max(rows, columns) > 0.9:
            yield box, inside.copy()


def _squares(mask: np.ndarray, draw: random.Random, sides: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Some around pixels of the class; EACH times as many tries as are wanted at most."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    for _ in range(EACH if rows.size else 0):
        for _ in range(TRIES // EACH):
            side = min(draw.randint(*sides), height, width)
            place = draw.randrange(rows.size)
            x0 = min(max(0, int(columns[place]) - draw.randrange(side)), width - side)
            y0 = min(max(0, int(rows[place]) - draw.randrange(side)), height - side)
            yield x0, y0, x0 + side, y0 + side


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected part."""
    numbers, count = components(mask)
    if not count:
        return mask
    found: np.ndarray = numbers == np.bincount(numbers.ravel(), minlength=count + 1)[1:].argmax() + 1
    return found


def paste(picture: np.ndarray, cut: Cut, taken: np.ndarray, draw: random.Random) -> Pasted | None:
    """picture: (S, S, 3) float32. taken: (S, S) bool, where nothing may come. None where there is no room for it, or where it
    could hardly be seen.
    """
    size = len(picture)
    shape = _line if cut.label in LINES else _patch if cut.label in COVERS else _thing
    pixels, alpha = _turned(*shape(cut, size, draw), draw)
    kept = _largest(without_small(alpha > 0.5, SMALLEST)[0])
    alpha = alpha * _wider(kept, 1)
    place = _place(picture, alpha, taken, draw)
    if place is None or not kept.any():
        return None
    y, x = place
    here = np.s_[y : y + len(alpha), x : x + alpha.shape[1]]
    full, colours, mask = np.zeros((size, size, 1), np.float32), picture.copy(), np.zeros((size, size), bool)
    full[here][..., 0], colours[here], mask[here] = alpha, _lit(pixels, cut, picture, draw), kept
    near, ground = full[..., 0] > 0.02, picture
    if shape is _thing:
        y, x = draw.randint(0, 4), draw.randint(0, 4)
        shadow = np.pad(_soft(full, 0.7), ((2, 2), (2, 2), (0, 0)))[y : y + size, x : x + size]
        ground = picture * (1 - SHADE * shadow)
        near |= shadow[..., 0] > 0.02
    made = colours * full + ground * (1 - full)
    differs = np.abs(made - picture).mean(axis=2)[mask].mean()
    if differs < SEEN or (near & taken).any():
        return None
    return Pasted(made, mask, near)


def _thing(cut: Cut, size: int, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, w, 3) and how much of each is it, (h, w) float32: no larger than it was."""
    longest = max(cut.mask.shape)
    return _reduced(cut, min(1.0, draw.uniform(*SHOWN) * size / 128 / longest))


def _line(cut: Cut, size: int, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """All over the picture."""
    pixels, alpha = _reduced(cut, size / len(cut.mask))
    return pixels[:size, :size], alpha[:size, :size]


def _patch(cut: Cut, size: int, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """With an outline of its own: wavy as a shore, or with a few corners as a field."""
    spread = min(draw.uniform(*SPREAD) * size / 128, len(cut.mask))
    pixels, _ = _reduced(cut, spread / len(cut.mask))
    side = len(pixels)
    if draw.random() < 0.5:
        angle = np.linspace(0, 2 * np.pi, 90)
        waves = [
            draw.uniform(-0.3, 0.3) / wave * np.cos(wave * angle + draw.uniform(0, 6.3)) for wave in (2, 3, 4, 5, 7, 9)
        ]
        radius = 1 + np.sum(waves, axis=0)
    else:
        start, corners = draw.uniform(0, 6.3), draw.choice((4, 4, 4, 5, 6))
        angle = (
            start + (np.arange(corners) + np.array([draw.uniform(-0.2, 0.2) for _ in range(corners)])) * 6.283 / corners
        )
        radius = np.array([draw.uniform(0.85, 1) for _ in range(corners)])
    xs, ys = radius * np.cos(angle), radius * np.sin(angle) * draw.uniform(0.45, 1)
    turn = draw.uniform(0, np.pi)
    xs, ys = xs * np.cos(turn) - ys * np.sin(turn), xs * np.sin(turn) + ys * np.cos(turn)
    fine = (np.stack([xs, ys], axis=1) / max(np.abs(xs).max(), np.abs(ys).max()) * 0.46 + 0.5) * 4 * side
    image = Image.new("L", (4 * side, 4 * side))
    ImageDraw.Draw(image).polygon([tuple(point) for point in fine.tolist()], fill=255)
    alpha = np.asarray(image.resize((side, side), Resampling.BOX), np.float32)
    return pixels, _soft(alpha[..., None] / 255, 0.5)[..., 0]


def _reduced(cut: Cut, factor: float) -> tuple[np.ndarray, np.ndarray]:
    height, width = (max(3, round(side * factor)) for side in cut.mask.shape)
    pixels = Image.fromarray(cut.pixels).resize((width, height), Resampling.BOX if factor < 1 else Resampling.BILINEAR)
    alpha = Image.fromarray(cut.mask.astype(np.uint8) * 255).resize((width, height), Resampling.BOX)
    return np.asarray(pixels, np.float32), _soft(np.asarray(alpha, np.float32)[..., None] / 255, 0.4)[..., 0]


def _turned(pixels: np.ndarray, alpha: np.ndarray, draw: random.Random) -> tuple[np.ndarray, np.ndarray]:
    turns, mirror = draw.randrange(4), draw.random() < 0.5
    if mirror:
        pixels, alpha = pixels[:, ::-1], alpha[:, ::-1]
    return np.rot90(pixels, turns), np.rot90(alpha, turns)


def _place(picture: np.ndarray, alpha: np.ndarray, taken: np.ndarray, draw: random.Random) -> tuple[int, int] | None:
    """y, x of its corner: of some places that are free the one where the picture is plainest, as built things replace ground."""
    size, (height, width) = len(picture), alpha.shape
    if height > size or width > size:
        return None
    choices = []
    for _ in range(10):
        y, x = draw.randint(0, size - height), draw.randint(0, size - width)
        here = np.s_[y : y + height, x : x + width]
        if not (taken[here] & (alpha > 0.02)).any():
            choices.append((float(picture[here].std(axis=(0, 1)).sum()), y, x))
    return min(choices)[1:] if choices else None


def _lit(pixels: np.ndarray, cut: Cut, picture: np.ndarray, draw: random.Random) -> np.ndarray:
    """In the light of the picture: its mean colour and contrast; less so where the colour is all that tells the class."""
    part = draw.uniform(0.1, 0.4) if cut.label in COVERS else draw.uniform(0.4, 0.8)
    contrast = float(picture.std(axis=(0, 1)).mean()) / max(cut.deviation, 1.0)
    mean = cut.mean + part * (picture.reshape(-1, 3).mean(axis=0) - cut.mean)
    lit: np.ndarray = ((pixels - cut.mean) * np.clip(contrast**part, 0.7, 1.3) + mean).clip(0, 255)
    return lit.astype(np.float32)


def _soft(values: np.ndarray, radius: float) -> np.ndarray:
    """(H, W, 1) float32 in [0, 1], blurred."""
    image = Image.fromarray((values[..., 0] * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float32)[..., None] / 255


def _wider(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask and what is so near to it."""
    image = Image.fromarray(mask.astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * pixels + 1))
    return np.asarray(image, bool)
