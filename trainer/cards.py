"""The card of a model that was trained here: what its base's card says, what it has learnt since, and how good it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from safetensors.torch import load

from rsvlm.models.cards import FILE, Calibration, ModelCard, Source, files_in, get_card
from rsvlm.models.releases import RELEASES
from rsvlm.models.weights import WEIGHTS
from rsvlm.trainer.recipe import Recipe

SCENES = ("vision", "heads")  # parts that calibrated probabilities of classes come from
PRESENCE = {
    "present",
    "named",
    "outlined",
}  # of a calibration: what tells whether something is there at all
OWN = {"id", "title", "source", "trained_on", "figures", "terms"}


class Made(ModelCard):
    """A card of files that lie in `place`, which need not be the folder of all models."""

    place: Path

    @property
    def folder(self) -> Path:
        return self.place


def made_card(
    folder: Path, recipe: Recipe, parts: Mapping[str, Collection[str]], trained: Collection[str], sources: Sequence[str]
) -> Made:
    """parts: of the learner; trained: names of parameters; sources: what it has learnt from, in words."""
    known = _of_base(recipe) if recipe.model.id else _of_new(folder, recipe)
    scenes = [pattern for name in SCENES for pattern in parts.get(name, ())]
    if any(fnmatchcase(name.replace(".base_layer.", "."), pattern) for name in trained for pattern in scenes):
        known.pop("calibration", None)
    elif trained and "calibration" in known:  # it was fitted on what the model said of phrases before
        known["calibration"] |= Calibration().model_dump(include=PRESENCE)
    learnt = tuple(f"fine-tuned on {source}" if recipe.model.id else source for source in sources)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    files = files_in(folder, tuple(name for name in names if re.match(FILE, name)))
    return Made.model_validate({
        **known,
        "id": recipe.id or valid(recipe.name),
        "trained_on": (*known["trained_on"], *learnt),
        "source": Source(files=tuple(files)),
        "place": folder,
    })  # fmt: skip


def valid(name: str) -> str:
    """An id that is like a name."""
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
    return f"{found}-model".lstrip("-") if re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d|default|", found) else found


def _of_base(recipe: Recipe) -> dict[str, Any]:
    base = get_card(recipe.model.id)
    terms = (
        f"{base.terms} Fine-tuned from {base.id}; the terms of the data that it was fine-tuned on come on top.".strip()
    )
    return {
        **base.model_dump(exclude=OWN),
        "title": f"{recipe.name} (from {base.title})",
        "terms": terms,
        "trained_on": base.trained_on,
    }


def _of_new(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """What the family can tell of files of its own."""
    family = str(recipe.model.family)
    convert = RELEASES[family].function(f"convert_{family}")
    return {
        **convert(folder, load((folder / WEIGHTS).read_bytes()))["card"],
        "family": family,
        "title": recipe.name,
        "licence": "not stated",
        "terms": "Trained here; the terms of the data that it was trained on apply.",
        "trained_on": (),
    }
