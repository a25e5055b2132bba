"""Predictions that are vectors or ranks: retrieval both ways, and classes told apart by their names.

Of retrieval, a row holds the vector of a picture (`prediction`) and those of its captions (`vectors`); of zero-shot
classification, the likeliest classes by each order of averaging sentences (`unit`, `raw`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics.answers import tidy
from rsvlm.trainer.metrics.retrieval import RS5M_KS, SKYSCRIPT_KS, unit
from rsvlm.trainer.metrics.tally import Tally, means, share
from rsvlm.trainer.packed import unpacked
from rsvlm.trainer.scored import Given, Rows, Scored

QUERIES = 1024  # at once: similarities of all to all would fill the memory
UNIT_ONLY = "The model gives vectors of unit length only."


def retrieval(rows: Rows, given: Given) -> Scored:
    """RS5M: over all captions, in percent. SkyScript: over captions that differ, in fractions."""
    images = _stack([row.said for row in rows])
    texts = _stack([vector for row in rows for vector in row.row.get("vectors", ())])
    owner = np.repeat(np.arange(len(rows)), [len(row.row["vectors"]) for row in rows])
    if len(set(owner.tolist())) != len(rows) or texts.shape[1] != images.shape[1]:
        raise RsvlmError(
            "bad_request", "A picture has no caption's vector, or of another width.", "Give `vectors` in every row."
        )
    told = {"captions": len(texts), "cut": sum(int(row.row.get("cut", 0)) for row in rows)}
    if given.name == "skyscript":
        return Scored(_skyscript(rows, images, texts, owner), told=told)
    found = hits(images, texts, lambda part: part[:, None] == owner, RS5M_KS)
    back = hits(texts, images, lambda part: owner[part][:, None] == np.arange(len(images)), RS5M_KS)
    sums = np.stack([np.bincount(owner, back[:, place]) for place in range(len(RS5M_KS))], axis=1)
    columns = [found, sums, np.bincount(owner)[:, None], np.ones((len(images), 1))]
    chance = {f"text2image R@{k}": round(100 * min(1, k / len(images)), 4) for k in RS5M_KS}
    return Scored({"": Tally(np.concatenate(columns, axis=1), _rs5m)}, told={**told, "baselines": {"chance": chance}})


def _rs5m(sums: np.ndarray) -> dict[str, np.ndarray]:
    count = len(RS5M_KS)
    texts, images = sums[..., -2], sums[..., -1]
    found = {f"image2text R@{k}": share(sums[..., place], images) for place, k in enumerate(RS5M_KS)}
    found |= {f"text2image R@{k}": share(sums[..., count + place], texts) for place, k in enumerate(RS5M_KS)}
    found["mean recall"] = np.mean(list(found.values()), axis=0)
    return {name: 100 * value for name, value in found.items()}


def _skyscript(rows: Rows, images: np.ndarray, texts: np.ndarray, owner: np.ndarray) -> dict[str, Tally]:
    said = [str(text) for row in rows for text in row.references]
    first = {text: place for place, text in reversed(list(enumerate(said)))}
    kept = sorted(first.values())
    number = {said[place]: index for index, place in enumerate(kept)}
    belongs = np.zeros((len(kept), len(images)), bool)
    belongs[[number[text] for text in said], owner] = True
    there = hits(texts[kept], images, lambda part: belongs[part], SKYSCRIPT_KS)
    back = hits(images, texts[kept], lambda part: belongs.T[part], SKYSCRIPT_KS)
    both = {"text2img": there, "img2text": back}
    return {way: means({f"R@{k}": found[:, n] for n, k in enumerate(SKYSCRIPT_KS)}) for way, found in both.items()}


def hits(
    queries: np.ndarray, items: np.ndarray, belongs: Callable[[np.ndarray], np.ndarray], ks: Sequence[int]
) -> np.ndarray:
    """(queries, ks) float: whether one that belongs is among the k most similar; of equally similar, the first comes first.

    belongs: numbers of queries, (n,) -> (n, items) bool.
    """
    found = []
    towards = unit(items).T
    for start in range(0, len(queries), QUERIES):
        part = np.arange(start, min(start + QUERIES, len(queries)))
        order = np.argsort(-(unit(queries[part]) @ towards), axis=1, kind="stable")[:, : max(ks)]
        right = np.take_along_axis(belongs(part), order, axis=1)
        found.append(np.stack([right[:, :k].any(axis=1) for k in ks], axis=1))
    return np.concatenate(found).astype(float)


def _stack(values: Sequence[object]) -> np.ndarray:
    vectors = [unpacked(value) for value in values]
    if not vectors or len({len(vector) for vector in vectors}) != 1:
        raise RsvlmError("bad_request", "The vectors differ in width, or there are none.", "Take them from one model.")
    return np.stack(vectors)


def zero_shot(rows: Rows, _: Given) -> Scored:
    """Top-1 of the model's own order, and top-1 and top-5 of each order that is told."""
    true = [tidy(str(row.references[0])) for row in rows]
    said = [tidy(str(row.said)) for row in rows]
    tallies = {"": means({"top-1": np.array([one == other for one, other in zip(said, true, strict=True)], float)})}
    missing = {}
    for order in ("unit", "raw"):
        if all(isinstance(row.row.get(order), list) for row in rows):
            ranked = [[tidy(str(label)) for label in row.row[order]] for row in rows]
            right = {k: [one in names[:k] for names, one in zip(ranked, true, strict=True)] for k in (1, 5)}
            tallies[order] = means({f"top-{k}": np.array(column, float) for k, column in right.items()})
        elif any("unit" in row.row for row in rows):
            missing[order] = UNIT_ONLY
    counts = Counter(true)
    most = round(counts.most_common(1)[0][1] / len(rows), 6)
    told = {"classes": len(counts), "baselines": {"most frequent class": {"top-1": most}}, "not_computed": missing}
    return Scored(tallies, told=told)
