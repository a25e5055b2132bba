"""Questions that masks of a whole picture decide: what is there, how much of it, what there is most of."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import numpy as np

from rsvlm.trainer.builders.wording import cover_names, put, templates

SURELY = 0.02  # of the picture, from which on a class is surely there; one with no pixel is surely not
MORE = 1.5  # times as much as any other, to be what there is most of


def cover_questions(covers: Mapping[str, np.ndarray], draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """Kind, question, answer: presence, share and most, each at most once. covers: class -> (H, W) bool, of all classes."""
    words = templates()["cover"]
    shares = {label: float(mask.mean()) for label, mask in covers.items()}
    there = [label for label, share in shares.items() if share >= SURELY]
    absent = [label for label, share in shares.items() if share == 0]
    if there or absent:
        yes = bool(there) and (not absent or draw.random() < 0.5)
        name = draw.choice(cover_names(draw.choice(there if yes else absent)))
        yield "presence", put(draw.choice(words["presence"]), what=name), "yes" if yes else "no"
    if there:
        label = draw.choice(there)
        percent = round(100 * shares[label], -1)
        answer = words["little"] if percent < 10 else words["most of it"] if percent > 90 else words["share"]["answer"]
        yield (
            "share",
            put(draw.choice(words["share"]["ask"]), what=draw.choice(cover_names(label))),
            answer.format(percent=f"{percent:.0f}"),
        )
    *_, second, first = sorted(["", *shares], key=lambda label: shares.get(label, 0.0))
    if shares.get(first, 0) >= max(MORE * shares.get(second, 0), SURELY):
        yield "most", put(draw.choice(words["most"])), first
