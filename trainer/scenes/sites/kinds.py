"""What can lie on a pixel of a generated place: kinds of surfaces and objects, their classes and how they lie over each other."""

from __future__ import annotations

from typing import NamedTuple

GROUND, FLAT, OVER, RAISED, CROWN = range(5)  # layers: what is in a later one covers what is in an earlier one


class Kind(NamedTuple):
    """label: the class of its pixels. texture: deviation of its lightness in features of 70 m, 12 m, 1.5 m, and pixel by pixel.

    dry: deviation of its hue between fresh and dry, in display values.
    """

    label: str
    layer: int
    texture: tuple[float, float, float, float] = (0.02, 0.03, 0.02, 0.03)
    dry: float = 0.0


KINDS: dict[str, Kind] = {
    "grass": Kind("grass", GROUND, (0.045, 0.05, 0.05, 0.045), 5.0),
    "lawn": Kind("grass", GROUND, (0.02, 0.025, 0.03, 0.03), 2.0),
    "wood": Kind("tree", GROUND, (0.09, 0.09, 0.13, 0.08), 4.0),
    "field": Kind("field", GROUND, (0.04, 0.035, 0.03, 0.035), 4.0),
    "bare": Kind("bare", GROUND, (0.035, 0.05, 0.04, 0.035), 4.0),
    "sand": Kind("sand", GROUND, (0.02, 0.03, 0.015, 0.02), 1.5),
    "yard": Kind("paved", GROUND, (0.02, 0.035, 0.02, 0.03), 1.0),
    "water": Kind("water", GROUND, (0.02, 0.012, 0.02, 0.02), 0.0),
    "paved": Kind("paved", FLAT, (0.02, 0.035, 0.02, 0.03), 1.0),
    "parking": Kind("parking", FLAT, (0.02, 0.03, 0.015, 0.025), 0.5),
    "road": Kind("road", FLAT, (0.02, 0.03, 0.015, 0.028), 0.5),
    "rail": Kind("railway", FLAT, (0.02, 0.03, 0.04, 0.05), 2.0),
    "runway": Kind("runway", FLAT, (0.03, 0.03, 0.015, 0.02), 0.5),
    "pitch": Kind("sports field", FLAT, (0.015, 0.02, 0.02, 0.02), 1.5),
    "pool": Kind("swimming pool", FLAT, (0.0, 0.02, 0.05, 0.02), 0.0),
    "pier": Kind("pier", FLAT, (0.0, 0.03, 0.05, 0.04), 1.0),
    "solar": Kind("solar panel", OVER, (0.01, 0.02, 0.01, 0.02), 0.0),
    "bridge": Kind("bridge", OVER, (0.01, 0.03, 0.01, 0.02), 0.5),
    "building": Kind("building", RAISED, (0.0, 0.03, 0.03, 0.035), 1.5),
    "tank": Kind("storage tank", RAISED, (0.0, 0.015, 0.015, 0.015), 0.5),
    "car": Kind("car", RAISED, (0.0, 0.0, 0.0, 0.03), 0.0),
    "boat": Kind("boat", RAISED, (0.0, 0.0, 0.02, 0.03), 0.0),
    "aeroplane": Kind("aeroplane", RAISED, (0.0, 0.0, 0.01, 0.02), 0.0),
    "tree": Kind("tree", CROWN, (0.0, 0.03, 0.10, 0.07), 3.0),
}
NAMES: tuple[str, ...] = tuple(KINDS)
NUMBERS: dict[str, int] = {name: number for number, name in enumerate(NAMES)}
LABELS: tuple[str, ...] = tuple(dict.fromkeys(kind.label for kind in KINDS.values()))
CODES: dict[str, int] = {label: code for code, label in enumerate(LABELS)}

# Classes whose things are counted one by one; pools, bridges and fields of sport too.
COUNTED: tuple[str, ...] = (
    "building",
    "car",
    "boat",
    "aeroplane",
    "storage tank",
    "sports field",
    "swimming pool",
    "bridge",
)
