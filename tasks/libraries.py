"""The library that a request names: on this machine, whole, and made by a model that is here. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from rsvlm.library.file import Library, elsewhere
from rsvlm.models.cards import load_cards
from rsvlm.protocol import RsvlmError

AGAIN = "make the library again from its documents with “rsvlm knowledge add”."


def open_library(path: str | Path) -> Library:
    """A context manager. Raises RsvlmError: bad_request, forbidden, not_found, unknown_model (that made its vectors)."""
    library = Library.open(_local(str(path)))
    maker = library.maker
    card = load_cards().get(maker.model)
    name = Path(path).name
    if card is not None and card.revision == maker.revision:
        return library
    library.close()
    if card is None:
        raise RsvlmError(
            "unknown_model",
            f"The library {name} was made with the model {maker.model}, which is not here.",
            f"Bring that model in (“rsvlm models list”), or {AGAIN}",
        )
    raise RsvlmError(
        "bad_request",
        f"The library {name} was made with revision {maker.revision} of {maker.model}; here is {card.revision}.",
        f"Bring that revision in, or {AGAIN}",
    )


def _local(path: str) -> Path:
    """Raises RsvlmError (bad_request, forbidden) for what is no path on this machine."""
    if not path.strip() or "\0" in path:
        raise RsvlmError("bad_request", "The path of the library is empty or malformed.", "Give the path of a .gpkg.")
    if "://" in path:
        raise elsewhere()
    return Path(path)
