"""What a pixel of a generated scene can be: class codes, names and the colours of their legend."""

from __future__ import annotations

from typing import Dict, Tuple

CLASSES: Tuple[str, ...] = (
    "unlabelled",
    "building",
    "road",
    "tree",
    "water",
    "field",
    "boat",
    "grass",
    "bare",
    "paved",
    "path",
    "pier",
    "car",
    "pitch",
    "pool",
    "hedge",
)
CODES: Dict[str, int] = {name: code for code, name in enumerate(CLASSES)}

# class: R, G, B; hues follow map habits, lightness differs so that neighbours part without colour vision
COLOURS: Dict[str, Tuple[int, int, int]] = {
    "unlabelled": (0, 0, 0),
    "building": (204, 51, 63),
    "road": (90, 90, 96),
    "tree": (27, 94, 42),
    "water": (43, 108, 176),
    "field": (226, 190, 92),
    "boat": (255, 255, 255),
    "grass": (150, 200, 110),
    "bare": (188, 158, 130),
    "paved": (168, 168, 176),
    "path": (236, 222, 196),
    "pier": (120, 78, 48),
    "car": (255, 0, 214),
    "pitch": (64, 190, 120),
    "pool": (90, 220, 240),
    "hedge": (96, 130, 40),
}

# Painted in this order: a later kind covers an earlier one, in the masks as in the picture.
KINDS: Dict[str, str] = {
    "meadow": "grass",
    "woodland": "grass",
    "field": "field",
    "garden": "grass",
    "site": "bare",
    "beach": "bare",
    "water": "water",
    "pier": "pier",
    "path": "path",
    "pitch": "pitch",
    "paved": "paved",
    "road": "road",
    "pool": "pool",
    "hedge": "hedge",
    "building": "building",
    "car": "car",
    "boat": "boat",
    "tree": "tree",
}
ORDER: Dict[str, int] = {kind: rank for rank, kind in enumerate(KINDS)}
