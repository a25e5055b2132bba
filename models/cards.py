"""Model cards: what a model is, where its weights come from and lie, what it may be used for, how good it was measured.

A card is data; adding a model of a known family is adding a card. Those that ship are resources/models/*.toml; the
user's are card.toml in the model's own folder, beside its weights (see folders.py). Imports no torch.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rsvlm.models.folders import models_folder
from rsvlm.protocol import RsvlmError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RESOURCES = Path(__file__).resolve().parents[1] / "resources" / "models"
BUNDLED = "compact"
CARD = "card.toml"  # a user's card, in the folder of its model
CHUNK = 1 << 20  # bytes read at a time for a checksum

# A model's id is the name of its folder: small letters, digits and single . _ - between them; no device of Windows.
ID = r"^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|\Z))(?!default\Z)[a-z0-9]+([._-][a-z0-9]+)*\Z"
# Tensors and text, below the model's folder; nothing that could hold a program.
FILE = r"^([A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*\.(safetensors|json|txt|model|jinja)\Z"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re")


class Input(Strict):
    """What the model looks at. pixels: along the short side of one view; gsd_range_m: metres per pixel of that view."""

    bands: str
    pixels: int
    gsd_range_m: tuple[float, float]
    sensors: tuple[str, ...]


class Figure(Strict):
    """One measured figure and the command that measures it again."""

    data: str
    protocol: str
    metric: str
    value: float
    n: int
    command: str


class Calibration(Strict):
    """scene_temperature: divides scene logits; unsure_below: probability under which a class is called a guess.

    familiar_from: familiarity under which a picture counts as unlike the training data, so that its classes are guesses.
    fine_gsd_m: classes in fine_scenes were seen at finer ground sample distances only and are ruled out above it.
    Log-odds that what a phrase names is there at all (families/compact/presence.py): `present` weighs the model's own, those of
    the mask's surest pixel, and, in pictures that are familiar, how alike picture and phrase are, and one; the last is added.
    Of phrases without a name in `outlined`, those that were learnt with outlines (none: all were), `named` weighs the likeness;
    the last is added.
    changes: things, in the singular, whose coming and going between two dates is told, and the phrase that outlines each.
    What was never calibrated is cautious: every class is a guess.
    """

    scene_temperature: float = 1.0
    unsure_below: float = 1.0
    familiar_from: float = -1.0
    present: tuple[float, float, float, float, float] = (1.0, 0.0, 0.0, 0.0, 0.0)
    named: tuple[float, float] = (0.0, 0.0)
    outlined: tuple[str, ...] = ()
    changes: dict[str, str] = {}
    fine_gsd_m: float = 0.0
    fine_scenes: tuple[str, ...] = ()


class File(Strict):
    """One file of a model. name: below its folder; url: where it comes from if that is not the model hub."""

    name: Annotated[str, Field(pattern=FILE)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\Z")]
    size_bytes: Annotated[int, Field(ge=0)]
    url: Annotated[str, Field(pattern=r"^https://[^\s@]+\Z")] | None = None


class Source(Strict):
    """Where the files come from: `path`, a folder below resources/models that ships with the program; or `repository`
    on the model hub at the commit `revision`, or the `url` of each file; or none of them for a model that was imported.

    accept_licence: the licence has to be accepted before the download.
    """

    files: Annotated[tuple[File, ...], Field(min_length=1)]
    path: Annotated[str, Field(pattern=r"^[a-z0-9_-]+\Z")] | None = None
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")] | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}\Z")] | None = None
    accept_licence: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.repository is None) != (self.revision is None):
            raise ValueError("a repository and its revision are given together")
        if self.path and self.downloadable:
            raise ValueError("files that ship with the program are not downloaded")
        if any(file.url for file in self.files) and not self.repository and not all(file.url for file in self.files):
            raise ValueError("some files have no place to come from")
        if len({file.name.casefold() for file in self.files}) != len(self.files):
            raise ValueError("two files have one name")
        if not any(file.name.endswith(".safetensors") for file in self.files):
            raise ValueError("no weights among the files")
        return self

    @property
    def downloadable(self) -> bool:
        return self.repository is not None or any(file.url for file in self.files)


class Clip(Strict):
    """What the weights of the family geoclip do not tell.

    architecture: one that open_clip knows by this name; None where config.json has the sizes in open_clip's words.
    averaging: how the sentences on a class become one vector (see parts/prompt_averaging.py). templates: these sentences,
    {} for the class.
    """

    architecture: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*\Z")] | None = None
    quick_gelu: bool
    averaging: Literal["raw", "unit"]
    templates: Annotated[tuple[Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*\Z")], ...], Field(min_length=1)]


class ModelCard(Strict):
    """A model as users and programs see it.

    tasks: what it can do: names of tasks, and "change_ask" (questions on two dates), "change_masks" (where they differ).
    prompts: templates of questions by kind, with {text} where the question or phrase stands (see prompts.py).
    boxes: how it writes boxes, a name of boxes.py; box_convention: the same for people. dialogue: reads earlier turns.
    scenes: class name -> noun phrase, of a model that tells scenes apart; calibration: of those classes.
    groups: noun phrase of a wider class -> classes in it, to say at least that much where no single class is likely.
    """

    id: Annotated[str, Field(pattern=ID, max_length=64)]
    family: str
    title: str
    tasks: tuple[str, ...]
    licence: str
    terms: str
    citation: str = ""
    memory_bytes: int
    prompt_template: str
    prompts: dict[str, str] = {}
    box_convention: str
    boxes: Literal["percent", "rotated", "thousand", "florence", "paligemma"] | None = None
    dialogue: bool = False
    trained_on: tuple[str, ...]
    source: Source
    input: Input
    clip: Clip | None = None
    calibration: Calibration = Calibration()
    scenes: dict[str, str] = {}
    groups: dict[str, tuple[str, ...]] = {}
    figures: tuple[Figure, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the files lie, or will lie after a download."""
        return RESOURCES / self.source.path if self.source.path else models_folder() / self.id

    @property
    def revision(self) -> str:
        """First digits of the pinned commit, or of the checksum of the weights: other weights are another revision."""
        found = [file for file in self.source.files if file.name.endswith(".safetensors")]
        weights = min(found, key=lambda file: file.name.count("/"))  # not those of a SAM in a folder of its own
        return (self.source.revision or weights.sha256)[:12]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.source.files)

    @property
    def installed(self) -> bool:
        """Whether all files are there; `verify` looks into them."""
        return all((self.folder / file.name).is_file() for file in self.source.files)

    @property
    def mend(self) -> str:
        """The next step where files are missing, altered or broken."""
        if self.source.path:
            return "Install rsvlm again."
        if self.source.downloadable:
            return f"Run “rsvlm models download {self.id}”."
        return f"Run “rsvlm models remove {self.id}” and import it again."

    def altered(self) -> tuple[str, ...]:
        """Names of the files that are missing, cannot be read, or are not those that the card speaks of."""
        return tuple(file.name for file in self.source.files if not _is_whole(self.folder / file.name, file))

    def verify(self) -> bool:
        """Whether the files on disk are those that the card speaks of."""
        return not self.altered()


def _is_whole(path: Path, file: File) -> bool:
    try:
        return path.stat().st_size == file.size_bytes and sha256(path) == file.sha256
    except OSError:
        return False


def files_in(
    folder: Path, names: tuple[str, ...] = ("model.safetensors", "config.json", "tokenizer.json")
) -> list[File]:
    """What a card says of files that lie in `folder`."""
    return [File(name=name, sha256=sha256(folder / name), size_bytes=(folder / name).stat().st_size) for name in names]


def sha256(path: Path) -> str:
    """Checksum of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Cards:
    """All cards by id, and a sentence for each card of the user's that cannot be used."""

    by_id: dict[str, ModelCard]
    problems: tuple[str, ...]


def load_cards() -> dict[str, ModelCard]:
    """All cards by id, those that ship first. Raises RsvlmError (model_failed) naming one of these that is broken."""
    return dict(_cards().by_id)


def card_problems() -> tuple[str, ...]:
    """A sentence for each card in the user's folder of models that cannot be used."""
    return _cards().problems


def get_card(model_id: str | None) -> ModelCard:
    """The card of `model_id`; None and "default" mean the bundled model. Raises RsvlmError (unknown_model)."""
    wanted = BUNDLED if model_id in (None, "default") else model_id
    cards = load_cards()
    if wanted not in cards:
        known = ", ".join(cards)
        raise RsvlmError("unknown_model", f"There is no model called “{wanted}”.", f"There are: {known}.")
    return cards[wanted]


def able_card(model_id: str | None, task: str, told: str) -> ModelCard:
    """The card of `model_id`, whose model can do `task`, which is called `told` to the user.

    Raises RsvlmError: unknown_model; bad_request naming the models that can, if this one cannot.
    """
    card = get_card(model_id)
    if task in card.tasks:
        return card
    able = [other for other in load_cards().values() if task in other.tasks]
    here = [other.id for other in able if other.installed]
    if here:
        hint = f"Choose one that can: {', '.join(here)}."
    elif able:
        hint = f"Download one that can: {', '.join(other.id for other in able)}."
    else:
        hint = "None of the models here can; import or download one (“rsvlm models list”)."
    raise RsvlmError("bad_request", f"The model {card.id} cannot {told}.", hint)


def _cards() -> _Cards:
    """Read again only when a card came, went or was written: a listing is asked for with every request."""
    stamps = []
    for path in (*sorted(RESOURCES.glob("*.toml")), *sorted(models_folder().glob(f"*/{CARD}"))):
        try:
            state = path.stat()
        except OSError:  # removed meanwhile
            continue
        stamps.append((path, state.st_mtime_ns, state.st_size, state.st_ino))
    return _read_all(tuple(stamps))


@lru_cache(maxsize=1)
def _read_all(stamps: tuple[tuple[Path, int, int, int], ...]) -> _Cards:
    cards: dict[str, ModelCard] = {}
    problems = []
    for path, *_ in stamps:
        if path.name == CARD and path.parent.name.startswith("."):
            continue  # a model on its way in or out
        try:
            card = read_user_card(path, set(cards)) if path.name == CARD else read_card(path, "Install rsvlm again.")
        except RsvlmError as error:
            if path.name != CARD:
                raise
            problems.append(f"{error.message} {error.hint}")
            continue
        cards[card.id] = card
    return _Cards(cards, tuple(problems))


def read_card(path: Path, hint: str) -> ModelCard:
    """Raises RsvlmError (model_failed) naming the file, and the place in it that is wrong."""
    name = path.name if path.name != CARD else f"{path.parent.name}/{CARD}"
    try:
        return ModelCard.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        told = (
            f"The model card {name} cannot be read: look at “{where}”." if where else f"The model card {name} is wrong."
        )
        raise RsvlmError("model_failed", told, hint) from error
    except (OSError, ValueError) as error:  # not readable, no UTF-8 or no TOML
        raise RsvlmError("model_failed", f"The model card {name} cannot be read.", hint) from error


def read_user_card(path: Path, taken: set[str]) -> ModelCard:
    """A card in the user's folder of models. Raises RsvlmError (model_failed) for one that cannot be used.

    taken: ids of other cards.
    """
    hint = "Mend it, or remove its folder."
    card = read_card(path, hint)
    name = f"{path.parent.name}/{CARD}"
    if card.id != path.parent.name:
        raise RsvlmError("model_failed", f"The model card {name} is of “{card.id}”, unlike its folder.", hint)
    if card.source.path:
        raise RsvlmError("model_failed", f"The model card {name} says that its files ship with rsvlm.", hint)
    if card.id in taken:
        raise RsvlmError(
            "model_failed", f"The model card {name} takes the name of a model that ships with rsvlm.", hint
        )
    return card


def valid_id(model_id: str) -> bool:
    """Whether a model may be called so: the id is the name of its folder as well."""
    return len(model_id) <= 64 and re.match(ID, model_id) is not None
