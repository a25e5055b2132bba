"""A dataset being built in a folder: one `rsvlm data` command for each raster, then one that joins and one that looks through.

What a command has finished lies in the folder's PARTS until the dataset is whole, and is not made again. Knows no parameters.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple, Union

from qgis.core import QgsProcessingFeedback, QgsProcessingMultiStepFeedback

from ...protocol import Cancelled, RsvlmError
from ..environment.waiting import Ran, run
from ..layers.snapshot import Snapshot
from ..settings.store import Settings
from ..translation import tr
from .vectors import fetch

RECORDS, PAGE, PARTS = "records.jsonl", "stats.html", ".parts"


@dataclass(frozen=True)
class Wishes:
    """One of features (paths, or what is to be written), labels and model says what the rasters show.

    side: in `unit`, pixels or metres.

    layout: grid or around. val, test: shares. block_m: metres, 0 = by the windows.
    """

    features: Tuple[Union[str, Snapshot], ...]
    called: str
    labels: str
    model: str
    side: float
    unit: str
    layout: str
    val: float
    test: float
    block_m: float
    seed: int

    def command(self, source: str, features: Sequence[str]) -> List[str]:
        """Of `rsvlm`, without its output. source: a raster; the table of labels where there are such. features: their files."""
        side = ["--side-m", f"{self.side:g}"] if self.unit == "metres" else ["--side", str(round(self.side))]
        drawn = [*side, "--seed", str(self.seed)]
        if features:
            grid = ["--grid"] if self.layout == "grid" else []
            called = ["--called", self.called] if self.called else []
            return ["data", "osm", source, *features, *drawn, *grid, *called]
        model = ["--model", self.model, "--device", Settings().device] if self.model else []
        return ["data", "caption", source, *drawn, *model]


class Dataset:
    """folder: made if it is not there. count: records that there are now. parts: what is deleted when all is done."""

    def __init__(self, folder: Path, wishes: Wishes, feedback: QgsProcessingFeedback) -> None:
        """Raises RsvlmError (bad_request) where a dataset is there already or the folder cannot be written."""
        self.folder, self.parts, self.page = folder, folder / PARTS, folder / PAGE
        self.count = 0
        self._wishes, self._feedback = wishes, feedback
        self._features: List[str] = []
        self._step, self._steps = 0, 1
        if (folder / RECORDS).exists():
            raise RsvlmError(
                "bad_request",
                tr("There is a dataset in {folder} already.").format(folder=folder),
                tr("Choose another folder."),
            )
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise RsvlmError(
                "bad_request",
                tr("The folder {folder} cannot be created.").format(folder=folder),
                tr("Choose another folder."),
            ) from None

    def build(self, rasters: Sequence[str]) -> bool:
        """Whether all is done; False where the user stopped it. Raises RsvlmError where no record can be made."""
        to_write = sum(isinstance(source, Snapshot) for source in self._wishes.features)
        self._steps = to_write + len(rasters) + 2
        try:
            self._features = [self._file(source) for source in self._wishes.features]
        except Cancelled:
            self._tell_stopped()
            return False
        made, last = [], None
        for number, raster in enumerate(rasters, 1):
            note = tr("Raster {number} of {count}: {name}")
            self._feedback.setProgressText(note.format(number=number, count=len(rasters), name=Path(raster).name))
            try:
                part = self._part(raster)
            except RsvlmError as error:
                if error.code == "unavailable":
                    raise
                last = error
                self._feedback.pushWarning(f"{Path(raster).name}: {error.message} {error.hint}".strip())
                part = None
            self._step += 1
            if self._feedback.isCanceled():
                self._tell_stopped()
                return False
            made += [part] if part is not None else []
        if not made and last is not None:
            raise last
        return self._join(made)

    def _file(self, source: Union[str, Snapshot]) -> str:
        """Of features. Raises RsvlmError as `fetch` does."""
        if isinstance(source, str):
            return source
        self._feedback.setProgressText(tr("Writing the features of “{name}”").format(name=source.name))
        step = QgsProcessingMultiStepFeedback(self._steps, self._feedback)
        step.setCurrentStep(self._step)
        path = fetch(source, self.folder, step)
        self._step += 1
        return path

    def _part(self, raster: str) -> Path:
        """The records of one raster; it need not be there where the user stopped it."""
        source = self._table(raster) if self._wishes.labels else raster
        words = self._wishes.command(source, self._features)
        part = self.parts / f"{_mark([*words, *map(_stamp, (raster, *self._features))])}.jsonl"
        if not part.exists():
            self._run([*words, "--out", str(part)])
        return part

    def _table(self, raster: str) -> str:
        """A table of the raster and its labels, which stays the same file for the same labels."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["filename", "label"], [raster, self._wishes.labels]])
        path = self.parts / f"{Path(raster).stem}.{_mark([text.getvalue()])[:8]}.csv"  # records are called by it
        if not path.exists():
            path.write_text(text.getvalue(), encoding="utf-8")
        return str(path)

    def _join(self, parts: Sequence[Path]) -> bool:
        wishes, records = self._wishes, self.folder / RECORDS
        self._feedback.setProgressText(tr("Holding out records by place"))
        shares = ["--val", f"{wishes.val:g}", "--test", f"{wishes.test:g}", "--block-m", f"{wishes.block_m:g}"]
        joined = self._run(
            ["data", "split", *map(str, parts), "--out", str(records), *shares, "--seed", str(wishes.seed)]
        )
        if not records.exists():
            self._tell_stopped()
            return False
        splits = joined.document.get("splits", {})
        self.count = sum(splits.values())
        told = ", ".join(f"{name} {count}" for name, count in splits.items())
        self._feedback.pushInfo(tr("%n records: {splits}", self.count).format(splits=told))
        self._step += 1
        self._feedback.setProgressText(tr("Looking through the dataset"))
        self._run(["data", "stats", str(records), "--out", str(self.page), "--overwrite"])
        return True

    def _run(self, words: Sequence[str]) -> Ran:
        return run(words, self._feedback, self._share)

    def _share(self, done: int, total: int) -> None:
        within = min(1.0, done / total) if total > 0 else 0.0
        self._feedback.setProgress(100 * (self._step + within) / self._steps)

    def _tell_stopped(self) -> None:
        """What is there: whole parts, and the one that was being written."""
        files = [path for path in self.parts.iterdir() if path.suffix in (".jsonl", ".part")]
        self.count = sum(_lines(path) for path in files)
        text = tr("Stopped. %n records are kept; the same parameters and folder go on from there.", self.count)
        self._feedback.pushInfo(text)


def _mark(words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def _stamp(path: str) -> str:
    """The same for a file that was not changed."""
    try:
        about = Path(path).stat()
    except OSError:  # inside an archive
        return path
    return f"{path} {about.st_size} {about.st_mtime_ns}"


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**16), b""))
