"""How the weights of each family lie on disk where they are released, and what reads them. Data alone, no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

READABLE = (".safetensors", ".pt", ".pth", ".tar", ".bin")  # .tar: of .pth.tar
WHOLE = ("model.safetensors", "pytorch_model.bin")  # all weights, as transformers calls the file
INDEXES = tuple(f"{name}.index.json" for name in WHOLE)  # of weights in several files
ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")  # as peft calls them
BESIDE_ADAPTER = ("non_lora_trainables.bin",)  # what LLaVA's training saves beside one
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

    def lies_in(self, path: Path) -> bool:
        """Whether `path` is the folder of a release in many places."""
        return bool(self.places) and (path / self.places[0]).is_dir()


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
        (
            *LANGUAGE_TEXTS, "adapter_config.json", "vision_tower/config.json",
            *_below("language_model", *LANGUAGE_TEXTS),
        ),
        parts=("vision_tower", "language_model"),
    ),
    "rsmoe": Release(
        "rsmoe.files",
        ("config.json", "tokenizer.json", *_below("language_model", *LANGUAGE_TEXTS)),
        parts=("visual_encoder", "language_model"),
    ),
    "skyeye": Release(
        "skyeye.files",
        ("config.json", "tokenizer.json", *_below("llama_model", *LANGUAGE_TEXTS)),
        parts=("visual_encoder", "llama_model"),
    ),
}  # fmt: skip


def release_of(family: str) -> Release:
    """Raises RsvlmError (bad_request) for a family that is not known."""
    if family not in RELEASES:
        known = ", ".join(RELEASES)
        raise RsvlmError("bad_request", f"Models of the family “{family}” cannot be imported.", f"Families: {known}.")
    return RELEASES[family]


def files_beside(weights: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights in each folder of a family's parts. weights: a file, or the folder of one in several."""
    beside = weights.parent if weights.is_file() else weights
    return {name: weights_in(beside / name) for name in RELEASES[family].parts if (beside / name).is_dir()}


def files_of_release(release: Path, family: str) -> dict[str, list[Path]]:
    """The files of weights at each of a family's places."""
    found = {name: release / name for name in RELEASES[family].places}
    return {
        name: weights_in(place) if place.is_dir() else [place] if place.is_file() else []
        for name, place in found.items()
    }


def weights_in(folder: Path) -> list[Path]:
    """The files of one model's weights; safetensors alone where a folder has both kinds. Raises as named_weights does."""
    every = readable(folder)
    return named_weights(folder) or [file for file in every if file.suffix == ".safetensors"] or every


def named_weights(folder: Path) -> list[Path]:
    """The files that an index names, or an adapter and what was trained beside it; none where there is neither.

    An index whose files are not there is passed over where there is something else: another index, an adapter, all in one
    file. Raises RsvlmError: bad_request (one of them is not there), model_failed (the index is broken).
    """
    lacking: RsvlmError | None = None
    for index in (folder / name for name in INDEXES if (folder / name).is_file()):
        try:
            return [folder / name for name in indexed(index)]
        except RsvlmError as error:
            if error.code != "bad_request":
                raise
            lacking = lacking or error
    adapter = [folder / name for name in ADAPTERS if (folder / name).is_file()][:1]
    named = [*adapter, *(folder / name for name in BESIDE_ADAPTER if adapter and (folder / name).is_file())]
    if lacking and not named:
        named = [folder / name for name in WHOLE if (folder / name).is_file()][:1]
        if not named:
            raise lacking
    return named


def indexed(index: Path) -> list[str]:
    """Names of the files that an index of transformers spreads weights over. Raises as named_weights does."""
    again = "Get the folder again, as it was released."
    spread = read_config(index, index.parent.name, again).get("weight_map")
    names = sorted({str(name) for name in spread.values()}) if isinstance(spread, dict) else []
    lacking = [name for name in names if Path(name).name != name or not (index.parent / name).is_file()]
    if lacking or not names:
        raise RsvlmError(
            "bad_request",
            f"The folder {index.parent} holds no {lacking[0][:60]}, which its {index.name} names."
            if lacking
            else f"The index {index.name} in {index.parent} names no files of weights.",
            again,
        )
    return names


def readable(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.iterdir()) if file.suffix in READABLE]
