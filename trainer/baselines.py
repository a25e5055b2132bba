"""What is reached without our model on the data that it is measured on: words of similar pictures, classes by a linear probe.

Both see with a MobileNetV2 trained on ImageNet (teacher.py), and know the pictures that the model was trained on.

python -m rsvlm.trainer.baselines      with the data sets in $RSVLM_DATA or ../shared/data
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from rsvlm.protocol import Record
from rsvlm.trainer.figures import REAL
from rsvlm.trainer.metrics.caption_protocols import score_captions
from rsvlm.trainer.metrics.captions import ngrams
from rsvlm.trainer.metrics.tokenisers import plain
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.records import data_folder, read_caption_archive
from rsvlm.trainer.teacher import CHANNELS, SIDE, Standardised

TEACHER = "teacher/mobilenet_v2_1.0_224_folded_fp16.npz"
FIT = {"ucm_trainval_256.zip": "train", "rsicd_train_128.zip": "fit"}  # what the model was trained on
NEIGHBOURS = 5
BATCH = 64
DECAY = 1e-3  # weight decay of the probe


def seen_by(teacher: Standardised, records: Sequence[Record]) -> Tensor:
    """(records, channels): the mean of the teacher's map of each picture."""
    found = []
    for start in range(0, len(records), BATCH):
        squares = read_squares(records[start : start + BATCH], SIDE)
        found.append(teacher.raw(torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255).mean(dim=(2, 3)))
    return torch.cat(found)


def consensus(captions: Sequence[str]) -> str:
    """The one that shares most with all others (Devlin et al., arXiv 1505.04467), counted in n-grams of one to four words."""
    counts = [ngrams(plain(caption)) for caption in captions]
    sizes = [max(1, counted.total()) for counted in counts]
    shared = [
        sum((own & other).total() / math.sqrt(size * whole) for other, whole in zip(counts, sizes, strict=True))
        for own, size in zip(counts, sizes, strict=True)
    ]
    return captions[int(np.argmax(shared))]


def probed(known: Tensor, classes: Tensor, asked: Tensor) -> Tensor:
    """(asked,): the class of each by a linear layer on standardised features, fitted to those that are known."""
    mean, deviation = known.mean(dim=0), known.std(dim=0).clamp(min=1e-3)
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    layer = nn.Linear(known.shape[1], int(classes.max()) + 1)
    nn.init.zeros_(layer.weight)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(layer(known), classes) + DECAY * layer.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return layer(asked).argmax(dim=1)


def main() -> None:
    data = data_folder()
    teacher = Standardised(data / TEACHER, torch.zeros(CHANNELS), torch.ones(CHANNELS))
    for archive, held in REAL:
        known, asked = (read_caption_archive(data / archive, split) for split in (FIT[archive], held))
        features = [seen_by(teacher, records) for records in (known, asked)]
        names = sorted({record.meta["scene"] for record in known})
        classes, truth = (
            torch.tensor([names.index(record.meta["scene"]) for record in part]) for part in (known, asked)
        )
        right = probed(features[0], classes, features[1]) == truth
        unit = [nn.functional.normalize(part, dim=1) for part in features]
        near = (unit[1] @ unit[0].T).topk(NEIGHBOURS, dim=1).indices.tolist()
        said = [consensus([text for place in row for text in known[place].captions]) for row in near]
        score = score_captions([list(record.captions) for record in asked], said, "coco", None)
        nearest = classes[[row[0] for row in near]] == truth
        told = {
            "data": f"{archive} {held}", "n": len(asked), "CIDEr of nearest neighbours": float(score.cider.mean()),
            "accuracy of the nearest neighbour": float(nearest.float().mean()),
            "accuracy of a linear probe": float(right.float().mean()),
        }  # fmt: skip
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
