"""What things look like from above in sunlight: base colours in display values 0..255, R, G, B."""

from __future__ import annotations

from typing import Dict, Tuple

Colour = Tuple[float, float, float]

ROOF: Dict[str, Colour] = {
    "clay": (160, 104, 84),
    "rust": (134, 86, 72),
    "brown": (118, 92, 78),
    "slate": (96, 98, 104),
    "grey": (138, 134, 130),
    "light": (188, 182, 172),
    "gravel": (164, 160, 152),
    "shed": (126, 110, 94),
}
TREE: Dict[str, Colour] = {
    "oak": (72, 88, 46),
    "lime": (80, 100, 50),
    "fir": (46, 64, 44),
    "apple": (92, 106, 60),
    "willow": (104, 116, 76),
    "bush": (76, 92, 52),
    "copper": (88, 64, 56),
}
GRASS: Dict[str, Colour] = {
    "lawn": (106, 118, 76),
    "rough": (122, 124, 80),
    "fresh": (142, 136, 94),
    "hay": (124, 132, 82),
    "floor": (112, 102, 76),
    "reed": (112, 116, 72),
    "": (118, 122, 82),
}
# crop: colour of plants, colour between the rows, metres between rows (0: sown thick), patchiness
CROP: Dict[str, Tuple[Colour, Colour, float, float]] = {
    "wheat": ((190, 170, 116), (172, 152, 104), 0.0, 0.7),
    "barley": ((204, 190, 140), (186, 172, 126), 0.0, 0.6),
    "maize": ((78, 102, 48), (112, 104, 72), 1.5, 0.8),
    "ploughed": ((138, 112, 90), (118, 94, 76), 2.4, 1.1),
    "stubble": ((186, 170, 134), (162, 144, 112), 3.2, 0.9),
    "clover": ((96, 116, 66), (104, 118, 72), 0.0, 0.9),
    "rape": ((172, 164, 84), (148, 146, 76), 0.0, 0.6),
}
GROUND: Dict[str, Colour] = {
    "asphalt": (132, 131, 130),
    "pavers": (168, 156, 144),
    "gravel": (186, 178, 160),
    "pale": (188, 182, 172),
    "pavement": (160, 156, 150),
    "wood": (140, 118, 96),
    "line": (222, 222, 218),
    "track": (178, 164, 136),
    "stone": (150, 146, 138),
    "sand": (190, 178, 150),
    "earth": (168, 142, 112),
    "main": (134, 133, 132),
    "street": (144, 142, 140),
    "country": (128, 128, 128),
}
CAR: Dict[str, Colour] = {
    "white": (232, 232, 230),
    "silver": (178, 182, 186),
    "grey": (116, 120, 124),
    "black": (48, 50, 54),
    "red": (156, 48, 42),
    "blue": (58, 82, 128),
}
HULL: Dict[str, Colour] = {
    "open": (214, 204, 186),
    "rowing": (168, 132, 98),
}
HEDGE: Colour = (70, 92, 48)
POOL: Colour = (112, 190, 206)
DEEP: Colour = (38, 68, 76)
SHALLOW: Colour = (96, 122, 104)
