"""How good captions are, by the field's own scorer."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.images import read_squares
from rsvlm.trainer.records import read_caption_archive

BATCH = 64
RESAMPLES = 200  # of the bootstrap


def plain(text: str) -> str:
    """Lower case, words and numbers only, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower()))


def score_captions(
    references: Sequence[Sequence[str]], candidates: Sequence[str]
) -> tuple[dict[str, float], np.ndarray]:
    """BLEU-1..4, ROUGE-L and CIDEr of pycocoevalcap on plain() text, and the CIDEr of every picture, (n,).

    CIDEr is on its natural scale (0 to 10); document frequencies come from these references. Raises RsvlmError
    (unavailable) when the scorer is not installed.
    """
    try:
        from pycocoevalcap.bleu.bleu import Bleu
        from pycocoevalcap.cider.cider import Cider
        from pycocoevalcap.rouge.rouge import Rouge
    except ImportError as error:
        raise RsvlmError(
            "unavailable", "The caption scorer is not installed.", "Install rsvlm with the extra “eval”."
        ) from error
    truth = {index: [plain(text) for text in row] for index, row in enumerate(references)}
    guess = {index: [plain(text)] for index, text in enumerate(candidates)}
    bleu, _ = Bleu(4).compute_score(truth, guess, verbose=0)
    rouge, _ = Rouge().compute_score(truth, guess)
    cider, each = Cider().compute_score(truth, guess)
    metrics = {f"BLEU-{n + 1}": float(value) for n, value in enumerate(bleu)}
    return {**metrics, "ROUGE-L": float(rouge), "CIDEr": float(cider)}, np.asarray(each)


def interval(values: np.ndarray) -> list[float]:
    """95 % bootstrap interval of a mean over pictures; the same for the same values."""
    generator = np.random.default_rng(0)
    means = values[generator.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    return [round(float(bound), 4) for bound in np.percentile(means, [2.5, 97.5])]


def evaluate_captions(
    predictor: CompactPredictor, archive: Path, split: str, protocol: str, predictions: Path | None = None
) -> dict[str, Any]:
    """Greedy captions of a split, scored: {"task", "protocol", "n", "metrics", "ci95", ...}.

    Also the accuracy of the scene head where it knows the archive's classes. Raises RsvlmError (bad_request) for a
    protocol other than "coco", and what reading raises.
    """
    if protocol != "coco":
        raise RsvlmError("bad_request", f"There is no caption protocol “{protocol}”.", "Use coco.")
    if predictions and not predictions.parent.is_dir():
        raise RsvlmError("not_found", f"The folder {predictions.parent} does not exist.", "Create it first.")
    records = read_caption_archive(archive, split)
    squares = read_squares(records, predictor.card.input.pixels)
    said, right, confidence = [], [], []
    for start in range(0, len(records), BATCH):
        features = predictor.encode(squares[start : start + BATCH])
        captions = predictor.captions(features)
        said += [caption.text for caption in captions]
        confidence += [caption.confidence for caption in captions]
        scenes = predictor.scene_probabilities(features).argmax(axis=1)
        right += [
            predictor.scenes[scene] == record.meta["scene"]
            for scene, record in zip(scenes, records[start : start + BATCH], strict=True)
        ]
    metrics, each = score_captions([record.captions for record in records], said)
    constant = Counter(text for record in records for text in record.captions).most_common(1)[0][0]
    baseline, _ = score_captions([record.captions for record in records], [constant] * len(records))
    metrics["scene accuracy"] = float(np.mean(right))
    if predictions:
        rows = zip(records, said, confidence, each.tolist(), strict=True)
        lines = [
            json.dumps({"id": record.id, "caption": text, "confidence": round(sure, 4), "CIDEr": round(value, 4)})
            for record, text, sure, value in rows
        ]
        predictions.write_text("\n".join(lines) + "\n", "utf-8")
    return {
        "task": "caption",
        "protocol": protocol,
        "data": archive.name,
        "split": split,
        "model": predictor.card.id,
        "revision": predictor.card.revision,
        "n": len(records),
        "baselines": {"constant caption": {"CIDEr": round(baseline["CIDEr"], 4)}},
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
        "ci95": {"CIDEr": interval(each), "scene accuracy": interval(np.asarray(right, float))},
    }
