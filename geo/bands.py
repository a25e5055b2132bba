"""What each band of a raster shows, and which bands make the picture.

Roles come from metadata only: colour interpretation, wavelengths, band names. The number of bands is the last resort.
That choice says so (`guessed`), and so does one by a numbering that several satellites share, because a wrong guess is a
picture in false colours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from rasterio.io import DatasetReader

from rsvlm.geo import labels
from rsvlm.geo.reflectance import scale_and_offset
from rsvlm.protocol import RsvlmError

_COLOUR_ROLES = {"red", "green", "blue", "alpha", "nir", "rededge", "coastal", "pan", "swir", "tir", "lwir"}
_ROLE_OF_COLOUR = {"tir": "thermal", "lwir": "thermal"}

# First match wins: "red edge" before "red".
_WORDS: tuple[tuple[str, str], ...] = (
    (r"red ?edge|vegetation red|vre\d?|re[1-4]", "rededge"),
    (r"near ?infra ?red|nir\d*|ir", "nir"),
    (r"short ?wave ?infra ?red|swir ?\d*", "swir"),
    (r"thermal|tirs?\d*|lwir\d*|brightness temperature|surface temperature|lst|st b\d+", "thermal"),
    (r"panchromatic|pan", "pan"),
    (r"coastal|aerosols?", "coastal"),
    (r"(?:sigma0|gamma0|beta0|amplitude|intensity)? ?(?:vv|vh|hh|hv)(?: db)?|sigma0|gamma0|backscatter", "sar"),
    (r"ndvi|ndwi|mndwi|ndbi|ndmi|nbr|dnbr|evi|savi", "index"),
    (r"alpha", "alpha"),
    (r"cirrus", "cirrus"),
    (r"red", "red"),
    (r"green", "green"),
    (r"blue", "blue"),
)
_LETTERS = {"r": "red", "g": "green", "b": "blue", "n": "nir"}

_SENTINEL2 = {
    "1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "rededge", "6": "rededge", "7": "rededge", "8": "nir",
    "8A": "nir", "9": "vapour", "10": "cirrus", "11": "swir", "12": "swir",
}  # fmt: skip
_LANDSAT8 = {
    "1": "coastal", "2": "blue", "3": "green", "4": "red", "5": "nir", "6": "swir", "7": "swir", "8": "pan",
    "9": "cirrus", "10": "thermal", "11": "thermal",
}  # fmt: skip
_LANDSAT5 = {"1": "blue", "2": "green", "3": "red", "4": "nir", "5": "swir", "6": "thermal", "7": "swir", "8": "pan"}
_MODIS = {"1": "red", "2": "nir", "3": "blue", "4": "green", "5": "swir", "6": "swir", "7": "swir"}

_CODE = re.compile(r"(?:^|[\s_-])(?:band[_-]?|b)0?(\d{1,2}[aA]?)(?=$|[\s_-])", re.IGNORECASE)
_WAVELENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(nm|nanomet|um|µm|micromet)", re.IGNORECASE)
_ROLE_BY_MICROMETRE = (
    (0.40, 0.45, "coastal"), (0.45, 0.52, "blue"), (0.52, 0.60, "green"), (0.60, 0.69, "red"), (0.69, 0.79, "rededge"),
    (0.79, 0.96, "nir"), (1.50, 1.80, "swir"), (2.00, 2.40, "swir"), (7.00, 15.0, "thermal"),
)  # fmt: skip
_CENTRE = {"red": 0.66, "green": 0.56, "blue": 0.48, "nir": 0.84, "swir": 1.61}

# Stacks in their customary order, by number of bands, where nothing else is known.
_CUSTOM_8BIT = {3: (1, 2, 3), 4: (1, 2, 3), 7: (3, 2, 1)}
_CUSTOM = {
    3: (1, 2, 3), 4: (3, 2, 1), 5: (3, 2, 1), 6: (3, 2, 1), 7: (4, 3, 2), 8: (5, 3, 2), 10: (3, 2, 1), 11: (4, 3, 2),
    12: (4, 3, 2), 13: (4, 3, 2),
}  # fmt: skip


@dataclass(frozen=True)
class Band:
    """number: 1-based. name: as the file says. role: red, green, blue, nir, swir, sar, alpha ... or "" if unknown.

    scale, offset: what is measured is scale * value + offset, as far as the file tells, or the names of bands and product.
    guessed: the role is that of a satellite's numbering which may as well be another's.
    """

    number: int
    name: str
    role: str
    dtype: str
    wavelength_um: Optional[float] = None
    scale: float = 1.0
    offset: float = 0.0
    guessed: bool = False


@dataclass(frozen=True)
class Display:
    """bands: 1 or 3 band numbers. guessed: what they show is not certain. false_colour: not red, green, blue."""

    bands: tuple[int, ...]
    guessed: bool = False
    false_colour: bool = False


def describe_bands(dataset: DatasetReader) -> tuple[Band, ...]:
    """All bands with their roles, as far as the file's metadata tell."""
    names = [
        name or _tag(dataset, i + 1, "bandname", "band_name", "name")
        for i, name in enumerate(labels.band_names(dataset))
    ]
    codes = [_code(name) for name in names]
    meaning, ambiguous = _code_table({code for code in codes if code}, names, dataset)
    bands = []
    for i, name in enumerate(names):
        wavelength = _wavelength(dataset, i + 1, name)
        role = _role_of_colour(dataset.colorinterp[i].name) or _role_of_words(name)
        role = role or _role_of_wavelength(wavelength)
        guessed = ambiguous and not role
        role = role or meaning.get(codes[i] or "", "")
        scale, offset = scale_and_offset(dataset, i + 1, name, role in _SENTINEL2.values())
        bands.append(Band(i + 1, name, role, dataset.dtypes[i], wavelength, scale, offset, guessed))
    return tuple(bands)


def choose_display(bands: tuple[Band, ...], asked: Optional[tuple[int, ...]]) -> Display:
    """Which bands make the picture. asked: the user's choice. Raises bad_request if that cannot be."""
    if asked:
        chosen = [bands[number - 1] for number in _checked(bands, asked)]
        roles = [band.role for band in chosen]
        if any(band.guessed for band in chosen):
            return Display(asked, guessed=True)
        return Display(asked, false_colour=len(roles) == 3 and all(roles) and roles != ["red", "green", "blue"])
    seen = tuple(band for band in bands if band.role != "alpha")
    if len(seen) <= 2:
        return Display(((seen or bands)[0].number,))
    red, green, blue = (band_of_role(seen, role) for role in ("red", "green", "blue"))
    if red and green and blue:
        return Display((red, green, blue), guessed=any(bands[i - 1].guessed for i in (red, green, blue)))
    if red and green:
        # Without blue: infrared as green keeps plants green, water dark and soil reddish.
        return Display((red, band_of_role(seen, "nir") or green, green), false_colour=True)
    radar = [band.number for band in seen if band.role == "sar"]
    if radar:
        return Display((radar[0],))
    customary = _CUSTOM_8BIT if seen[0].dtype == "uint8" else {}
    order = customary.get(len(seen)) or _CUSTOM.get(len(seen)) or (1, 2, 3)
    return Display(tuple(seen[i - 1].number for i in order), guessed=True)


def _checked(bands: tuple[Band, ...], asked: tuple[int, ...]) -> tuple[int, ...]:
    if len(asked) not in (1, 3):
        raise RsvlmError(
            "bad_request",
            f"{len(asked)} bands make no picture.",
            "Choose three bands (red, green, blue) or one (grey).",
        )
    for number in asked:
        if not 1 <= number <= len(bands):
            raise RsvlmError(
                "bad_request",
                f"The raster has no band {number}.",
                f"Choose from 1 to {len(bands)}." if len(bands) > 1 else "It has only band 1.",
            )
    return asked


def band_of_role(bands: tuple[Band, ...], role: str) -> int:
    """The number of the band with a role, the nearest to its usual wavelength if there are several; 0 = none."""
    found = [band for band in bands if band.role == role]
    if not found:
        return 0
    centre = _CENTRE[role]
    return min(found, key=lambda band: abs((band.wavelength_um or centre + 1) - centre)).number


def _role_of_colour(colour: str) -> str:
    return (
        _ROLE_OF_COLOUR.get(colour, colour) if colour in _COLOUR_ROLES else "sar" if colour.startswith("sar_") else ""
    )


def _role_of_words(name: str) -> str:
    words = " ".join(re.findall(r"[a-z]+\d*|\d+", name.lower()))
    if words in _LETTERS:
        return _LETTERS[words]
    return next((role for pattern, role in _WORDS if re.search(rf"(?:^| )(?:{pattern})(?:$| )", words)), "")


def _code(name: str) -> Optional[str]:
    """ "B04", "SR_B4" or "B8A_20m" -> "4", "8A"; "Band 4" is only a number and gives None."""
    if re.fullmatch(r"\s*band[_-]?\d+\s*", name, re.IGNORECASE):
        return None
    found = _CODE.search(name)
    return found.group(1).upper() if found else None


def _code_table(codes: set[str], names: list[str], dataset: DatasetReader) -> tuple[dict[str, str], bool]:
    """Which satellite's numbering the band codes follow, and whether that is a guess."""
    text = " ".join([dataset.name.rsplit("/", 1)[-1], *names, *labels.tags(dataset).values()]).lower()
    if "sur_refl" in text or "modis" in text:
        return _MODIS, False
    if re.search(r"l[te]0[4-7]_|landsat[_ -]?[4-7]", text):
        return _LANDSAT5, False
    if re.search(r"lc0[89]_|landsat[_ -]?[89]", text):
        return _LANDSAT8, False
    if re.search(r"sentinel|(?:^|[ _])s2[abc]_", text) or {"8A", "12"} & codes or {"8", "11"} <= codes:
        return _SENTINEL2, False
    if "sr_b" in text or codes <= set("1234567"):
        if "7" in codes and "6" not in codes:
            return _LANDSAT5, False
        # With band 1 they may as well be Landsat 5 with its thermal band, or another satellite's.
        return _LANDSAT8, "1" in codes and "sr_b" not in text
    return _SENTINEL2, False


def _tag(dataset: DatasetReader, band: int, *keys: str) -> str:
    lowered = {key.lower(): value for key, value in labels.tags(dataset, band).items()}
    return next((lowered[key] for key in keys if lowered.get(key)), "")


def _wavelength(dataset: DatasetReader, band: int, name: str) -> Optional[float]:
    """Central wavelength in micrometres, from the band's tags or its name."""
    found = _WAVELENGTH.search(name)
    if found:
        return float(found.group(1)) / (1000 if found.group(2).lower().startswith("n") else 1)
    text = _tag(dataset, band, "central_wavelength_um", "center_wavelength", "central_wavelength", "wavelength")
    number = re.match(r"\s*(\d+(?:\.\d+)?)", text)
    if not number:
        return None
    value = float(number.group(1))
    return value / 1000 if value > 100 else value


def _role_of_wavelength(wavelength: Optional[float]) -> str:
    if wavelength is None:
        return ""
    return next((role for low, high, role in _ROLE_BY_MICROMETRE if low <= wavelength < high), "")
