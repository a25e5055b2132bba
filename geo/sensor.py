"""What kind of instrument made a raster, as far as its metadata and values tell. When in doubt: unknown."""

from __future__ import annotations

import re

import numpy as np

from rsvlm.geo.bands import Band

_VISIBLE = {"red", "green", "blue", "nir", "rededge", "swir", "coastal"}
_RADAR = r"sar|s1[abc]?|sentinel[ _-]?1[abc]?|vv|vh|hh|hv|sigma0|gamma0|palsar|radarsat|cosmo|terrasar|backscatter"
_THERMAL = r"thermal|tir|lst|brightness[ _-]?temperature|land[ _-]?surface[ _-]?temperature"
_DERIVED = (
    r"ndvi|ndwi|mndwi|ndbi|evi|savi|nbr|dnbr|dem|dsm|dtm|elevation|height|slope|aspect|hillshade|label|labels|mask|classes|"
    r"classification|landcover|land[ _-]cover|probability"
)
_FEW_VALUES = 24


def guess(bands: tuple[Band, ...], display: tuple[int, ...], palette: bool, words: str, values: np.ndarray) -> str:
    """optical, panchromatic, sar, thermal, hyperspectral, index (a derived map) or unknown.

    words: file name and what the file says of its maker. values: (bands, N) valid samples of the display bands.
    """
    seen = [band for band in bands if band.role != "alpha"]
    roles = {band.role for band in seen}
    kind = seen[0].dtype if seen else ""
    few = len(bands) <= 4
    if "sar" in roles or (few and not roles & _VISIBLE and _says(words, _RADAR)):
        return "sar"
    if roles == {"thermal"} or (len(seen) <= 2 and not roles & _VISIBLE and _says(words, _THERMAL)):
        return "thermal"
    if roles & {"index"} and not roles & _VISIBLE:
        return "index"
    if len(seen) > 20:
        return "hyperspectral"
    if len({"red", "green", "blue", "nir"} & roles) >= 2:
        return "optical"
    if len(seen) <= 2:
        return _single(roles, kind, palette, words, values)
    if kind == "uint8" and len(seen) in (3, 4):
        return "optical"
    return "optical" if kind in ("uint16", "int16") else "unknown"


def _single(roles: set[str], kind: str, palette: bool, words: str, values: np.ndarray) -> str:
    """One band to see: a photograph in grey, a colour picture with a palette, or a map of something else."""
    if "pan" in roles:
        return "panchromatic"
    few_values = values.size > 0 and "int" in kind and len(np.unique(values[:, :200_000], axis=1).T) <= _FEW_VALUES
    if _says(words, _DERIVED):
        return "index"
    if few_values or kind not in ("uint8", "uint16", "int16"):
        return "unknown"
    return "optical" if palette else "panchromatic"


def _says(words: str, pattern: str) -> bool:
    return re.search(rf"(?:^|[^a-z])(?:{pattern})(?:$|[^a-z])", words.lower()) is not None
