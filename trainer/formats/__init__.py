"""Published data sets as training records: one module for each format, imported only when it is used.

A module has read(source) -> records; rows that are no records are left out and counted in the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import Source


@dataclass(frozen=True)
class Format:
    """title: what it is, and what a path to it names. module: of this package. writes: it can also be written."""

    title: str
    module: str
    writes: bool = False


FORMATS: dict[str, Format] = {
    "records": Format("Records of rsvlm: a .jsonl", "own"),
    "archive": Format("Caption archive: a .zip with images/ and captions.jsonl", "archive"),
    "labels": Format("Labels of a caption archive's pictures, in a sentence: its .zip", "labels"),
    "questions": Format("Questions about a caption archive's pictures: its .zip", "questions"),
    "karpathy": Format("RSICD, UCM-Captions, Sydney-Captions: dataset_*.json", "karpathy", writes=True),
    "precomp": Format("RSICD and others, precomputed: *_caps.txt beside *_filename.txt", "precomp"),
    "nwpu": Format("NWPU-Captions: dataset_nwpu.json", "nwpu"),
    "rsicap": Format("RSICap: captions.json", "rsicap"),
    "rsieval": Format("RSIEval: annotations.json", "rsicap"),
    "rsvqa": Format("RSVQA, low and high resolution: *_questions.json beside *_answers.json", "rsvqa"),
    "rsivqa": Format("RSIVQA: a .txt", "rsivqa"),
    "cdvqa": Format("CDVQA: *_questions.json beside *_answers.json and *_images.json", "rsvqa"),
    "levir-cc": Format("LEVIR-CC and LEVIR-MCI: LevirCCcaptions.json", "levir_cc", writes=True),
    "levir-mci-tokens": Format("LEVIR-MCI as Change-Agent prepares it: a folder of token .txt", "levir_mci"),
    "second-cc": Format("SECOND-CC: its .json", "second_cc"),
    "second-cc-hdf5": Format("SECOND-CC as MModalCC prepares it: an .hdf5; --images is where its pictures go", "second_cc_hdf5"),
    "changechat": Format("ChangeChat-105k: a .json", "changechat"),
    "rs5m": Format("RS5M webdataset: a .tar or a folder of them", "rs5m"),
    "gaia": Format("GAIA: *_data.json", "gaia"),
    "skyscript": Format("SkyScript: a .csv; meta pickles beside the pictures", "skyscript"),
    "llava": Format("RS-GPT4V and other LLaVA conversations: a .json or .jsonl", "llava", writes=True),
    "skyeye": Format("SkyEye-968k: its folder, or one of its .json", "skyeye"),
    "geopix": Format("GeoPixInstruct: a .json", "geopix", writes=True),
    "geopixeld": Format("GeoPixelD: its .json", "geopixeld"),
    "rs-rag": Format("RS-RAG (RSWK) and other messages: a .jsonl", "rs_rag"),
    "dior-rsvg": Format("DIOR-RSVG: its folder, with Annotations and train.txt", "dior_rsvg"),
    "coco": Format("COCO instances or captions: a .json", "coco", writes=True),
    "damage": Format("xBD tiles: a .zip or a folder of A, B, building, damage and meta.json; to measure by", "damage"),
    "masks": Format("Pictures with coloured masks, such as land cover: a .zip or a folder with classes.json", "masks"),
    "rasters": Format("GeoPackage, GeoJSON or shapefile of polygons; --images is a raster or a folder of them", "rasters"),
}  # fmt: skip


def read(name: str, source: Source) -> Iterator[Record]:
    """Records of a data set, one after the other.

    Raises RsvlmError: bad_request for an unknown format and for files that are not of it, not_found.
    """
    if not source.path.exists():
        raise RsvlmError("not_found", f"There is no {source.path}.", "Check the path.")
    yield from import_module(f"{__name__}.{find(name).module}").read(source)


def find(name: str) -> Format:
    """Raises RsvlmError (bad_request)."""
    if name in FORMATS:
        return FORMATS[name]
    near = get_close_matches(name, FORMATS, 1)
    mend = f"Did you mean “{near[0]}”?" if near else f"Take one of {', '.join(FORMATS)}."
    raise RsvlmError("bad_request", f"There is no format “{name}”.", mend)
