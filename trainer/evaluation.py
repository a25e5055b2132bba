"""How good a model's captions of a data set are, by the field's own scorers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.images import read_squares
from rsvlm.trainer.metrics.caption_protocols import caption_protocol, score_captions
from rsvlm.trainer.metrics.tally import means
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.scoring import Scored, caption_scored, document

BATCH = 64


def evaluate_captions(
    predictor: CompactPredictor, archive: Path, split: str, protocol: str, predictions: Path | None = None
) -> dict[str, Any]:
    """Greedy captions of a split, scored: {"task", "protocol", "n", "metrics", "ci95", ...}.

    Also the accuracy of the scene head where it knows the archive's classes. predictions: a file to write, which
    score_file() scores again. Raises RsvlmError (bad_request) for a protocol that is none, and what reading raises.
    """
    caption_protocol(protocol)
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
        found = predictor.scene_probabilities(features).argmax(axis=1)
        right += [
            predictor.scenes[scene] == record.meta["scene"]
            for scene, record in zip(found, records[start : start + BATCH], strict=True)
        ]
    references = [record.captions for record in records]
    score = score_captions(references, said, protocol)
    constant = Counter(text for texts in references for text in texts).most_common(1)[0][0]
    baseline = float(score_captions(references, [constant] * len(records), protocol).cider.mean())
    if predictions:
        rows = zip(records, said, confidence, score.cider.tolist(), strict=True)
        lines = [
            json.dumps({
                "id": record.id, "caption": text, "references": record.captions,
                "confidence": round(sure, 4), "CIDEr": round(value, 4),
            })
            for record, text, sure, value in rows
        ]  # fmt: skip
        predictions.write_text("\n".join(lines) + "\n", "utf-8")
    scored = caption_scored({"": score})
    scenes = means({"accuracy": np.array(right, float)})
    return {
        "task": "caption",
        "protocol": protocol,
        "data": archive.name,
        "split": split,
        "model": predictor.card.id,
        "revision": predictor.card.revision,
        "n": len(records),
        "baselines": {"constant caption": {"CIDEr": round(baseline, 4)}},
        **document(Scored({**scored.tallies, "scene": scenes}, scored.alone, scored.told)),
    }
