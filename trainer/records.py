"""Training records as files: JSON lines that are read where they stand, and written so that a crash loses nothing.

Their schema is protocol's Record. A relative href is relative to the folder of the file. Opens no picture.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, overload

import numpy as np
from filelock import FileLock, Timeout

from rsvlm.protocol import Record as Record
from rsvlm.protocol import RsvlmError

_BLOCK = 2**16


class Records(Sequence[Record]):
    """Records of a JSONL file by number. Only the places of its lines are kept, 8 bytes for each, and empty lines are none.

    Every access opens the file anew, so that worker processes and threads can share one. A line that is no record is told
    with its number when it is read: RsvlmError (bad_request). Raises not_found where there is no file.
    """

    def __init__(self, path: Path, starts: np.ndarray | None = None) -> None:
        """starts: (n,) int64, bytes from the file's beginning to each record's line; None = all of them."""
        self.path = path.absolute()
        self._starts = _line_starts(self.path) if starts is None else starts

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Records: ...
    def __getitem__(self, at: int | slice) -> Record | Records:
        if isinstance(at, slice):
            return Records(self.path, self._starts[at])
        start = int(self._starts[at])
        with self.path.open("rb") as file:
            file.seek(start)
            return self._record(file.readline(), start)

    def __iter__(self) -> Iterator[Record]:
        with self.path.open("rb") as file:
            for start in self._starts:
                if file.tell() != start:
                    file.seek(start)
                yield self._record(file.readline(), int(start))

    def pick(self, numbers: Sequence[int]) -> Records:
        """Those of these numbers."""
        return Records(self.path, self._starts[list(numbers)])

    def select(self, split: str | None = None, tasks: Collection[str] = ()) -> Records:
        """Those of a split and of some tasks, None and () = all; every line is read for it once."""
        starts = array("q")
        for start, record in zip(self._starts, self, strict=True):
            if (split is None or record.split == split) and (not tasks or record.task in tasks):
                starts.append(start)
        return Records(self.path, np.frombuffer(starts, np.int64))

    def _record(self, line: bytes, start: int) -> Record:
        try:
            return located(Record.from_json(json.loads(line)), self.path.parent)
        except RsvlmError as error:
            where, mend = self._where(start), error.hint
            raise RsvlmError(error.code, f"{where}: {error.message}", mend) from error
        except ValueError as error:
            raise RsvlmError(
                "bad_request",
                f"{self._where(start)} is no JSON.",
                "Mend it, or leave it out with “rsvlm data convert records”.",
            ) from error

    def _where(self, start: int) -> str:
        with self.path.open("rb") as file:
            before = sum(file.read(min(_BLOCK, start - at)).count(b"\n") for at in range(0, start, _BLOCK))
        return f"Line {before + 1} of {self.path.name}"


def _line_starts(path: Path) -> np.ndarray:
    """(n,) int64: where the lines begin that are not empty."""
    try:
        with path.open("rb") as file:
            most = sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b"")) + 1
            file.seek(0)
            starts = np.empty(most, np.int64)  # of its final size at once: growing takes as much again
            found = at = 0
            for line in file:
                if not line.isspace():
                    starts[found] = at
                    found += 1
                at += len(line)
    except OSError as error:
        raise RsvlmError(
            "not_found",
            f"The file {path} cannot be read.",
            "Check the path; in a recipe it begins at the folder of --data.",
        ) from error
    return starts[:found]


def located(record: Record, folder: Path) -> Record:
    """With hrefs, and those of its maps (meta), that hold wherever one is: the relative ones are from `folder` on."""
    maps = record.meta.get("maps")
    if not (isinstance(maps, list) and all(isinstance(row, dict) and isinstance(row.get("href"), str) for row in maps)):
        maps = []
    if not any(_is_relative(row) for row in [*record.images, *maps]):
        return record
    meta = {**record.meta, "maps": [_absolute(row, folder) for row in maps]} if maps else record.meta
    return replace(record, images=[_absolute(row, folder) for row in record.images], meta=meta)


def _is_relative(image: dict[str, Any]) -> bool:
    href = image["href"]
    return not (os.path.isabs(href) or href.startswith("/vsi") or "://" in href)


def _absolute(image: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {**image, "href": str(folder / image["href"])} if _is_relative(image) else image


class Writer:
    """Writes records beside `path` and puts them in its place when the work is done; a context manager.

    Work that was stopped keeps what it wrote: the next Writer of the same path and job finds `written` records there, which
    the same job, being deterministic, need not write again. job: what the records are made from, and how.
    Raises RsvlmError: bad_request where the file is there already and may not be replaced, or cannot be written; busy where
    another program does the same job.
    """

    def __init__(self, path: Path, job: str, overwrite: bool = False) -> None:
        self.path = path
        mark = hashlib.sha256(job.encode()).hexdigest()[:12]
        self._part = path.with_name(f".{path.name}.{mark}.part")
        if path.exists() and not overwrite:
            raise RsvlmError(
                "bad_request",
                f"The file {path} is there already.",
                "Take another name, or add --overwrite to replace it.",
            )
        unwritable = RsvlmError(
            "bad_request", f"{path} cannot be written.", "Choose a folder that is there and can be written to."
        )
        if not path.parent.is_dir():  # a lock would make it
            raise unwritable
        self._alone = FileLock(f"{self._part}.lock", timeout=0)
        try:
            self._alone.acquire()
            self._file = self._part.open("a+b")
            self.written = self._keep_whole_lines()
        except Timeout as error:
            raise RsvlmError(
                "busy", f"{path} is being written by another program.", "Wait until that is done, or end it."
            ) from error
        except OSError as error:
            self._alone.release()
            raise unwritable from error

    def _keep_whole_lines(self) -> int:
        """How many there are; the last one may have been cut off."""
        self._file.seek(0)
        lines = end = 0
        for line in self._file:
            if line.endswith(b"\n"):
                lines, end = lines + 1, end + len(line)
        self._file.truncate(end)
        return lines

    def write(self, record: Record) -> None:
        self.put(record.to_json())

    def put(self, row: Mapping[str, Any]) -> None:
        """Any other line of JSON."""
        self._file.write(json_line(row))
        self.written += 1

    def keep(self) -> None:
        """What was written stays, even if the process is ended by force."""
        self._file.flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            if kind is None:
                os.replace(self._part, self.path)
            elif not self.written:
                self._part.unlink()
        finally:
            self._alone.release()
            Path(self._alone.lock_file).unlink(missing_ok=True)


def json_line(value: Any) -> bytes:
    """In UTF-8; as ASCII where it cannot be, as names of files and broken texts may hold halves of characters."""
    try:
        return (json.dumps(value, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(value) + "\n").encode()


def data_folder() -> Path:
    """Where data sets lie: $RSVLM_DATA, or ../shared/data beside the checkout.

    Raises RsvlmError (not_found) where neither exists.
    """
    named = os.environ.get("RSVLM_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        raise RsvlmError(
            "not_found", f"The data folder {folder} does not exist.", "Set RSVLM_DATA to the folder of the data sets."
        )
    return folder


def is_held(filename: str) -> bool:
    """Whether an image is held out for validation: one in ten, decided by its name alone."""
    return int(hashlib.sha256(filename.encode()).hexdigest(), 16) % 10 == 0


def archive_rows(path: Path, fields: Sequence[str], more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """These fields of every picture of a caption archive, and `more` of those that have them.

    Raises RsvlmError (not_found) for what is none, or lacks one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            rows = [json.loads(line) for line in archive.read("captions.jsonl").decode().split("\n") if line.strip()]
        return [{key: row[key] for key in (*fields, *(key for key in more if key in row))} for row in rows]
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise RsvlmError(
            "not_found",
            f"{path} is not a caption archive.",
            f"Give a zip with images/ and captions.jsonl, which holds {', '.join(fields)} in every line.",
        ) from error


def read_caption_archive(path: Path, split: str | None) -> list[Record]:
    """Records of one split, None = all, of a zip that holds images/ and captions.jsonl {filename, split, scene, captions}.

    split: train | val | test as the archive names them; "fit" is its train split without the held images, "held" the
    held ones. Raises RsvlmError when the archive is missing, is none, or has no such images.
    """
    rows = archive_rows(path, ("filename", "split", "scene", "captions"))
    records = []
    for row in rows:
        held = is_held(row["filename"])
        if split in (None, row["split"]) or (
            row["split"] == "train" and ((split == "held" and held) or (split == "fit" and not held))
        ):
            href = f"/vsizip/{path.resolve()}/images/{row['filename']}"
            messages = [{"role": "user", "content": "Describe the image."}]
            messages += [{"role": "assistant", "content": caption} for caption in row["captions"]]
            meta = {"scene": row["scene"], "filename": row["filename"]}
            records.append(
                Record(
                    f"{path.stem}/{row['filename']}",
                    "caption",
                    split or row["split"],
                    [{"href": href}],
                    messages,
                    meta=meta,
                )
            )
    if not records:
        where = f" in the split “{split}”" if split else ""
        raise RsvlmError("not_found", f"{path.name} has no images{where}.", "Use train, val, test, fit or held.")
    return records
