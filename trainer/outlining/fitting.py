"""The fit itself: outlines in one picture and of what two dates differ in, at once, so that the vectors of pixels serve both.

The encoder, and what is said, stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rsvlm.models.families.compact.learner import ROUGH
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.parts.alignment import moved
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.pixels import normalise
from rsvlm.trainer.muon import Muon
from rsvlm.trainer.outlining.kept import Batch, Kept, drawn

STEPS, RATE, DECAY, WARMUP = 1800, 8e-4, 0.02, 50
PICTURES, PAIRS = 20, 10  # of a step
KINDS = 0.5  # how much what changed in one way weighs, beside all that did
KEPT = 50  # steps
SEED = 19
TOLD = ("outlines", "what changed", "how it changed")


def layers(model: Compact) -> nn.ModuleDict:
    """Those that are fitted."""
    heads = model.heads
    return nn.ModuleDict({"pixels": heads.pixels, "queries": heads.queries, "difference": heads.difference})


def fit(model: Compact, known: Sequence[Kept], state: Path) -> None:
    """In place: the layers that draw. state: file in which an interrupted run finds what it had.

    Raises ValueError for a model that draws no masks.
    """
    model.eval().requires_grad_(False)
    fitted = layers(model).requires_grad_(True).train()
    optimiser = Muon(fitted, RATE, DECAY, {name for name, weight in fitted.named_parameters() if weight.ndim > 1})
    kept: dict[str, Any] = {"layers": fitted, "optimiser": optimiser}
    begun = 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        begun = saved["step"]
        for name, what in kept.items():
            what.load_state_dict(saved[name])
    seen = []
    for step in range(begun, STEPS):
        found = losses(model, known, np.random.default_rng([SEED, step]))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARMUP) * (1 + math.cos(math.pi * step / STEPS)) / 2
        optimiser.zero_grad()
        (found[0] + found[1] + KINDS * found[2]).backward()
        nn.utils.clip_grad_norm_(fitted.parameters(), 1.0)
        optimiser.step()
        seen.append([float(loss.detach()) for loss in found])
        if (step + 1) % KEPT == 0:
            means = zip(TOLD, np.mean(seen[-KEPT:], axis=0), strict=True)
            print(f"{step + 1} of {STEPS} steps: {', '.join(f'{name} {loss:.4f}' for name, loss in means)}", flush=True)
            part = state.with_suffix(".part")
            torch.save({"step": step + 1, **{name: what.state_dict() for name, what in kept.items()}}, part)
            part.replace(state)
    fitted.eval()


def losses(model: Compact, known: Sequence[Kept], generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Three scalars: of outlines in one picture, of all that changed, and of what changed in one way; 0 where there is none.

    Pairs are seen from one of eight sides.
    """
    one, two = ([source for source in known if source.dates == dates] for dates in (1, 2))
    pictures = drawn(one, PICTURES, generator) if one else None
    pairs = drawn(two, PAIRS, generator).from_side(*(generator.random(3) < 0.5)) if two else None
    seen = [batch.pictures.transpose(0, 1).flatten(0, 1) for batch in (pictures, pairs) if batch]
    with torch.no_grad():
        features = model.encoder(normalise(torch.cat(seen)))
    vectors = model.vectors(features)
    nothing = vectors.sum() * 0
    outlines = every = kinds = nothing
    if pictures:
        own = vectors[: len(pictures.pictures)]
        outlines = _loss(model, own, pictures, torch.ones_like(pictures.every))
    if pairs:
        before, after = vectors[-2 * len(pairs.pictures) :].chunk(2)
        differing = model.compared(moved(before, pairs.offsets), after)
        every, kinds = (_loss(model, differing, pairs, which) for which in (pairs.every, ~pairs.every))
    return outlines, every, kinds


def _loss(model: Compact, vectors: Tensor, batch: Batch, which: Tensor) -> Tensor:
    truth = batch.truth[which]
    rough, final = (
        pixel_loss(logits, truth) + dice_loss(logits, truth)
        for logits in model.heads.queries(batch.meant[which], vectors[batch.places[which]])
    )
    return ROUGH * rough + final
