"""Predictions of one task, scored by a protocol of a name: figures, 95 % intervals and what could not be read.

Knows tasks and protocols; reading files and counting are elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.box_texts import read_boxes
from rsvlm.trainer.builders.wording import templates
from rsvlm.trainer.mask_files import read_masks
from rsvlm.trainer.metrics.answers import accuracy_by_type, count_errors, first_number, in_range, tidy, true_count
from rsvlm.trainer.metrics.boxes import boxes_found
from rsvlm.trainer.metrics.caption_protocols import CaptionScore, caption_protocol, meteors, score_captions
from rsvlm.trainer.metrics.change_answers import KINDS, NONE, OWN, Read, cells_found, read_cells, read_counts
from rsvlm.trainer.metrics.decisions import UNCHANGED, bare, decisions, says_yes, tells_change
from rsvlm.trainer.metrics.masks import IGNORED, change_overlap, mask_overlap
from rsvlm.trainer.metrics.tally import Tally, means
from rsvlm.trainer.predictions import Prediction, read_predictions, read_vocabulary
from rsvlm.trainer.scenes.truths.words import wording
from rsvlm.trainer.scored import Given as Given
from rsvlm.trainer.scored import Rows, Scored
from rsvlm.trainer.scored import document as document
from rsvlm.trainer.scoring_cover import cover
from rsvlm.trainer.scoring_pairs import knowledge, steadiness
from rsvlm.trainer.scoring_places import places
from rsvlm.trainer.scoring_vectors import one_class, retrieval, zero_shot

BY_ORDER = "No id leads from the predictions to the references: they were paired row by row, in the order of the files."


def score_file(
    task: str, file: Path, protocol: str | None = None, references: Path | None = None, vocabulary: Path | None = None
) -> dict[str, Any]:
    """{"task", "protocol", "n", "metrics", "ci95", ...} of a file of predictions; the task's first protocol by default.

    Raises RsvlmError (bad_request, not_found, bad_raster, unavailable) with what to mend.
    """
    name = protocol_of(task, protocol)
    words = read_vocabulary(vocabulary) if vocabulary else None
    rows = read_predictions(file, references)
    scored = TASKS[task][name](rows, Given(name, file.resolve().parent, words))
    warning = {"warning": BY_ORDER} if any(row.by_order for row in rows) else {}
    return {"task": task, "protocol": name, "data": file.name, "n": len(rows), **document(scored), **warning}


def protocol_of(task: str, name: str | None) -> str:
    """The task's first by default. Raises RsvlmError: bad_request for a name that is none, unavailable without Java."""
    protocols = TASKS[task]
    if name is not None and name not in protocols:
        *some, last = protocols
        told = " or ".join(filter(None, (", ".join(some), last)))
        raise RsvlmError("bad_request", f"There is no {task} protocol “{name}”.", f"Use {told}.")
    found = name or next(iter(protocols))
    if protocols[found] in (_captions, _change_captions):
        caption_protocol(found)
    return found


def _texts(rows: Rows) -> tuple[list[list[str]], list[str]]:
    return [[str(text) for text in row.references] for row in rows], [str(row.said) for row in rows]


def caption_scored(scores: Mapping[str, CaptionScore]) -> Scored:
    """Of corpora scored by one protocol, by prefix; the first holds all items. Raises what Java's tools raise."""
    first = next(iter(scores.values()))
    figures = meteors(list(scores.values()))
    alone = {f"{name} METEOR".strip(): figure for name, figure in zip(scores, figures, strict=bool(figures))}
    told = {"tokeniser": first.tokeniser, "vocabulary": first.vocabulary, "not_computed": first.not_computed}
    return Scored({name: score.tally for name, score in scores.items()}, alone, told)


def _captions(rows: Rows, given: Given) -> Scored:
    """And the share of classes that are right, where a model told them beside its captions."""
    scored = caption_scored({"": score_captions(*_texts(rows), given.name, given.vocabulary)})
    told = {**scored.told, "baselines": _constant(rows, given)}
    if not all("scene_prediction" in row.row for row in rows):
        return Scored(scored.tallies, scored.alone, told)
    right = [row.row["scene_prediction"] == row.row.get("scene") for row in rows]
    return Scored({**scored.tallies, "scene": means({"accuracy": np.array(right)})}, scored.alone, told)


def _constant(rows: Rows, given: Given) -> dict[str, dict[str, float]]:
    """What the most frequent reference would score if it were said of everything."""
    references, _ = _texts(rows)
    most = Counter(text for texts in references for text in texts).most_common(1)[0][0]
    score = score_captions(references, [most] * len(rows), given.name, given.vocabulary)
    return {"constant caption": {"CIDEr": round(float(score.cider.mean()), 4)}}


def _change_captions(rows: Rows, given: Given) -> Scored:
    """All pairs, those that changed and those that did not, each a corpus of its own; and whether change is told at all."""
    unchanged = _unchanged(rows)
    true = np.array([_changed(row, unchanged) for row in rows])
    parts = {"": rows, "changed": [row for row, flag in zip(rows, true, strict=True) if flag]}
    parts["unchanged"] = [row for row, flag in zip(rows, true, strict=True) if not flag]
    scored = caption_scored(
        {name: score_captions(*_texts(part), given.name, given.vocabulary) for name, part in parts.items() if part}
    )
    told = np.array([tells_change(str(row.said), unchanged) for row in rows])
    told_beside = {**scored.told, "baselines": _constant(rows, given)}
    return Scored({**scored.tallies, "change told:": decisions(told, true)}, scored.alone, told_beside)


def _unchanged(rows: Rows) -> set[str]:
    """Bare sentences that tell no change: LEVIR-CC's, those of our own records, and the references of pairs flagged so."""
    own = [*templates()["change"]["caption"]["unchanged"], *wording()["change"]["unchanged"]]
    flagged = [str(text) for row in rows if row.changed is False for text in row.references]
    return {*UNCHANGED, *map(bare, [*own, *flagged])}


def _changed(row: Prediction, unchanged: Collection[str]) -> bool:
    """The file's flag, else whether a reference tells a change."""
    if row.changed is not None:
        return row.changed
    return any(tells_change(str(text), unchanged) for text in row.references)


def _yes_no(rows: Rows, _: Given) -> Scored:
    true = np.array([says_yes(str(row.references[0])) for row in rows])
    neither = [row.id for row in rows if not tidy(str(row.said)).startswith(("yes", "no"))]
    return Scored({"": decisions(np.array([says_yes(str(row.said)) for row in rows]), true)}, told=_unread(neither))


def _counts_of_change(rows: Rows, _: Given) -> Scored:
    told, true = [read_counts(str(row.said)) for row in rows], [_true_counts(row) for row in rows]
    tallies = {kind: count_errors([one.found[kind] for one in told], [one[kind] for one in true]) for kind in KINDS}
    return Scored(tallies, told=_rules(rows, told))


def _true_counts(row: Prediction) -> dict[str, int]:
    value = row.references[0]
    if isinstance(value, str):
        return dict(read_counts(value).found)
    try:
        return {kind: int(value[kind] if kind in value else value[f"{kind}s"]) for kind in KINDS}
    except (KeyError, TypeError, ValueError) as error:
        raise _unlike(row, 'Give {"road": 1, "building": 2}, or the sentence.') from error


def _cells_of_change(rows: Rows, _: Given) -> Scored:
    told, true = [read_cells(str(row.said)) for row in rows], [_true_cells(row) for row in rows]
    tallies = {kind: cells_found([one.found[kind] for one in told], [one[kind] for one in true]) for kind in KINDS}
    return Scored(tallies, told=_rules(rows, told))


def _true_cells(row: Prediction) -> dict[str, frozenset[str]]:
    value = row.references[0]
    if isinstance(value, str):
        return dict(read_cells(value).found)
    try:
        return {kind: frozenset(map(str, value[f"{kind}s"] if f"{kind}s" in value else value[kind])) for kind in KINDS}
    except (KeyError, TypeError) as error:
        raise _unlike(row, 'Give {"roads": ["top-left"], "buildings": []}, or the sentence.') from error


def _unlike(row: Prediction, hint: str) -> RsvlmError:
    return RsvlmError("bad_request", f"The reference of {row.id} cannot be read.", hint)


def _rules(rows: Rows, told: Sequence[Read[Any]]) -> dict[str, Any]:
    """Which answers the release's own script would have stopped at, and which say nothing that can be read."""
    own = [row.id for row, one in zip(rows, told, strict=True) if one.rule in (OWN, NONE)]
    return {"release_stops_at": own} | _unread(
        [row.id for row, one in zip(rows, told, strict=True) if one.rule == NONE]
    )


def _unread(ids: list[str]) -> dict[str, Any]:
    return {"not_read": ids}


def _questions(rows: Rows, given: Given) -> Scored:
    """Answers equal to the reference: as they are, or put into RSVQA's ranges."""

    def seen(answer: object) -> str:
        return tidy(str(answer)) if given.name == "exact" else in_range(str(answer), given.name == "rsvqa")

    true = [{seen(text) for text in (row.references if given.name == "exact" else row.references[:1])} for row in rows]
    kinds = [row.kind or "all" for row in rows]
    frequent: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, answers in zip(kinds, true, strict=True):
        frequent[kind].update(answers)
    constant = [frequent[kind].most_common(1)[0][0] for kind in kinds]
    scores = [
        accuracy_by_type(np.array([answer in answers for answer, answers in zip(said, true, strict=True)]), kinds)
        for said in ([seen(row.said) for row in rows], constant)
    ]
    baseline = {name: round(scores[1].values()[name], 6) for name in ("OA", "AA")}
    return Scored({"": scores[0]}, told={"baselines": {"most frequent answer of each type": baseline}})


def _counts(rows: Rows, _: Given) -> Scored:
    """Of the questions whose reference is a number of things; an answer without a number counts as 0."""
    asked = [(row, number) for row in rows if (number := true_count(str(row.references[0]))) is not None]
    if not asked:
        raise RsvlmError("bad_request", "No reference is a number of things.", "Choose the protocol rsvqa or exact.")
    told = [first_number(str(row.said)) for row, _ in asked]
    tally = count_errors([number or 0 for number in told], [number for _, number in asked])
    without = [row.id for (row, _), number in zip(asked, told, strict=True) if number is None]
    return Scored({"": tally}, told={"counted": len(asked)} | _unread(without))


def _masks(rows: Rows, given: Given) -> Scored:
    """Over all masks, and over those of each type of phrase where there are several."""
    kinds = sorted({row.kind for row in rows if row.kind})
    parts = {
        "": rows,
        **({kind: [row for row in rows if row.kind == kind] for kind in kinds} if len(kinds) > 1 else {}),
    }
    overlaps = {}
    for name, part in parts.items():
        overlaps[name] = _together(mask_overlap([told], [true]) for told, true in _mask_pairs(part, given))
    return Scored(overlaps, told={"baselines": {"all of the picture": _everything(rows, given)}})


def _everything(rows: Rows, given: Given) -> dict[str, float]:
    """What a mask of the whole picture would score."""
    overlap = _together(mask_overlap([np.ones_like(true, bool)], [true]) for _, true in _mask_pairs(rows, given))
    return {name: round(value, 6) for name, value in overlap.values().items()}


def _together(each: Iterable[Tally]) -> Tally:
    """Of rows that were scored one after the other, as the masks of a whole data set do not fit into memory."""
    tallies = list(each)
    return Tally(np.concatenate([tally.rows for tally in tallies]), tallies[0].figures)


def _mask_pairs(rows: Rows, given: Given) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return (_mask_pair(row, given) for row in rows)


def _mask_pair(row: Prediction, given: Given) -> tuple[np.ndarray, np.ndarray]:
    """What was told, bool, and what is true, uint8: (masks, height, width)."""
    told = read_masks(row.said, given.folder)
    true = read_masks(row.references[0] if len(row.references) == 1 else list(row.references), given.folder)
    if told.shape != true.shape:
        raise RsvlmError("bad_request", f"The masks of {row.id} differ in size.", "Give both in pixels of the image.")
    if given.name != "lisa":
        return told > 0, (true > 0).astype(np.uint8)
    if set(np.unique(true)) - {0, 1, IGNORED}:
        raise RsvlmError("bad_request", "A reference has other values than 0, 1 and 255.", "Choose the protocol masks.")
    return told > 0, true


def _changed_pixels(rows: Rows, given: Given) -> Scored:
    pairs = _mask_pairs(rows, given)
    return Scored(
        {"": _together(change_overlap([np.any(told, axis=0)], [np.any(true, axis=0)]) for told, true in pairs)}
    )


def _boxes(rows: Rows, given: Given) -> Scored:
    turned = given.name == "boxes"
    told = [read_boxes(row.said, turned) for row in rows]
    true = [[box for value in row.references for box in read_boxes(value, turned)] for row in rows]
    missing = [row.id for row, boxes in zip(rows, true, strict=True) if not boxes]
    if missing:
        raise RsvlmError("bad_request", f"The reference of {missing[0]} has no box.", "Give x0, y0, x1, y1 in a list.")
    return Scored(
        {"": boxes_found(told, true)}, told=_unread([row.id for row, one in zip(rows, told, strict=True) if not one])
    )


TASKS: dict[str, dict[str, Callable[[Rows, Given], Scored]]] = {
    "caption": dict.fromkeys(("coco", "coco-ptb", "spaces", "levir-cc-ids"), _captions),
    "vqa": {"rsvqa": _questions, "rsvqa-hr": _questions, "exact": _questions, "count": _counts, "yes-no": _yes_no},
    "change": {
        **dict.fromkeys(("levir-cc-ids", "coco", "coco-ptb", "spaces"), _change_captions),
        "deltavlm-count": _counts_of_change, "deltavlm-location": _cells_of_change, "yes-no": _yes_no, "exact": _questions,
        "masks": _masks, "pixels": _changed_pixels,
    },
    "segment": {"masks": _masks, "lisa": _masks, "semantic": cover, "presence": _yes_no},
    "ground": {"boxes": _boxes, "boxes-upright": _boxes},
    "retrieval": {"rs5m": retrieval, "skyscript": retrieval},
    "zeroshot": {"top-k": zero_shot, "best-f1": one_class},
    "localize": {"selo": places},
    "rag": {"exact": knowledge, "contains": knowledge},
    "consistency": {"same": steadiness},
}  # fmt: skip  # the first of each is the default
