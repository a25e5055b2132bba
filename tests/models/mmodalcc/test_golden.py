"""What MModalCC's released code scored, and weights that are computed from their keys."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from rsvlm.models.golden_weights import det_tensor, det_weight
from rsvlm.trainer.metrics.captions import bleu, bleu_rows, cider, rouge_l

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[4] / "shared" / "golden")
CASES = sorted((GOLDEN / "mmodalcc").glob("case_*"))


def test_golden_cases_of_mmodalcc_are_here():
    if not CASES:
        pytest.skip(f"no golden cases of mmodalcc in {GOLDEN} (set RSVLM_GOLDEN to their folder)")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_figures_of_the_released_evaluation_are_those_of_its_sentences(case: Path, capsys: pytest.CaptureFixture[str]):
    """Scored as it does: pictures without a sentence that ended are left out."""
    meta, outputs = json.loads((case / "meta.json").read_text("utf-8")), load_file(case / "outputs.safetensors")
    names = {number: word for word, number in meta["word_map"].items() if word not in ("<start>", "<end>", "<pad>")}
    captions = load_file(case / "inputs.safetensors")["ref_captions"]

    def told(ids: list[int]) -> str:
        return " ".join(names[number] for number in ids if number in names)

    for beam in (name.removesuffix("_ids") for name in outputs if re.fullmatch(r"beam\d+_ids", name)):
        ids, wanted = outputs[f"{beam}_ids"].tolist(), outputs[f"{beam}_metrics"].tolist()
        ended = [row for row, first in enumerate(ids) if first[0] != -1]
        guess = [told(ids[row]) for row in ended]
        truth = [[told(caption) for caption in captions[5 * row : 5 * row + 5].tolist()] for row in ended]
        by_order = bleu(bleu_rows(truth, guess).sum(axis=0)[None])
        # Its scorer of CIDEr gives one picture alone a logarithm of 1.
        scores = (
            *(float(value[0]) for value in by_order.values()),
            rouge_l(truth, guess).mean(),
            cider(truth, guess, 1.0).mean(),
        )
        found = [float(score) for score in scores]
        apart = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
        with capsys.disabled():
            print(f"\n{case.parent.name}/{case.name}: {beam}, {len(ended)} of {len(ids)} pictures: {apart:.1e}")
        assert apart <= 1e-6, (found, wanted)


def test_weights_are_computed_from_their_key_alone():
    found = det_tensor("encoder_image.net.0.weight", (2, 3), -1.0, 3.0)
    seed = int.from_bytes(hashlib.sha256(b"encoder_image.net.0.weight").digest()[:8], "little")
    drawn = [int(number) >> 40 for number in np.random.PCG64(seed).random_raw(6)]
    wanted = torch.tensor([-1 + 4 * number / 2**24 for number in drawn]).view(2, 3)
    assert torch.equal(found, wanted) and found.dtype == torch.float32
    assert torch.equal(det_tensor("a", (2, 3), 0, 1).flatten(), det_tensor("a", (6,), 0, 1))
    assert not torch.equal(det_tensor("a", (6,), 0, 1), det_tensor("b", (6,), 0, 1))


@pytest.mark.parametrize(
    ("key", "shape", "low", "high"),
    [
        ("bn.running_var", (400,), 0.5, 1.5),
        ("conv.weight", (20, 3, 2, 2), -0.5, 0.5),
        ("norm.weight", (400,), 0.8, 1.2),
        ("layers.0.scale", (400,), 0.8, 1.2),
        ("norm.bias", (400,), -0.1, 0.1),
        ("positional_encoding.matrix", (2, 200), -1.0, 1.0),
    ],
)
def test_each_kind_of_weight_has_its_range(key: str, shape: tuple[int, ...], low: float, high: float):
    found = det_weight(key, shape)
    assert low <= found.min() and found.max() <= high
    assert found.max() - found.min() > 0.9 * (high - low)
