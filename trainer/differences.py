"""The layers that tell two dates apart, fitted alone on what a finished model sees of each date.

All before them stays as it is, so that each pair is looked at once, and what is seen lies in a file beside the result: a step
then costs a tenth of one that begins with pictures. Of the bundled family.

python -m rsvlm.trainer.differences RUN OUT RECORDS [RECORDS@view+nuisance ...]

Records of pairs of square pictures with masks, those of the split “train”, seen as they are or as what follows the @ changes them
(trainer/augment.py). Asked for again, a run that was stopped goes on where it last kept what it had.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from rsvlm.models.cards import BUNDLED, get_card
from rsvlm.models.families.compact.decoding import at_the_end, keys_and_values
from rsvlm.models.families.compact.learner import ROUGH, CompactLearner, again
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.models.families.compact.words import SEG, SEGMENT, put
from rsvlm.models.learning import Example
from rsvlm.models.parts.alignment import moved, offset
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.weights import save_compact
from rsvlm.protocol import Record, RsvlmError
from rsvlm.tasks.asked_change import STATES
from rsvlm.tasks.differing import phrases as asked_phrases
from rsvlm.trainer.augment import NAMES, read_at, seen
from rsvlm.trainer.builders.building import place_of
from rsvlm.trainer.examples import example
from rsvlm.trainer.measuring.drawn import shows_change
from rsvlm.trainer.muon import Muon
from rsvlm.trainer.records import Records
from rsvlm.trainer.run import LAST

PIXELS = 128
GRID = PIXELS // 2  # of vectors and masks
STEPS, BATCH, RATE, DECAY, WARMUP = 6500, 16, 1e-3, 0.02, 50
LOOKED = 16  # pairs at once
KEPT = 250  # steps
SEED = 19
QUARTERS = 4  # pixels of a picture to a cell of GRID
KINDS = 0.5  # how much what changed in one way weighs, beside all that did
WORK = "work.txt"  # what a folder was begun for


@dataclass(frozen=True, eq=False)
class Looked:
    """What the layers learn from, of n pairs and m phrases, of which the first asks for all that changed.

    dates: (n, 2, embedding, GRID, GRID) float16, the vectors of each date's pixels. offsets: (n, 2) float32, how the earlier one
    lies off the later. meant: (n, m, language width) float16, what stands at the [SEG] of each phrase. truth: (n, m, GRID, GRID)
    uint8, how many quarters of a cell it is. known: (n, m) bool, whether that is known. A phrase for what came has its opposite,
    for what went, half of the phrases after the first later, or before.
    """

    dates: np.ndarray
    offsets: np.ndarray
    meant: np.ndarray
    truth: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, chosen: np.ndarray, back: np.ndarray, generator: np.random.Generator) -> Batch:
        """Asked of each pair: all that changed, all known phrases for what did, and one for what did not.

        chosen: (n,) numbers of pairs. back: (n,) bool, of which of them the later date comes first: their truth is moved as that
        date lies off the other. What was meant is as it was read in the order of time.
        """
        there, known = self.truth[chosen].any(axis=(2, 3)), self.known[chosen]
        absent = generator.random(there.shape) * (known & ~there)
        absent[:, 0] = 0  # which is asked anyhow
        asks = there & known
        asks[np.arange(len(asks)), absent.argmax(axis=1)] |= absent.any(axis=1)
        asks[:, 0] = True
        pairs, phrases = np.nonzero(asks)
        kinds = there.shape[1] - 1
        opposite = np.where(phrases > 0, (phrases - 1 + kinds // 2) % max(kinds, 1) + 1, 0)
        read = np.where(back[pairs], opposite, phrases)
        dates, offsets, meant, truth = (
            torch.from_numpy(part.astype(np.float32))
            for part in (
                np.where(back[:, None, None, None, None], self.dates[chosen][:, ::-1], self.dates[chosen]),
                np.where(back[:, None], -self.offsets[chosen], self.offsets[chosen]),
                self.meant[chosen][pairs, read],
                self.truth[chosen][pairs, phrases] / QUARTERS,
            )
        )
        off = offsets * torch.from_numpy(back[:, None])
        truth = moved(truth[:, None], off[torch.from_numpy(pairs)])[:, 0]
        return Batch(dates, offsets, torch.from_numpy(pairs), torch.from_numpy(phrases == 0), meant, truth)


@dataclass(frozen=True, eq=False)
class Batch:
    """Of n pairs as Looked has them, and of k questions: pairs: (k,), which pair each asks; every: (k,) bool, whether it asks for
    all that changed; meant, truth: (k, language width), (k, GRID, GRID) in [0, 1].
    """

    dates: Tensor
    offsets: Tensor
    pairs: Tensor
    every: Tensor
    meant: Tensor
    truth: Tensor

    def from_side(self, across: bool, down: bool, swapped: bool) -> Batch:
        """Mirrored across or down, then with rows and columns swapped."""
        sides = [side for side, flipped in ((-1, across), (-2, down)) if flipped]
        offsets = self.offsets * torch.tensor([-1.0 if down else 1.0, -1.0 if across else 1.0])
        dates, truth = (grid.flip(sides) for grid in (self.dates, self.truth))
        if swapped:
            dates, truth, offsets = dates.mT, truth.mT, offsets.flip(1)
        return replace(self, dates=dates.contiguous(), truth=truth.contiguous(), offsets=offsets)

    def laid_together(self) -> tuple[Tensor, Tensor]:
        """Both dates, (n, embedding, GRID, GRID) each."""
        return moved(self.dates[:, 0], self.offsets), self.dates[:, 1]


def joined(parts: Sequence[Batch]) -> Batch:
    """One batch of the pairs of all of them."""
    firsts = np.cumsum([0, *(len(part.dates) for part in parts)])
    moved_on = [replace(part, pairs=part.pairs + int(first)) for part, first in zip(parts, firsts[:-1], strict=True)]
    return Batch(*(torch.cat([getattr(part, each.name) for part in moved_on]) for each in fields(Batch)))


def looked(
    learner: CompactLearner,
    records: Sequence[Record],
    augment: Sequence[str],
    folder: Path,
    phrases: Mapping[str, str] | None = None,
) -> Looked:
    """records: each of a pair of its own, with regions of all that changed. phrases: by the label of regions, besides `CHANGED`.

    Raises what reading raises, OSError.
    """
    model, config = learner.model, learner.model.config
    phrases = phrases or {}
    labels, count = list(phrases), 1 + len(phrases)
    named = {region.get("label") for record in records for region in record.regions}
    pairs = zip(labels[: len(labels) // 2], labels[len(labels) // 2 :], strict=True)
    known = np.array([True, *([bool(named & set(pair)) for pair in pairs] * 2)])
    shapes = {
        "dates": (np.float16, (2, config.pixel_embedding, GRID, GRID)),
        "offsets": (np.float32, (2,)),
        "meant": (np.float16, (count, config.language_width)),
        "truth": (np.uint8, (count, GRID, GRID)),
        "known": (np.bool_, (count,)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    made = Looked(
        **{
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (len(records), *shape))
            for name, (kind, shape) in shapes.items()
        }
    )
    made.known[:] = known & np.array([[True] + [_tells(record)] * len(labels) for record in records])
    asked = [
        [*put(SEGMENT, learner.tokenizer.encode(tidy(phrase)).ids), SEG] for phrase in (CHANGED, *phrases.values())
    ]
    with torch.inference_mode(), ThreadPoolExecutor() as threads:
        for at in range(0, len(records), LOOKED):
            part = slice(at, at + LOOKED)
            numbers = range(len(records))[part]
            examples = list(threads.map(lambda row: _example(records[row], augment, row, labels), numbers))
            pictures = np.stack([picture for date in (0, 1) for picture in [each.pictures[date] for each in examples]])
            features = model.encoder(normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255))
            before, after = features.rows(slice(len(examples))), features.rows(slice(len(examples), None))
            dates = model.vectors(before), model.vectors(after)
            made.dates[part] = torch.stack(dates, dim=1).numpy()
            made.offsets[part] = offset(*dates).numpy()
            read = keys_and_values(model.language, model.prefix(before, after))
            made.meant[part] = at_the_end(model.language, read, asked)[:, :, 1].numpy()
            masks = torch.from_numpy(np.stack([np.asarray(each.masks) for each in examples]))
            made.truth[part] = (adaptive_avg_pool2d(masks.float(), GRID) * QUARTERS).round().numpy()
    return made


def _example(record: Record, augment: Sequence[str], number: int, labels: Sequence[str]) -> Example:
    """A mask of all that changed, and one for each label, on pictures of PIXELS.

    Raises RsvlmError (bad_request) where they are no squares.
    """
    found = example(record, 0, PIXELS, read_at(augment, PIXELS))
    drawn = np.zeros((0, *found.pictures[-1].shape[:2]), bool) if found.masks is None else found.masks
    told = np.array(found.phrases[: len(drawn)])
    masks = np.stack([drawn.any(axis=0), *(drawn[told == label].any(axis=0) for label in labels)])
    plain = replace(found, task="segment", phrases=(CHANGED, *labels), masks=masks, boxes=None)
    view = seen(plain, augment, np.random.default_rng([SEED, number]), PIXELS)
    if view.masks is None or view.masks.shape[1:] != (PIXELS, PIXELS):
        raise RsvlmError("bad_request", f"The pictures of {record.id} are no squares.", "Leave them out, or cut them.")
    return view


def fit(model: Compact, known: Sequence[Looked], state: Path) -> None:
    """In place: the layers of `model.heads.difference`. state: file in which an interrupted run finds what it had."""
    model.requires_grad_(False)
    layers = model.heads.difference.requires_grad_(True)
    layers.train()
    optimiser = Muon(layers, RATE, DECAY, {name for name, weight in layers.named_parameters() if weight.ndim > 1})
    kept: dict[str, Any] = {"layers": layers, "optimiser": optimiser}
    begun = 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        begun = saved["step"]
        for name, what in kept.items():
            what.load_state_dict(saved[name])
    losses = []
    for step in range(begun, STEPS):
        batch = _batch(known, np.random.default_rng([SEED, step]))
        pixels = model.compared(*batch.laid_together())[batch.pairs]
        outlines = model.heads.queries(batch.meant, pixels)
        every, kinds = (_loss(outlines, batch.truth, which) for which in (batch.every, ~batch.every))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARMUP) * (1 + math.cos(math.pi * step / STEPS)) / 2
        optimiser.zero_grad()
        (every + KINDS * kinds).backward()
        nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
        optimiser.step()
        losses.append((float(every.detach()), float(kinds.detach())))
        if (step + 1) % KEPT == 0:
            every, kinds = np.mean(losses[-KEPT:], axis=0)
            print(f"{step + 1} of {STEPS} steps, loss {every:.4f}, of kinds {kinds:.4f}", flush=True)
            part = state.with_suffix(".part")
            torch.save({"step": step + 1, **{name: what.state_dict() for name, what in kept.items()}}, part)
            part.replace(state)
    layers.eval()


def _loss(outlines: tuple[Tensor, Tensor], truth: Tensor, which: Tensor) -> Tensor:
    """outlines: rough and final logits."""
    rough, final = (
        pixel_loss(logits[which], truth[which]) + dice_loss(logits[which], truth[which]) for logits in outlines
    )
    return ROUGH * rough + final


def _batch(known: Sequence[Looked], generator: np.random.Generator) -> Batch:
    """Of pairs of all sources; all from one of eight sides, and half of them in the other order of time."""
    ends = np.cumsum([len(source) for source in known])
    chosen = np.sort(generator.choice(ends[-1], min(BATCH, ends[-1]), replace=False))
    parts = []
    for source, end in zip(known, ends, strict=True):
        own = chosen[(chosen >= end - len(source)) & (chosen < end)] - end + len(source)
        parts.append(source.rows(own, generator.random(len(own)) < 0.5, generator))
    return joined(parts).from_side(*(generator.random(3) < 0.5))


def _pairs(path: Path) -> list[Record]:
    """Of the split “train”, one record of each pair of which it is known what changed: the one that tells most on how."""
    known: dict[str, Record] = {}
    for record in Records(path).select("train"):
        if shows_change(record):
            place = str([place_of(image) for image in record.images])
            if place not in known or _telling(record) > _telling(known[place]):
                known[place] = record
    return list(known.values())


def _telling(record: Record) -> int:
    return len(record.regions) if _tells(record) else -1


def _tells(record: Record) -> bool:
    """Whether it says of all that changed what came or went; beside that all of it did, perhaps."""
    labels = {region.get("label", "") for region in record.regions}
    how = [label.startswith(tuple(f"{state} " for state in STATES)) for label in labels - {CHANGED}]
    return all(how) and bool(how or not labels)


def _augments(source: str) -> tuple[str, ...]:
    """The names behind the @. Raises RsvlmError (bad_request) for one that there is not."""
    names = tuple(filter(None, source.partition("@")[2].split("+")))
    if wrong := sorted(set(names) - set(NAMES)):
        raise RsvlmError(
            "bad_request", f"{wrong[0]} is no way to change what is seen.", f"There are {', '.join(NAMES)}."
        )
    return names


def begin(out: Path, work: Sequence[str]) -> None:
    """A new folder for this work, or one that it was begun in. Raises RsvlmError (bad_request) for any other."""
    told, lines = out / WORK, "\n".join(work)
    if out.exists() and (not told.exists() or told.read_text("utf-8") != lines):
        raise RsvlmError("bad_request", f"There is something else in {out}.", "Name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    told.write_text(lines, "utf-8")


def main() -> None:
    run, out, sources = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    augments = [_augments(source) for source in sources]
    learner = again(run / LAST)
    learner.model.eval()
    phrases = {kind.label: phrase for kind, phrase in asked_phrases(get_card(BUNDLED).calibration.changes).items()}
    begin(out, [str(run), *sources, *phrases.values()])
    known = []
    for number, (source, augment) in enumerate(zip(sources, augments, strict=True)):
        folder = out / "looked" / str(number)
        if (folder / "done").exists():
            known.append(Looked(*(np.load(folder / f"{each.name}.npy", "r") for each in fields(Looked))))
            continue
        pairs = _pairs(Path(source.partition("@")[0]))
        known.append(looked(learner, pairs, augment, folder, phrases))
        (folder / "done").touch()
        print(f"{source}: {len(pairs):,} pairs", flush=True)
    fit(learner.model, known, out / "state.pt")
    (out / LAST).mkdir(exist_ok=True)
    save_compact(out / LAST, learner.model, learner.tokenizer)
    for name in ("recipe.yaml", "events.jsonl"):
        shutil.copy(run / name, out / name)
    for left in (out / WORK, out / "state.pt"):  # without them the folder is a run like another
        left.unlink()
    shutil.rmtree(out / "looked")


if __name__ == "__main__":
    main()
