"""What readers of published formats share: rows of JSON that stream, pictures that are found, rows that are left out and told."""

from __future__ import annotations

import errno
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

from rsvlm.protocol import RsvlmError

Row = TypeVar("Row")
Made = TypeVar("Made")

SUFFIXES = (".jpg", ".png", ".tif", ".jpeg", ".tiff", ".webp", ".bmp")
_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_WORD = re.compile(r"[a-z]+")
_BLOCK = 2**16
UNLIKE = "the row is not as this format has it"
UNREAD = "a file that the row names cannot be read"


class Source:
    """A data set on disk, and what was found wrong with it while it was read.

    path: its annotations. images: folder of its pictures, None = beside the annotations. split: only this one, None = all;
    where a format knows of no splits, what its records are called.
    left_out: reason -> rows. missing: pictures that are not there, and the first of them.
    """

    def __init__(self, path: Path, images: Path | None = None, split: str | None = None) -> None:
        self.path = path.absolute()
        self.images = (images or (path if path.is_dir() else path.parent)).absolute()
        self.split = split
        self.left_out: Counter[str] = Counter()
        self.missing = 0
        self.first_missing = ""
        self._cut = 0  # how many leading folders of a name were one's own of who published it

    def image(self, *names: str, keep: int = 1) -> dict[str, Any]:
        """{"href"} of the first of these names that is there; see find."""
        for name in names:
            if "://" in name or name.startswith("/vsi") or (os.path.isabs(name) and os.path.isfile(name)):
                return {"href": name}
            found = self.find(name, keep)
            if found:
                return {"href": found}
        self.missing += 1
        expected = names[0] if os.path.isabs(names[0]) else str(self.images / _clean(names[0]))
        self.first_missing = self.first_missing or expected
        return {"href": expected}

    def find(self, name: str, keep: int = 1) -> str | None:
        """Path of a picture below the folder of images; a suffix is guessed where the name has none.

        Leading folders of the name are dropped as far as need be, but its last `keep` parts stay.
        """
        parts = _clean(name).split("/")
        most = max(0, len(parts) - keep)
        for cut in dict.fromkeys([min(self._cut, most), *range(most + 1)]):
            path = self.images.joinpath(*parts[cut:])
            for candidate in [path, *(path.with_name(path.name + suffix) for suffix in SUFFIXES if not path.suffix)]:
                if candidate.is_file():
                    self._cut = cut
                    return str(candidate)
        return None

    def wants(self, split: str) -> bool:
        return self.split is None or self.split == split

    def named_split(self) -> str:
        """What records are called where the format does not say it: as asked for, by the name of the file, or train."""
        return self.split or split_in(self.path.name) or "train"

    def each(self, rows: Iterable[Row], make: Callable[[Row], Iterable[Made]]) -> Iterator[Made]:
        """What `make` gives for each row; a row of which nothing can be made is left out and counted."""
        for row in rows:
            try:
                made = list(make(row))
            except RsvlmError as error:
                self.left_out[error.message] += 1
            except (KeyError, TypeError, ValueError, IndexError, AttributeError):
                self.left_out[UNLIKE] += 1
            except OSError as error:
                if error.errno == errno.ENOSPC:  # some formats write pictures, and a full disk is no fault of the row
                    raise
                self.left_out[UNREAD] += 1
            else:
                yield from made


def split_in(name: str) -> str | None:
    """The split that the name of a file tells; None where it tells none."""
    return next((_SPLITS[word] for word in _WORD.findall(name.lower()) if word in _SPLITS), None)


def _clean(name: str) -> str:
    """With slashes, and without what would lead out of the folder."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not part.endswith(":"))


def said(question: str, *answers: str) -> list[dict[str, str]]:
    """Messages of one question and all its right answers."""
    return [
        {"role": "user", "content": question.strip()},
        *({"role": "assistant", "content": answer.strip()} for answer in answers),
    ]


def opened(path: Path) -> TextIO:
    """Raises RsvlmError (not_found)."""
    try:
        return path.open(encoding="utf-8-sig")
    except OSError as error:
        raise RsvlmError("not_found", f"The file {path} cannot be read.", "Check the path.") from error


def lines(path: Path) -> Iterator[str]:
    """Of a text that are not empty. Raises RsvlmError (not_found, bad_request)."""
    yield from (line.strip() for line in text_lines(path) if line.strip())


def text_lines(path: Path) -> Iterator[str]:
    """Lines as they are. Raises RsvlmError (not_found, bad_request)."""
    with opened(path) as file:
        try:
            yield from file
        except UnicodeDecodeError as error:
            raise RsvlmError("bad_request", f"{path.name} cannot be read as text.", "Save it as UTF-8.") from error


def items(path: Path, key: str = "") -> Iterator[Any]:
    """What stands in the list of a JSON file, or in the list under `key` of its object, or in its lines, one after the other.

    Raises RsvlmError: not_found, bad_request where it is no JSON or has no such list.
    """
    with opened(path) as file:
        stream = _Stream(file)
        try:
            if stream.peek() == "[":
                yield from stream.array()
            elif key:
                yield from stream.under(key)
            else:
                while stream.peek():
                    yield stream.value()
        except KeyError as error:
            raise RsvlmError(
                "bad_request", f"{path.name} has no list “{key}”.", "See docs/data.md for what this format looks like."
            ) from error
        except ValueError as error:
            raise RsvlmError(
                "bad_request", f"{path.name} is no JSON.", "Check whether it was downloaded whole."
            ) from error


class _Stream:
    """Values of a JSON text that is read bit by bit."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise ValueError(f"{wanted} is missing")
        self._at += 1

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():  # a number might go on
                self._at = end
                return found

    def array(self) -> Iterator[Any]:
        self.take("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() == ",":
                self.take(",")
        self.take("]")

    def under(self, key: str) -> Iterator[Any]:
        """Raises KeyError where the object has no such list."""
        self.take("{")
        while self.peek() != "}":
            name = self.value()
            self.take(":")
            if name == key and self.peek() == "[":
                yield from self.array()
                return
            self.value()
            if self.peek() == ",":
                self.take(",")
        raise KeyError(key)

    def _more(self) -> bool:
        """Reads on, as much again as is held, so that a long value is not decoded too often."""
        held = self._text[self._at :]
        block = self._file.read(max(_BLOCK, len(held)))
        self._text, self._at = held + block, 0
        return bool(block)
