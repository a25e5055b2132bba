"""What a region looks like from above: colours of its ground, plants, roofs and water, drawn anew for every place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.scenes.palette import CAR

Colour = tuple[float, float, float]

_GRASS: tuple[Colour, ...] = (
    (106, 118, 76), (122, 124, 80), (142, 136, 94), (92, 112, 66), (128, 128, 96), (150, 142, 106), (84, 104, 72),
)  # fmt: skip
_TREE: tuple[Colour, ...] = (
    (72, 88, 46),
    (80, 100, 50),
    (46, 64, 44),
    (62, 80, 52),
    (84, 96, 58),
    (54, 76, 48),
    (92, 98, 66),
)
_SOIL: tuple[Colour, ...] = (
    (168, 142, 112), (150, 118, 92), (184, 164, 134), (164, 108, 80), (142, 128, 112), (190, 176, 150), (120, 98, 82),
)  # fmt: skip
_SAND: tuple[Colour, ...] = (
    (206, 190, 156),
    (222, 208, 178),
    (196, 170, 132),
    (214, 182, 134),
    (200, 192, 176),
    (190, 138, 98),
)
_DEEP: tuple[Colour, ...] = (
    (38, 68, 76),
    (30, 52, 74),
    (52, 74, 66),
    (34, 60, 62),
    (64, 84, 88),
    (24, 44, 58),
    (58, 72, 54),
)
_SHALLOW: tuple[Colour, ...] = (
    (96, 122, 104),
    (84, 128, 128),
    (112, 118, 92),
    (78, 110, 104),
    (120, 150, 146),
    (92, 96, 70),
)
_MUDDY: tuple[tuple[Colour, Colour], ...] = (((118, 112, 84), (132, 124, 96)), ((96, 98, 72), (112, 110, 82)))
_TROPICAL: tuple[tuple[Colour, Colour], ...] = (((40, 104, 132), (112, 178, 178)), ((48, 120, 138), (130, 190, 182)))
_ASPHALT: tuple[Colour, ...] = ((132, 131, 130), (112, 112, 114), (148, 146, 142), (160, 156, 150), (98, 98, 100))
_CONCRETE: tuple[Colour, ...] = ((178, 174, 166), (188, 184, 176), (164, 162, 158), (196, 190, 180))
# roofs by region: European, North American, Mediterranean, arid, tropical, northern
_ROOFS: tuple[tuple[Colour, ...], ...] = (
    ((160, 104, 84), (134, 86, 72), (118, 92, 78), (96, 98, 104), (138, 134, 130)),
    ((128, 122, 116), (104, 100, 98), (150, 140, 128), (92, 84, 80), (168, 160, 150), (122, 108, 96), (186, 180, 172)),
    ((186, 122, 92), (196, 140, 108), (172, 110, 84), (204, 160, 128), (214, 206, 194)),
    ((206, 192, 168), (190, 174, 148), (218, 210, 194), (176, 160, 138), (228, 224, 214)),
    ((150, 112, 96), (176, 180, 184), (120, 78, 66), (92, 118, 132), (196, 192, 184), (138, 128, 110)),
    ((92, 92, 96), (134, 74, 64), (110, 106, 104), (70, 72, 78), (150, 148, 146), (82, 100, 92)),
)
_HALLS: tuple[Colour, ...] = (
    (196, 194, 190), (214, 214, 212), (168, 170, 172), (142, 150, 158), (120, 132, 146), (182, 172, 156), (104, 128, 156),
    (150, 96, 84), (128, 140, 124), (226, 226, 222),
)  # fmt: skip
Crop = tuple[Colour, float]  # plants, and metres between rows (0: sown thick)
_CROPS: tuple[Crop, ...] = (
    ((190, 170, 116), 0.0), ((204, 190, 140), 0.0), ((78, 102, 48), 1.5), ((186, 170, 134), 3.2), ((96, 116, 66), 0.0),
    ((172, 164, 84), 0.0), ((72, 110, 58), 0.0), ((110, 122, 74), 2.2), ((132, 142, 92), 0.0), ((88, 96, 62), 2.8),
)  # fmt: skip
CARS: tuple[Colour, ...] = tuple(
    CAR[name] for name in ("white", "white", "silver", "silver", "grey", "black", "red", "blue")
)


@dataclass(frozen=True)
class Look:
    """Colours in display values 0 to 255 in full sun. trees: a few kinds; pale: concrete; halls: large roofs."""

    grass: Colour
    lawn: Colour
    trees: tuple[Colour, ...]
    soil: Colour
    sand: Colour
    deep: Colour
    shallow: Colour
    asphalt: Colour
    pale: Colour
    roofs: tuple[Colour, ...]
    halls: tuple[Colour, ...]
    crops: tuple[Crop, ...]
    dry: float

    def roof(self, rng: np.random.Generator) -> Colour:
        return varied(rng, _one(rng, self.roofs), 0.08)

    def hall(self, rng: np.random.Generator) -> Colour:
        return varied(rng, _one(rng, self.halls), 0.08)

    def tree(self, rng: np.random.Generator) -> Colour:
        return varied(rng, _one(rng, self.trees), 0.05)

    def car(self, rng: np.random.Generator) -> Colour:
        return varied(rng, _one(rng, CARS), 0.05)

    def crop(self, rng: np.random.Generator) -> Crop:
        """A crop, or ploughed soil."""
        if rng.random() < 0.22:
            return varied(rng, self.soil, 0.08), 2.4
        plants, rows = self.crops[int(rng.integers(len(self.crops)))]
        dry = self.dry * rng.random()
        return mixed(varied(rng, plants, 0.08), self.soil, 0.6 * dry), rows


def make_look(rng: np.random.Generator) -> Look:
    """Any region, from green to arid."""
    dry = float(rng.beta(1.2, 2.0))
    soil = varied(rng, _one(rng, _SOIL), 0.08)
    grass = mixed(varied(rng, _one(rng, _GRASS), 0.07), mixed(soil, (176, 164, 118), 0.5), 0.75 * dry)
    deep, shallow = varied(rng, _one(rng, _DEEP), 0.12), varied(rng, _one(rng, _SHALLOW), 0.08)
    luck = rng.random()
    if luck < 0.15:
        deep, shallow = _MUDDY[int(rng.integers(len(_MUDDY)))]
    elif luck < 0.28:
        deep, shallow = _TROPICAL[int(rng.integers(len(_TROPICAL)))]
    region = 3 if dry > 0.65 and rng.random() < 0.6 else int(rng.integers(len(_ROOFS)))
    trees = tuple(mixed(varied(rng, _one(rng, _TREE), 0.1), soil, 0.25 * dry) for _ in range(3))
    crops = tuple(_CROPS[n] for n in rng.permutation(len(_CROPS))[:5])
    lawn = mixed(varied(rng, (104, 122, 74), 0.06), grass, 0.35)
    asphalt, pale = varied(rng, _one(rng, _ASPHALT), 0.05), varied(rng, _one(rng, _CONCRETE), 0.05)
    roofs = tuple(varied(rng, colour, 0.06) for colour in _ROOFS[region])
    halls = tuple(_HALLS[n] for n in rng.permutation(len(_HALLS))[:5])
    sand = varied(rng, _one(rng, _SAND), 0.06)
    return Look(grass, lawn, trees, soil, sand, deep, shallow, asphalt, pale, roofs, halls, crops, dry)


def varied(rng: np.random.Generator, colour: Colour, share: float) -> Colour:
    """The same a little lighter or darker, and of another hue by a third of that."""
    light = 1 + rng.normal(0, share)
    hue = 1 + rng.normal(0, share / 3, 3)
    red, green, blue = (float(np.clip(value * light * tint, 12, 245)) for value, tint in zip(colour, hue, strict=True))
    return red, green, blue


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """one where share is 0, other where it is 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _one(rng: np.random.Generator, choices: tuple[Colour, ...]) -> Colour:
    return choices[int(rng.integers(len(choices)))]
