"""Predictions that are vectors or ranks: retrieval both ways, and classes told apart by their names.

Of retrieval, a row holds the vector of a picture (`prediction`) and those of its captions (`vectors`); of zero-shot
classification, the likeliest classes by each order of averaging sentences (`unit`, `raw`), or its cosine to each (`cosines`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics.answers import tidy
from rsvlm.trainer.metrics.retrieval import RS5M_KS, rs5m_recall, skyscript_recall
from rsvlm.trainer.metrics.tally import Tally
from rsvlm.trainer.metrics.zeroshot import best_f1, top
from rsvlm.trainer.packed import unpacked
from rsvlm.trainer.scored import Given, Rows, Scored

UNIT_ONLY = "The model gives vectors of unit length only."
NO_PICTURE = "No picture is of this class."


def retrieval(rows: Rows, given: Given) -> Scored:
    """RS5M: over all captions, in percent. SkyScript: over captions that differ, in fractions."""
    images = _stack([row.said for row in rows])
    vectors = [row.row.get("vectors") or () for row in rows]
    texts = _stack([vector for own in vectors for vector in own])
    owner = np.repeat(np.arange(len(rows)), [len(own) for own in vectors])
    if len(set(owner.tolist())) != len(rows) or texts.shape[1] != images.shape[1]:
        raise RsvlmError(
            "bad_request", "A picture has no caption's vector, or of another width.", "Give `vectors` in every row."
        )
    told = {"captions": len(texts), "cut": sum(int(row.row.get("cut", 0)) for row in rows)}
    if given.name == "skyscript":
        return Scored(_skyscript(rows, images, texts, owner), told=told)
    chance = {f"text2image R@{k}": round(100 * min(1, k / len(images)), 4) for k in RS5M_KS}
    return Scored({"": rs5m_recall(images, texts, owner)}, told={**told, "baselines": {"chance": chance}})


def _skyscript(rows: Rows, images: np.ndarray, texts: np.ndarray, owner: np.ndarray) -> dict[str, Tally]:
    """Captions that are alike are one. Raises RsvlmError (bad_request) where a row has not one vector for each caption."""
    uneven = next((row.id for row in rows if len(row.references) != len(row.row["vectors"])), None)
    if uneven is not None:
        raise RsvlmError(
            "bad_request",
            f"The row {uneven} has other numbers of references and vectors.",
            "Give one of `vectors` for each of `references`, in the same order.",
        )
    said = [str(text) for row in rows for text in row.references]
    first = {text: place for place, text in reversed(list(enumerate(said)))}
    kept = sorted(first.values())
    number = {said[place]: index for index, place in enumerate(kept)}
    pairs = np.stack([owner, [number[text] for text in said]], axis=1)
    return skyscript_recall(images, texts[kept], pairs)


def _stack(values: Sequence[object]) -> np.ndarray:
    vectors = [unpacked(value) for value in values]
    if not vectors or len({len(vector) for vector in vectors}) != 1:
        raise RsvlmError("bad_request", "The vectors differ in width, or there are none.", "Take them from one model.")
    return np.stack(vectors)


def zero_shot(rows: Rows, _: Given) -> Scored:
    """Top-1 of the model's own order, and top-1 and top-5 of each order that is told."""
    true = [tidy(str(row.references[0])) for row in rows]
    tallies = {"": top([[tidy(str(row.said))] for row in rows], true, (1,))}
    missing = {}
    for order in ("unit", "raw"):
        if all(isinstance(row.row.get(order), list) for row in rows):
            tallies[order] = top([[tidy(str(label)) for label in row.row[order]] for row in rows], true)
        elif any("unit" in row.row for row in rows):
            missing[order] = UNIT_ONLY
    counts = Counter(true)
    most = round(counts.most_common(1)[0][1] / len(rows), 6)
    told = {"classes": len(counts), "baselines": {"most frequent class": {"top-1": most}}, "not_computed": missing}
    return Scored(tallies, told=told)


def one_class(rows: Rows, _: Given) -> Scored:
    """Each class against the rest, by the threshold of its cosine that does best: F1 of each, and their mean.

    Classes of which there is no picture have none.
    """
    if not all(isinstance(row.row.get("cosines"), Mapping) for row in rows):
        raise RsvlmError("bad_request", "A row has no cosines.", "Give {class: cosine} as `cosines` in every row.")
    true = [tidy(str(row.references[0])) for row in rows]
    labels = {label: tidy(label) in true for label in rows[0].row["cosines"]}
    if not any(labels.values()):
        raise RsvlmError(
            "bad_request", "No picture is of a class that has a cosine.", "Name classes in `cosines` as references do."
        )
    found = {}
    for label in (label for label, there in labels.items() if there):
        cosines = np.array([float(row.row["cosines"].get(label, -1)) for row in rows])
        found[label] = best_f1(cosines, np.array([one == tidy(label) for one in true]))
    figures = {"mean F1": float(np.mean([one["F1"] for one in found.values()]))}
    figures |= {f"F1 {label}": one["F1"] for label, one in found.items()}
    thresholds = {label: one["threshold"] for label, one in found.items()}
    missing = {f"F1 {label}": NO_PICTURE for label, there in labels.items() if not there}
    return Scored({}, figures, {"classes": len(found), "thresholds": thresholds, "not_computed": missing})
