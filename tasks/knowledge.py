"""The user's knowledge put in and found again: documents become vectors by any model that makes them, passages are found for
a question, a picture and a place, and what an answer cites becomes evidence.

RS-RAG (arXiv 2504.04988), around any model that answers. The library itself is in library/.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.crs import CRS

from rsvlm.geo.scene import Scene
from rsvlm.library.citing import Cited, after_passages, with_passages
from rsvlm.library.documents import LETTERS, Document, passages
from rsvlm.library.file import Entry, Library, Maker
from rsvlm.library.place import NOWHERE, WGS84, moved
from rsvlm.library.search import Findings, Passage, Query, search
from rsvlm.models.cards import get_card
from rsvlm.models.pool import Models
from rsvlm.protocol import Cancelled, Evidence, Raster, RsvlmError, Watch
from rsvlm.tasks.embed import embed
from rsvlm.tasks.libraries import open_library

GIVEN = 3  # passages to the model that answers
WORDS = (40, 20, 10, 5, 2)  # of a passage: the most that the model of the vectors reads
SEEN = 128  # pixels of a side of what a digest is made of


@dataclass(frozen=True)
class Added:
    """Documents that are new, and those that were there already."""

    added: int
    present: int
    model: str


@dataclass(frozen=True)
class Known:
    """What a model is given to answer with. library: where it comes from; maker: of the vectors by which it was found."""

    library: str
    maker: Maker
    passages: tuple[Passage, ...]
    warnings: tuple[str, ...]

    def question(self, asked: str) -> str:
        return with_passages(asked, self.passages)

    def joined(
        self, cites: Cited, text: str, evidence: Sequence[Evidence], crs: CRS | None
    ) -> tuple[str, list[Evidence]]:
        """The text as it is read, and its evidence: documents keep the numbers that they were given under, boxes follow."""
        given = len(self.passages)
        others = [replace(item, label=after_passages(item.label, given)) for item in evidence]
        return after_passages(text, given), [*(self.evidence(number, crs) for number in cites.numbers), *others]

    def evidence(self, number: int, crs: CRS | None) -> Evidence:
        """Passage `number`, from 1, as evidence on a map in `crs`; its geometry is empty where the map does not show it."""
        passage = self.passages[number - 1]
        geometry = None if passage.geometry is None or crs is None else moved(passage.geometry, WGS84, crs.to_wkt())
        text = ": ".join(part for part in (passage.title, passage.text) if part)
        return Evidence("document", geometry or NOWHERE, f"[{number}]", passage.score, text=text, source=passage.source)

    def told(self) -> dict[str, Any]:
        """For the provenance of an answer."""
        rows = [
            {
                "number": number,
                "title": item.title,
                "source": item.source,
                "score": item.score,
                "ranks": dict(item.ranks),
            }
            for number, item in enumerate(self.passages, 1)
        ]
        return {
            "library": self.library,
            "model": self.maker.model,
            "revision": self.maker.revision,
            "passages": rows,
        }


def add(path: Path, documents: Sequence[Document], model_id: str | None, models: Models, watch: Watch) -> Added:
    """Each document is kept as a whole as soon as it is ready; those that are there already are passed over.

    Raises RsvlmError: what opening a picture and embedding raise, naming the document; bad_request for a library of another
    model; cancelled.
    """
    card, new = get_card(model_id), 0
    width = embed(["place"], card.id, models, watch).vectors.shape[1]
    with Library.open_or_create(path, Maker(card.id, card.revision, width)) as library:
        for done, document in enumerate(documents):
            watch.progress(done, len(documents), "Reading documents")
            watch.check()
            if not library.has(document):
                with _naming(document):
                    entry = _entry(document, card.id, models, watch)
                new += library.add(entry)
        watch.progress(len(documents), len(documents), "Reading documents")
    return Added(new, len(documents) - new, card.id)


@contextmanager
def _naming(document: Document) -> Iterator[None]:
    """What is wrong with a picture is told with the document that it belongs to."""
    try:
        yield
    except Cancelled:
        raise
    except RsvlmError as error:
        told = (
            f"The document “{document.title or document.text[:40]}” was not added, nor what follows it: {error.message}"
        )
        raise RsvlmError(error.code, told, f"{error.hint} What came before it is kept.") from error


def find(
    path: str | Path,
    models: Models,
    watch: Watch,
    text: str = "",
    raster: Raster | None = None,
    place: dict[str, Any] | None = None,
    within_m: float | None = None,
    most: int = GIVEN,
) -> Findings:
    """place: GeoJSON in longitude and latitude; default: that of the raster.

    Raises RsvlmError: what opening the library and the raster raise, unknown_model, bad_request, cancelled.
    """
    if not text.strip() and raster is None and place is None:
        raise RsvlmError("bad_request", "There is nothing to search for.", "Give words, a picture or a place.")
    with open_library(path) as library:
        maker = library.maker
        text_vector = _asked(text, maker.model, models, watch) if text.strip() else None
        image_vector, digests = None, frozenset[str]()
        if raster is not None:
            image_vector = embed([raster], maker.model, models, watch).vectors[0]
            digests = frozenset({digest(raster), digest(_all_of(raster))})
            place = place or footprint(raster)
        if within_m is not None and place is None:
            raise RsvlmError("bad_request", "There is no place to be near to.", "Give one, or a georeferenced raster.")
        watch.check()
        return search(library, Query(text, text_vector, image_vector, place, within_m, digests), most)


def known(path: str, question: str, raster: Raster, models: Models, watch: Watch) -> Known:
    """Passages for a question about a raster. Raises as `find` does."""
    watch.progress(0, 1, "Looking up")
    found = find(path, models, watch, question, raster)
    warnings = []
    if not found.passages:
        warnings.append("The library holds nothing to answer with; the answer rests on the picture alone.")
    if found.left_out:
        warnings.append(
            "A document whose picture is the one that is asked about was left out; it counts as no knowledge."
        )
    return Known(Path(path).name, found.maker, tuple(found.passages), tuple(warnings))


def digest(raster: Raster) -> str:
    """Tells what a raster shows: equal for equal pixels, whatever the file is called and wherever it lies."""
    with Scene.open(raster) as scene:
        view = scene.view(scene.extent, (SEEN, SEEN))
        content = np.ascontiguousarray(view.pixels).tobytes() + np.ascontiguousarray(view.valid).tobytes()
        return blake2b(content, digest_size=20).hexdigest()


def footprint(raster: Raster) -> dict[str, Any] | None:
    """GeoJSON in longitude and latitude; None without a CRS, or with a local one."""
    with Scene.open(raster) as scene:
        if scene.crs is None:
            return None
        x0, y0, x1, y1 = scene.extent
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
        return moved({"type": "Polygon", "coordinates": [ring]}, scene.crs.to_wkt(), WGS84)


def _all_of(raster: Raster) -> Raster:
    """Without a part or bands that were chosen: as it would lie in a library."""
    return Raster(href=raster.href, data=raster.data, transform=raster.transform, crs=raster.crs, name=raster.name)


def _entry(document: Document, model: str, models: Models, watch: Watch) -> Entry:
    """With the place of its picture, if the document names none."""
    parts, vectors = _parts(document, model, models, watch)
    if document.image is None:
        return Entry(document, parts, vectors, geometry=document.geometry)
    picture = Raster(href=document.image)
    image = embed([picture], model, models, watch).vectors[0]
    return Entry(document, parts, vectors, image, digest(picture), document.geometry or footprint(picture))


def _parts(document: Document, model: str, models: Models, watch: Watch) -> tuple[list[str], np.ndarray]:
    """Passages as long as the model reads them whole, and their vectors; the title goes with each."""
    for words in WORDS:
        parts = passages(document.text, words)
        try:
            told = [". ".join(filter(None, (document.title, part))) for part in parts]
            return parts, embed(told, model, models, watch).vectors
        except RsvlmError as error:
            if error.code != "too_large":
                raise
    raise RsvlmError(
        "too_large", f"The title of “{document.title[:40]}” is longer than {model} reads.", "Give it a shorter one."
    )


def _asked(text: str, model: str, models: Models, watch: Watch) -> np.ndarray:
    """The vector of a question: of its beginning, if the model reads no more."""
    text = " ".join(text.split())
    for told in (text, *(" ".join(text.split()[:words])[: words * LETTERS] for words in WORDS)):
        try:
            return np.asarray(embed([told], model, models, watch).vectors[0])
        except RsvlmError as error:
            if error.code != "too_large":
                raise
    raise RsvlmError("too_large", f"The question is longer than {model} reads.", "Ask in fewer words.")
