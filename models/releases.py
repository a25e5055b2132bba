"""How the weights of each family lie on disk where they are released, and what reads them. Data alone, no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

READABLE = (".safetensors", ".pt", ".pth", ".tar", ".bin")  # .tar: of .pth.tar
LANGUAGE_TEXTS = ("config.json", "tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt")


@dataclass(frozen=True)
class Release:
    """module: of models/families, with convert_FAMILY(folder, tensors by official key), which writes our files.

    texts: what a family reads beside the weights where it is there, * for any name; None = config.json and tokenizer.json,
    which must be there. parts: folders beside the weights with what a released checkpoint leaves out; their keys begin
    with the folder's name and a dot. places: files and folders of a release in many files, whose keys begin with that name
    and a slash; known by the first of them. pickled: the module has read_release(path) for pickles that hold more than
    tensors. as_it_is: the module has take_in(folder, ours, name) instead, which copies a folder that holds data alone.
    """

    module: str
    texts: tuple[str, ...] | None = None
    parts: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    pickled: bool = False
    as_it_is: bool = False

    def function(self, name: str) -> Callable[..., Any]:
        """Imports torch: only for the process that reads."""
        found: Callable[..., Any] = getattr(import_module(f"rsvlm.models.families.{self.module}"), name)
        return found


def _below(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


RELEASES = {
    "compact": Release("compact.files"),
    "capret": Release(
        "capret.files",
        ("config.json", "tokenizer.json", "visual_model/config.json", *_below("lm", *LANGUAGE_TEXTS)),
        parts=("visual_model", "lm"),
    ),
    "deltavlm": Release(
        "deltavlm.files",
        (
            "config.json", "tokenizer.json", *_below("llm_model", *LANGUAGE_TEXTS),
            *_below("query_tokenizer", "tokenizer.json", "vocab.txt"),
        ),
        parts=("visual_encoder", "llm_model"),
    ),
    "gaia": Release(
        "gaia.files",
        ("config.json", "tokenizer.json", *_below("opt_model", *LANGUAGE_TEXTS)),
        parts=("visual_encoder", "opt_model"),
    ),
    "geoclip": Release("geoclip.files", ("config.json", "open_clip_config.json")),
    "geopix": Release(
        "geopix.files",
        (
            "config.json", "tokenizer.json", "tokenizer.model",
            *_below("vlm", "config.json", "vision/config.json", "text/config.json"),
        ),
        places=(
            "vlm", "seg", "pec", "clm", "image_neck_rough.pth", "image_neck_detail.pth", "text_hidden_fcs.pth",
            "multiseg_scalar.pth", "multiscale_scalar.pth",
        ),
    ),
    "huggingface": Release("huggingface.release", as_it_is=True),
    "mmodalcc": Release("mmodalcc.release", ("config.json", "tokenizer.json", "WORDMAP*.json"), pickled=True),
    "rsgpt4v": Release(
        "rsgpt4v.files",
        ("config.json", "tokenizer.json", *_below("language_model", *LANGUAGE_TEXTS)),
        parts=("vision_tower", "language_model"),
    ),
    "rsmoe": Release("rsmoe.files", ("config.json", "tokenizer.json", *_below("language_model", *LANGUAGE_TEXTS))),
    "skyeye": Release(
        "skyeye.files",
        ("config.json", "tokenizer.json", *_below("llama_model", *LANGUAGE_TEXTS)),
        parts=("visual_encoder", "llama_model"),
    ),
}  # fmt: skip


def files_beside(weights: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights in each folder of a family's parts."""
    folders = {name: weights.parent / name for name in RELEASES[family].parts if (weights.parent / name).is_dir()}
    return {name: weights_in(folder) for name, folder in folders.items()}


def files_of_release(release: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights at each of a family's places; safetensors alone where a folder has both kinds."""
    found = {}
    for name in RELEASES[family].places:
        place = release / name
        inside = weights_in(place) if place.is_dir() else [place]
        safe = [file for file in inside if file.suffix == ".safetensors"]
        found[name] = [file for file in safe or inside if file.is_file()]
    return found


def weights_in(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.iterdir()) if file.suffix in READABLE]
