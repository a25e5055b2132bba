"""Plays the recorded scores again: figures that the released scorers gave for answers, masks and captions.

Knows the layout of the recorded files, one for each kind of score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from rsvlm.trainer.metrics import java
from rsvlm.trainer.metrics.answers import accuracy_by_type, count_errors, in_range
from rsvlm.trainer.metrics.caption_protocols import meteors, score_captions
from rsvlm.trainer.metrics.captions import bleu, bleu_rows, cider, rouge_l
from rsvlm.trainer.metrics.change_answers import KINDS, RELEASED, cells_found, read_cells, read_counts
from rsvlm.trainer.metrics.decisions import decisions, says_yes, tells_change
from rsvlm.trainer.metrics.masks import mask_overlap
from rsvlm.trainer.metrics.tokenisers import candidate_ids, reference_ids

Differences = dict[str, float]


def replay(case: Path) -> Differences:
    """Name of each figure -> absolute difference; of texts and rules 0 where they are met, else 1. case: a recorded file.

    METEOR and the Penn Treebank tokeniser are held against it only where Java is. A file's name may go on after that of its
    kind. Raises KeyError for another file.
    """
    recorded = json.loads(case.read_text("utf-8"))
    kind = next((name for name in REPLAYS if case.stem.startswith(name)), case.stem)
    return REPLAYS[kind](recorded, case)


def _captions(recorded: dict[str, Any], _: Path) -> Differences:
    expected = recorded["expected"]
    found: Differences = {}
    texts = {"split_on_spaces": recorded["items"], "subset_first_10": recorded["items"][:10]}
    texts |= {"single_item_0": recorded["items"][:1], "ptb_tokenized": expected["ptb_tokenized_text"]}
    for variant, items in texts.items():
        references, candidates = _sentences(items)
        found |= _prefixed(variant, _caption_figures(references, candidates, expected[variant]))
    scored = [variant for variant in texts if "METEOR" in expected[variant] and not java.missing()]
    figures = java.meteor([_sentences(texts[variant]) for variant in scored]) if scored else []
    for variant, figure in zip(scored, figures, strict=True):
        found[f"{variant} METEOR"] = abs(figure - expected[variant]["METEOR"])
    raw = _sentences(recorded["items"])
    for protocol in ("coco", *(() if java.missing() else ("coco-ptb",))):
        values = score_captions(*raw, protocol).tally.values()
        wanted = expected["ptb_tokenized"]
        found |= _prefixed(protocol, _differences(values, _by_name(wanted["Bleu"], wanted)))
    return found


def _sentences(items: Sequence[Mapping[str, Any]]) -> tuple[list[list[str]], list[str]]:
    return [item["references"] for item in items], [item["hypothesis"] for item in items]


def _caption_figures(references: list[list[str]], candidates: list[str], wanted: Mapping[str, Any]) -> Differences:
    """Of the corpus and of each item, by COCO's scorers."""
    rows, rouge, consensus = (
        bleu_rows(references, candidates),
        rouge_l(references, candidates),
        cider(references, candidates),
    )
    values = {name: float(value) for name, value in bleu(rows.sum(axis=0)).items()}
    values |= {"ROUGE-L": float(rouge.mean()), "CIDEr": float(consensus.mean())}
    found = _differences(values, _by_name(wanted["Bleu"], wanted))
    each = [*bleu(rows).values(), rouge, consensus]
    recorded = [*wanted["Bleu_per_item"], wanted["ROUGE_L_per_item"], wanted["CIDEr_per_item"]]
    for name, one, other in zip(values, each, recorded, strict=True):
        found[f"{name} of each"] = float(np.abs(one - np.array(other)).max())
    return found


def _by_name(bleus: Sequence[float], others: Mapping[str, Any]) -> dict[str, float]:
    named = {f"BLEU-{order}": value for order, value in enumerate(bleus, 1)}
    return named | {"ROUGE-L": others["ROUGE_L"], "CIDEr": others["CIDEr"]}


def _change_captions(recorded: dict[str, Any], _: Path) -> Differences:
    items, words = recorded["items"], recorded["word_map"]
    ids = [
        " ".join(map(str, row)) == candidate_ids(item["caption"], words)
        for item, row in _rows(recorded, "hypothesis_ids")
    ]
    ids += [
        [" ".join(map(str, row)) for row in rows] == [reference_ids(text, words) for text in item["captions"]]
        for item, rows in _rows(recorded, "reference_ids")
    ]
    found = {"ids": float(not all(ids))}
    scores = []
    flags = {"all": (0, 1), "changed": (1,), "no_changed": (0,)}
    for subset, wanted in recorded["expected"].items():
        chosen = [item for item in items if item["changeflag"] in flags[subset]]
        said = [item["caption"] for item in chosen]
        score = score_captions([item["captions"] for item in chosen], said, "levir-cc-ids", words)
        named = _by_name([wanted[f"Bleu_{order}"] for order in range(1, 5)], wanted)
        found |= _prefixed(subset, _differences(score.tally.values(), named))
        scores.append(score)
    for (subset, wanted), figure in zip(recorded["expected"].items(), meteors(scores), strict=False):
        found[f"{subset} METEOR"] = abs(figure - wanted["METEOR"])
    return found | _classified(items, recorded["change_classification"])


def _rows(recorded: Mapping[str, Any], key: str) -> list[tuple[Any, Any]]:
    return list(zip(recorded["items"], recorded[key], strict=True))


def _classified(items: Sequence[Mapping[str, Any]], recorded: Mapping[str, Any]) -> Differences:
    told = np.array([tells_change(item["caption"]) for item in items])
    values = decisions(told, np.array([item["changeflag"] == 1 for item in items])).values()
    names = {"change_precision": "precision", "change_recall": "recall"}
    names |= {"nochange_precision": "precision of no", "nochange_recall": "recall of no"}
    found = {ours: abs(values[ours] - recorded[name]) for name, ours in names.items()}
    printed = dict(line.rsplit(":", 1) for line in recorded["stdout"] if ":" in line)
    found |= {name: abs(values[name] - float(printed[name])) for name in ("F0.5", "F1")}  # not rounded by the release
    return found | {"told": float(told.tolist() != [bool(value) for value in recorded["pred"]])}


def _counts(recorded: dict[str, Any], _: Path) -> Differences:
    read = [read_counts(row["caption"]) for row in recorded["predictions"]]
    found = {"read": float([one.found for one in read] != recorded["parsed"])}
    stops = [read_counts(text).rule for text in recorded["inputs_that_break_the_notebook"]]
    found["stops"] = float(RELEASED in stops or any(one.rule != RELEASED for one in read))
    for kind in KINDS:
        told = [one.found[kind] for one in read]
        values = count_errors(told, [row[kind] for row in recorded["truth"]]).values()
        wanted = {name.upper(): value for name, value in recorded["expected"][kind].items()}
        found |= _prefixed(kind, _differences(values, wanted))
    return found


def _cells(recorded: dict[str, Any], _: Path) -> Differences:
    names = {
        "Hamming loss": "hamming", "precision": "precision_micro", "recall": "recall_micro", "F1": "f1_micro",
        "Jaccard": "jaccard_samples", "subset accuracy": "subset_accuracy",
    }  # fmt: skip
    read = [read_cells(row["caption"]) for row in recorded["predictions"]]
    found = {"stops": float(any(one.rule != RELEASED for one in read))}
    for kind in KINDS:
        true = [frozenset(row[f"{kind}s"]) for row in recorded["truth"]]
        values = cells_found([one.found[kind] for one in read], true).values()
        wanted = {ours: recorded["expected"][f"{kind}s"][name] for ours, name in names.items()}
        found |= _prefixed(kind, _differences(values, wanted))
    return found


def _yes_no(recorded: dict[str, Any], _: Path) -> Differences:
    told = [says_yes(item["answer"]) for item in recorded["items"]]
    values = decisions(np.array(told), np.array([item["truth"] == "yes" for item in recorded["items"]])).values()
    names = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "F1": "f1"}
    found = _differences(values, {ours: recorded["expected"][name] for ours, name in names.items()})
    return found | {"told": float(told != [bool(value) for value in recorded["pred"]])}


def _overlap(recorded: dict[str, Any], case: Path) -> Differences:
    arrays = load_file(case.parent / recorded["masks"].split()[0])
    numbers = sorted(name.removeprefix("gt_") for name in arrays if name.startswith("gt_"))
    told = [arrays[f"logits_{number}"] > 0 for number in numbers]
    values = mask_overlap(told, [arrays[f"gt_{number}"] for number in numbers]).values()
    return {name: abs(values[name] - recorded["expected"][name.lower()]) for name in ("cIoU", "gIoU")}


def _short_answers(recorded: dict[str, Any], _: Path) -> Differences:
    found: Differences = {}
    for release, numbers in (("LR_range_numbers", True), ("HR", False)):
        decoded = recorded["binning"][release]["decoded"]
        found[release] = float(any(in_range(answer, numbers) != wanted for answer, wanted in decoded.items()))
    items = recorded["items"]
    right = [in_range(item["prediction"], True) == in_range(item["truth"], True) for item in items]
    values = accuracy_by_type(np.array(right), [item["type"] for item in items]).values()
    expected = recorded["expected"]
    return found | _differences(values, {"OA": expected["OA"], "AA": expected["AA"]} | expected["per_type"])


def _differences(values: Mapping[str, float], wanted: Mapping[str, float]) -> Differences:
    return {name: abs(values[name] - value) for name, value in wanted.items()}


def _prefixed(prefix: str, differences: Differences) -> Differences:
    return {f"{prefix} {name}": difference for name, difference in differences.items()}


REPLAYS: dict[str, Callable[[dict[str, Any], Path], Differences]] = {
    "binary_yes_no": _yes_no,
    "caption_pycocoevalcap": _captions,
    "deltavlm_count": _counts,
    "deltavlm_location": _cells,
    "levircc_get_eval_score": _change_captions,
    "lisa_iou": _overlap,
    "rsvqa_accuracy": _short_answers,
}
