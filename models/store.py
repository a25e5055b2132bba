"""The user's folder of models: download, remove. Bytes only; nothing that was fetched is ever run. No torch.

Files are gathered in a hidden folder beside their place, go on there after a break, and move once all are whole: a model
is there or it is not.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from rsvlm.models.cards import CHUNK, File, ModelCard
from rsvlm.models.fetching import on_hub, pieces
from rsvlm.models.folders import models_folder
from rsvlm.models.safety import check_folder
from rsvlm.protocol import RsvlmError, Watch

ACCEPTED = "licence.json"  # beside the model: which licence the user accepted, and when
PART = ".part-"  # folder of a download that is not complete, followed by the revision
SPARE = 100_000_000  # bytes that are to stay free on the disk


def download(card: ModelCard, watch: Watch, accepted: bool, origin: Path | None = None) -> None:
    """Bring the files of a model into its folder; what is whole stays, what was begun goes on.

    watch: told of bytes. accepted: the user has read the licence and accepts it; not needed again for the same licence.
    origin: a folder that the files are copied from, instead of the network.
    Raises RsvlmError: bad_request (nothing to download, licence not accepted, not in the folder), unavailable (network,
    disk), busy, model_failed (not the files of the card, or refused), Cancelled (what was begun is kept).
    """
    if not card.source.downloadable:
        raise RsvlmError(
            "bad_request", f"The model {card.id} is not one to download.", "“rsvlm models list” tells which models are."
        )
    if card.source.accept_licence and not accepted and not licence_accepted(card):
        raise RsvlmError(
            "bad_request",
            f"The model {card.id} may be downloaded only by who accepts its licence: {card.licence}.",
            f"Read it with “rsvlm models show {card.id}”, then add --accept-licence.",
        )
    missing = set(card.altered())
    try:
        card.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(card.folder / ".lock", timeout=0):
            if accepted:
                _record_acceptance(card)
            _gather(card, [file for file in card.source.files if file.name in missing], watch, origin)
    except Timeout as error:
        raise RsvlmError(
            "busy", f"The model {card.id} is being downloaded by another program.", "Wait until that is done."
        ) from error
    except OSError as error:
        raise _disk_error(error) from error


def licence_accepted(card: ModelCard) -> bool:
    """Whether the user has accepted the licence that the card names today."""
    try:
        return json.loads((card.folder / ACCEPTED).read_bytes())["licence"] == card.licence
    except (OSError, ValueError, LookupError, TypeError):
        return False


def remove(card: ModelCard) -> int:
    """Delete the folder of a model that was downloaded or imported; returns how many bytes got free.

    Raises RsvlmError: bad_request (it ships with the program, or is not there), unavailable (in use).
    """
    if card.source.path:
        raise RsvlmError(
            "bad_request", f"The model {card.id} ships with rsvlm and stays.", "Models that were added can be removed."
        )
    folder = models_folder() / card.id
    if not folder.is_dir():
        raise RsvlmError("bad_request", f"The model {card.id} is not installed.", "There is nothing to remove.")
    if folder.is_symlink():
        folder.unlink()  # what it leads to does not lie below the folder of models
        return 0
    freed = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    leaving = folder.with_name(f".removed-{card.id}")
    try:
        for left in folder.parent.glob(".removed-*"):  # by a removal that was interrupted, of whichever model
            shutil.rmtree(left)
        folder.rename(leaving)  # out of sight first: an interrupted removal leaves no half a model
        shutil.rmtree(leaving)
    except OSError as error:
        raise RsvlmError(
            "unavailable",
            f"The model {card.id} could not be removed, because its files are in use or protected.",
            "Stop the backend, then try again.",
        ) from error
    return freed


def _gather(card: ModelCard, missing: list[File], watch: Watch, origin: Path | None) -> None:
    parts = card.folder / f"{PART}{card.revision}"
    parts.mkdir(exist_ok=True)
    there = sum((parts / file.name).stat().st_size for file in missing if (parts / file.name).exists())
    needed = sum(file.size_bytes for file in missing) - there + SPARE
    free = shutil.disk_usage(parts).free
    if free < needed:
        raise RsvlmError(
            "unavailable",
            f"The model {card.id} needs {needed / 1e6:,.0f} MB on the disk, and {free / 1e6:,.0f} MB are free.",
            "Free some space, or name a folder on another disk in RSVLM_MODELS.",
            {"needed_bytes": needed, "free_bytes": free},
        )
    done = card.size_bytes - sum(file.size_bytes for file in missing)
    for file in missing:
        _fill(card, file, parts / file.name, watch, done, origin)
        done += file.size_bytes
    check_folder(parts, card.id, "Look for a newer rsvlm.")
    for file in missing:
        (card.folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        (parts / file.name).replace(card.folder / file.name)
    for old in card.folder.glob(f"{PART}*"):
        shutil.rmtree(old)


def _fill(card: ModelCard, file: File, part: Path, watch: Watch, before: int, origin: Path | None) -> None:
    """Bring what `part` still lacks of a file, and hold all of it against the checksum. before: bytes of other files."""
    part.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with part.open("a+b") as stream:
        stream.seek(0)
        while begun := stream.read(CHUNK):
            digest.update(begun)
        here = stream.tell()
        watch.progress(before + here, card.size_bytes, file.name)
        if here < file.size_bytes:
            for offset, piece in (
                _copied(file, here, origin) if origin else pieces(_address(card, file), here, file.size_bytes)
            ):
                watch.check()
                if offset != here:  # the server could only begin again
                    stream.truncate(0)
                    digest = hashlib.sha256()
                stream.write(piece)
                digest.update(piece)
                here = offset + len(piece)
                if here > file.size_bytes:
                    break
                watch.progress(before + here, card.size_bytes, file.name)
    if here != file.size_bytes or digest.hexdigest() != file.sha256:
        part.unlink()
        raise RsvlmError(
            "model_failed",
            f"The file {file.name} that came is not the one that the card of {card.id} names.",
            "Try again; if it stays so, its place holds another release or an altered one.",
        )


def _address(card: ModelCard, file: File) -> str:
    if file.url or not card.source.repository or not card.source.revision:
        return file.url or ""
    return on_hub(card.source.repository, card.source.revision, file.name)


def _copied(file: File, start: int, origin: Path) -> Iterator[tuple[int, bytes]]:
    try:
        source = (origin / file.name).open("rb")
    except OSError as error:
        raise RsvlmError(
            "bad_request",
            f"The folder {origin} has no file {file.name}.",
            "Copy all files that the card names into it.",
        ) from error
    with source:
        source.seek(start)
        while piece := source.read(CHUNK):
            yield start, piece
            start += len(piece)


def _record_acceptance(card: ModelCard) -> None:
    when = datetime.now(timezone.utc).isoformat(timespec="seconds")
    record = {
        "model": card.id,
        "revision": card.revision,
        "licence": card.licence,
        "terms": card.terms,
        "accepted": when,
    }
    part = card.folder / f"{ACCEPTED}.part"
    part.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    part.replace(card.folder / ACCEPTED)


def _disk_error(error: OSError) -> RsvlmError:
    if error.errno == errno.ENOSPC:
        return RsvlmError(
            "unavailable",
            "The disk is full; what was downloaded is kept.",
            "Free some space, or name a folder on another disk in RSVLM_MODELS, then repeat the command.",
        )
    return RsvlmError(
        "unavailable",
        f"The folder of models {models_folder()} cannot be written, or a file in it is in use.",
        "Make it writable or stop the backend, or name another folder in RSVLM_MODELS.",
    )
