"""Classes of things that the memory of GeoPix has places for, and which of them a text names. Knows words only.

GeoPixInstruct (arXiv 2501.06828) takes its objects from SAMRS: DIOR, DOTA 2.0 and FAIR1M. The release does not tell which of
its 75 places belongs to which of their 75 classes, and none of them has any effect there; here a name has one place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DIOR = (
    "airplane", "airport", "baseball field", "basketball court", "bridge", "chimney", "dam", "expressway service area",
    "expressway toll station", "golf field", "ground track field", "harbor", "overpass", "ship", "stadium", "storage tank",
    "tennis court", "train station", "vehicle", "windmill",
)  # fmt: skip
DOTA = (
    "plane", "ship", "storage tank", "baseball diamond", "tennis court", "basketball court", "ground track field", "harbor",
    "bridge", "large vehicle", "small vehicle", "helicopter", "roundabout", "soccer ball field", "swimming pool",
    "container crane", "airport", "helipad",
)  # fmt: skip
FAIR1M = (
    "Boeing737", "Boeing747", "Boeing777", "Boeing787", "C919", "A220", "A321", "A330", "A350", "ARJ21", "other airplane",
    "passenger ship", "motorboat", "fishing boat", "tugboat", "engineering ship", "liquid cargo ship", "dry cargo ship",
    "warship", "other ship", "small car", "bus", "cargo truck", "dump truck", "van", "trailer", "tractor", "excavator",
    "truck tractor", "other vehicle", "basketball court", "tennis court", "football field", "baseball field", "intersection",
    "roundabout", "bridge",
)  # fmt: skip
GEOPIX_INSTRUCT = tuple(dict.fromkeys((*DIOR, *DOTA, *FAIR1M)))


def named(text: str, names: Sequence[str]) -> list[int]:
    """Places in `names` of the classes that a text speaks of, in its order: whole words, one or many of them, in any case.

    Of “dry cargo ships” it is the dry cargo ship alone, not the ship.
    """
    if not names:
        return []
    longest_first = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(name).replace(r"\ ", r"[\s_-]+") for name in longest_first)
    places = {_plain(name): place for place, name in enumerate(names)}
    found = re.findall(rf"(?<!\w)({pattern})(?:e?s)?(?!\w)", text, re.IGNORECASE)
    return [places[_plain(name)] for name in found]


def meant(words_before: str, question: str, names: Sequence[str]) -> int | None:
    """The class of one target: the last that the answer names before it, else the only one that the question names.

    None where neither names one, or the question several.
    """
    said, asked = named(words_before, names), set(named(question, names))
    if said:
        return said[-1]
    return asked.pop() if len(asked) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).lower()
