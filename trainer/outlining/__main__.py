"""The layers that draw, fitted alone on pictures that the rest of a finished model has read already.

What stands at the [SEG] of each phrase stays as it is, so that it is kept in a file beside the result: a step then is as quick
with hundreds of outlines as one of all layers with some ten.

python -m rsvlm.trainer.outlining RUN OUT RECORDS [RECORDS@view+nuisance*3 ...]

Records of the split “train” with masks, of one date or of pairs, seen as they are or as what follows the @ changes them
(trainer/augment.py), so many times as is told behind the *. A “view” is turned and mirrored: leave it out where phrases tell
places. Asked for again, a run that was stopped goes on where it last kept what it had.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rsvlm.models.cards import BUNDLED, get_card
from rsvlm.models.families.compact.learner import CompactLearner, again
from rsvlm.models.weights import save_compact
from rsvlm.protocol import RsvlmError
from rsvlm.tasks.differing import phrases
from rsvlm.trainer.augment import NAMES
from rsvlm.trainer.outlining.fitting import fit
from rsvlm.trainer.outlining.kept import Kept
from rsvlm.trainer.outlining.looking import looked_pairs, looked_pictures, opened, pairs_of, pictures_of
from rsvlm.trainer.records import Records
from rsvlm.trainer.run import LAST

WORK = "work.txt"  # what a folder was begun for
DONE = "done"  # stands in a folder whose files are whole


@dataclass(frozen=True)
class Wanted:
    """path: of records. augment: names of what changes them. times: how often each of them is looked at."""

    path: Path
    augment: tuple[str, ...] = ()
    times: int = 1

    @classmethod
    def read(cls, text: str) -> Wanted:
        """Raises RsvlmError (bad_request)."""
        path, _, how = text.partition("@")
        names, counted, times = how.partition("*")
        augment = tuple(filter(None, names.split("+")))
        if wrong := sorted(set(augment) - set(NAMES)):
            raise RsvlmError(
                "bad_request", f"{wrong[0]} is no way to change what is seen.", f"There are {', '.join(NAMES)}."
            )
        if counted and not (times.isdecimal() and int(times)):
            raise RsvlmError("bad_request", f"“{times}” is no number of times.", "Give a whole one, as in @view*3.")
        return cls(Path(path), augment, int(times or 1))


def look(learner: CompactLearner, wanted: Wanted, told: dict[str, str], folder: Path) -> list[Kept]:
    """Pairs and single pictures, each kept in a folder of its own; what was looked at before is not looked at again.

    told: phrases for what changed, by the label of regions. Raises RsvlmError (bad_request; not_found), OSError.
    """
    kinds = [folder / name for name in ("pairs", "pictures")]
    if (folder / DONE).exists():
        return [opened(own) for own in kinds if own.exists()]
    records = Records(wanted.path)
    pairs, pictures = pairs_of(records) * wanted.times, pictures_of(records) * wanted.times
    if not pairs and not pictures:
        raise RsvlmError(
            "bad_request", f"Nothing is outlined in {wanted.path}.", "Give records with masks for training."
        )
    found = []
    if pairs:
        found.append(looked_pairs(learner, pairs, wanted.augment, kinds[0], told))
    if pictures:
        found.append(looked_pictures(learner, pictures, wanted.augment, kinds[1]))
    (folder / DONE).touch()
    return found


def begin(out: Path, work: Sequence[str]) -> None:
    """A new folder for this work, or one that it was begun in. Raises RsvlmError (bad_request) for any other."""
    told, lines = out / WORK, "\n".join(work)
    if out.exists() and any(out.iterdir()) and (not told.exists() or told.read_text("utf-8") != lines):
        raise RsvlmError("bad_request", f"There is something else in {out}.", "Name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    told.write_text(lines, "utf-8")


def start(arguments: Sequence[str]) -> tuple[Path, Path, list[Wanted], CompactLearner]:
    """RUN, OUT, the sources, and the model of RUN. Raises RsvlmError for what cannot be done."""
    if len(arguments) < 3:
        raise RsvlmError("bad_request", "A run, a new folder and records are needed.", "Give RUN OUT RECORDS.")
    run, out, *sources = arguments
    wanted = [Wanted.read(source) for source in sources]
    for source in wanted:
        Records(source.path)  # what cannot be read is noticed before any work
    learner = again(Path(run) / LAST)
    if learner.model.masks is None:
        raise RsvlmError("bad_request", f"The model of {run} draws no masks.", "Train it with pixel_width first.")
    learner.model.eval()
    return Path(run), Path(out), wanted, learner


def main() -> None:
    run, out, wanted, learner = start(sys.argv[1:])
    told = {kind.label: phrase for kind, phrase in phrases(get_card(BUNDLED).calibration.changes).items()}
    begin(out, [str(run), *map(str, wanted), *told.values()])
    known = []
    for number, source in enumerate(wanted):
        for found in look(learner, source, told, out / "looked" / str(number)):
            print(f"{source.path}: {len(found):,} {'pairs' if found.dates == 2 else 'pictures'}", flush=True)
            known.append(found)
    fit(learner.model, known, out / "state.pt")
    (out / LAST).mkdir(exist_ok=True)
    save_compact(out / LAST, learner.model, learner.tokenizer)
    for name in ("recipe.yaml", "events.jsonl"):
        shutil.copy(run / name, out / name)
    shutil.rmtree(out / "looked")
    for left in (out / "state.pt", out / WORK):  # without them the folder is a run like another
        left.unlink()


if __name__ == "__main__":
    main()
