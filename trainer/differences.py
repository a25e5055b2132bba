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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from rsvlm.models.families.compact.learner import ROUGH, CompactLearner, again
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.models.families.compact.words import SEG, SEGMENT, put
from rsvlm.models.learning import Example
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.weights import save_compact
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.augment import NAMES, read_at, seen
from rsvlm.trainer.builders.building import place_of
from rsvlm.trainer.examples import example
from rsvlm.trainer.measuring.drawn import shows_change
from rsvlm.trainer.muon import Muon
from rsvlm.trainer.records import Records
from rsvlm.trainer.run import LAST

PIXELS = 128
GRID = PIXELS // 2  # of vectors and masks
STEPS, BATCH, RATE, DECAY, WARMUP = 8500, 16, 1e-3, 0.02, 50
LOOKED = 16  # pairs at once
KEPT = 250  # steps
SEED = 19
WORK = "work.txt"  # what a folder was begun for


@dataclass(frozen=True, eq=False)
class Looked:
    """What the layers learn from, of n pairs, each array float16.

    dates: (n, 2, embedding, GRID, GRID), the vectors of each date's pixels. meant: (n, language width), what stands at the [SEG]
    that asks what changed. truth: (n, GRID, GRID), the share of four pixels that did.
    """

    dates: np.ndarray
    meant: np.ndarray
    truth: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, chosen: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        dates, meant, truth = (
            torch.from_numpy(part[chosen].astype(np.float32)) for part in (self.dates, self.meant, self.truth)
        )
        return dates, meant, truth


def looked(learner: CompactLearner, records: Sequence[Record], augment: Sequence[str], folder: Path) -> Looked:
    """records: each of a pair of its own, with regions of all that changed. Raises what reading raises, OSError."""
    model, config = learner.model, learner.model.config
    shapes = ((2, config.pixel_embedding, GRID, GRID), (config.language_width,), (GRID, GRID))
    folder.mkdir(parents=True, exist_ok=True)
    made = Looked(
        *(
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float16, (len(records), *shape))
            for name, shape in zip(("dates", "meant", "truth"), shapes, strict=True)
        )
    )
    ids = torch.tensor([[*put(SEGMENT, learner.tokenizer.encode(tidy(CHANGED)).ids), SEG]])
    with torch.inference_mode(), ThreadPoolExecutor() as threads:
        for at in range(0, len(records), LOOKED):
            part = slice(at, at + LOOKED)
            examples = list(threads.map(lambda row: _example(records[row], augment, row), range(len(records))[part]))
            pictures = np.stack([picture for date in (0, 1) for picture in [each.pictures[date] for each in examples]])
            features = model.encoder(normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255))
            before, after = features.rows(slice(len(examples))), features.rows(slice(len(examples), None))
            made.dates[part] = torch.stack([model.vectors(before), model.vectors(after)], dim=1).numpy()
            made.meant[part] = model.read(model.prefix(before, after), ids.expand(len(examples), -1))[:, -1].numpy()
            masks = torch.from_numpy(np.concatenate([each.masks for each in examples]))
            made.truth[part] = adaptive_avg_pool2d(masks.float(), GRID).numpy()
    return made


def _example(record: Record, augment: Sequence[str], number: int) -> Example:
    """One mask of all that changed, on pictures of PIXELS. Raises RsvlmError (bad_request) where they are no squares."""
    found = example(record, 0, PIXELS, read_at(augment, PIXELS))
    size = found.pictures[-1].shape[:2]
    changed = np.zeros((1, *size), bool) if found.masks is None else np.asarray(found.masks.any(axis=0, keepdims=True))
    plain = replace(found, task="segment", phrases=(CHANGED,), masks=changed, boxes=None)
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
        dates, meant, truth = _batch(known, np.random.default_rng([SEED, step]))
        outlines = model.heads.queries(meant, model.differing(*dates.unbind(dim=1)))
        rough, final = (pixel_loss(logits, truth) + dice_loss(logits, truth) for logits in outlines)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARMUP) * (1 + math.cos(math.pi * step / STEPS)) / 2
        optimiser.zero_grad()
        (ROUGH * rough + final).backward()
        nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
        optimiser.step()
        losses.append(float(final.detach()))
        if (step + 1) % KEPT == 0:
            print(f"{step + 1} of {STEPS} steps, loss {np.mean(losses[-KEPT:]):.4f}", flush=True)
            part = state.with_suffix(".part")
            torch.save({"step": step + 1, **{name: what.state_dict() for name, what in kept.items()}}, part)
            part.replace(state)
    layers.eval()


def _batch(known: Sequence[Looked], generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """As Looked.rows, of pairs of all sources; all from one of eight sides, and half of them in the other order of time."""
    ends = np.cumsum([len(source) for source in known])
    chosen = np.sort(generator.choice(ends[-1], min(BATCH, ends[-1]), replace=False))
    parts = [
        source.rows(chosen[(chosen >= end - len(source)) & (chosen < end)] - end + len(source))
        for source, end in zip(known, ends, strict=True)
    ]
    dates, meant, truth = map(torch.cat, zip(*parts, strict=True))
    turned = torch.from_numpy(generator.random(len(dates)) < 0.5)
    dates = torch.where(turned[:, None, None, None, None], dates.flip(1), dates)
    across, down, swapped = generator.random(3) < 0.5
    sides = [side for side, flipped in ((-1, across), (-2, down)) if flipped]
    dates, truth = (grid.flip(sides).mT if swapped else grid.flip(sides) for grid in (dates, truth))
    return dates.contiguous(), meant, truth


def _pairs(path: Path) -> Iterator[Record]:
    """Of the split “train”, one record of each pair of which it is known what changed."""
    known = set()
    for record in Records(path).select("train"):
        if shows_change(record) and (place := str([place_of(image) for image in record.images])) not in known:
            known.add(place)
            yield record


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
    begin(out, [str(run), *sources])
    learner = again(run / LAST)
    learner.model.eval()
    known = []
    for number, (source, augment) in enumerate(zip(sources, augments, strict=True)):
        folder = out / "looked" / str(number)
        if (folder / "done").exists():
            known.append(Looked(*(np.load(folder / f"{name}.npy", "r") for name in ("dates", "meant", "truth"))))
            continue
        known.append(looked(learner, list(_pairs(Path(source.partition("@")[0]))), augment, folder))
        (folder / "done").touch()
        print(f"{source}: {len(known[-1]):,} pairs", flush=True)
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
