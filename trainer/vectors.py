"""The two heads that make vectors of pictures and of texts, fitted alone and in large batches on what a finished model sees.

Beside other tasks a batch has some twenty captions, too few to tell similar places apart. All before the heads stays as it is, so
that every picture and text is looked at once, and a step costs two small products. Of the bundled family.

python -m rsvlm.trainer.vectors RUN OUT
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.families.compact.learner import again
from rsvlm.models.families.compact.lesson import NAMED
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.words import PAD, RET, padded
from rsvlm.models.learning import Example
from rsvlm.models.parts.contrastive import contrastive_loss
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.predictors.zero_shot import SENTENCES
from rsvlm.models.prompts import class_sentences
from rsvlm.models.weights import save_compact
from rsvlm.protocol import Record
from rsvlm.trainer.augment import read_at, seen
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.presence import FITTED
from rsvlm.trainer.records import data_folder, read_caption_archive
from rsvlm.trainer.run import LAST

PIXELS = 128
VIEWS = 3  # of each picture: as it is, and from other sides on other days
AUGMENT = ("view",)
STEPS, BATCH, RATE, DECAY = 400, 512, 5e-3, 0.01
ENCODED = 32  # pictures, and texts, at once
SEED = 17


@dataclass(frozen=True, eq=False)
class Looked:
    """What the heads learn from. pictures: (n, VIEWS, token width). texts: (m, language width).

    told: (n, captions) and named: (n, SENTENCES), the numbers of the texts that are right for each picture.
    """

    pictures: Tensor
    texts: Tensor
    told: Tensor
    named: Tensor


def looked(model: Compact, tokenizer: Tokenizer, records: Sequence[Record]) -> Looked:
    """records: pictures with captions, as many of each, and the name of their scene. Raises what reading raises."""
    captions = [
        [tidy(str(turn["content"])) for turn in record.messages if turn["role"] == "assistant"] for record in records
    ]
    names = [[tidy(text) for text in class_sentences(record.meta["scene"], SENTENCES)] for record in records]
    numbers = {
        text: number for number, text in enumerate(sorted({text for row in (*captions, *names) for text in row}))
    }
    told, named = (torch.tensor([[numbers[text] for text in row] for row in rows]) for rows in (captions, names))
    ids = [[*encoding.ids, RET] for encoding in tokenizer.encode_batch(list(numbers))]
    with torch.inference_mode(), ThreadPoolExecutor() as threads:
        texts = [model.read_texts(padded(ids[at : at + ENCODED], PAD)) for at in range(0, len(ids), ENCODED)]
        pictures = [
            _pooled(model, np.stack(list(threads.map(_views, records[at : at + ENCODED], range(at, len(records))))))
            for at in range(0, len(records), ENCODED)
        ]
    return Looked(torch.cat(pictures), torch.cat(texts), told, named)


def fit(model: Compact, known: Looked) -> None:
    """In place: the heads of pictures and texts, and the scale of their likeness."""
    heads = nn.ModuleList([model.image_head, model.text_head])
    optimiser = torch.optim.AdamW([*heads.parameters(), model.log_scale], lr=RATE, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    torch.manual_seed(SEED)
    right = torch.cat([known.told, known.named], dim=1)
    for _ in range(STEPS):
        rows = torch.randperm(len(known.pictures))[:BATCH]
        pictures = known.pictures[rows, torch.randint(known.pictures.shape[1], (len(rows),))]
        of_class = torch.rand(len(rows)) < NAMED
        said = torch.where(of_class, _one_of(known.named[rows]), _one_of(known.told[rows]))
        same = (right[rows][:, :, None] == said).any(dim=1)
        images, texts = (
            nn.functional.normalize(head(x), dim=-1)
            for head, x in zip(heads, (pictures, known.texts[said]), strict=True)
        )
        loss = contrastive_loss(images, texts, same, model.log_scale)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()


def _one_of(numbers: Tensor) -> Tensor:
    """(n, k) -> (n,): one of each row."""
    return numbers.gather(1, torch.randint(numbers.shape[1], (len(numbers), 1)))[:, 0]


def _views(record: Record, number: int) -> np.ndarray:
    """(VIEWS, PIXELS, PIXELS, 3) uint8."""
    picture, fine = (
        read_picture(record.images[0], PIXELS, finest).pixels for finest in (None, read_at(AUGMENT, PIXELS))
    )
    plain, generator = Example(record.id, record.task, (fine,)), np.random.default_rng([SEED, number])
    return np.stack([picture, *(seen(plain, AUGMENT, generator, PIXELS).pictures[0] for _ in range(VIEWS - 1))])


def _pooled(model: Compact, views: np.ndarray) -> Tensor:
    """(n, VIEWS, H, W, 3) uint8 -> (n, VIEWS, token width)."""
    pixels = torch.from_numpy(views).flatten(0, 1).permute(0, 3, 1, 2) / 255
    return model.encoder(normalise(pixels)).pooled.unflatten(0, views.shape[:2])


def main() -> None:
    run, out = map(Path, sys.argv[1:])
    learner = again(run / LAST)
    (out / LAST).mkdir(parents=True)  # before the work: it fails where something is there already
    learner.model.eval()
    records = [record for name, split in FITTED for record in read_caption_archive(data_folder() / name, split)]
    fit(learner.model, looked(learner.model, learner.tokenizer, records))
    save_compact(out / LAST, learner.model, learner.tokenizer)
    for name in ("recipe.yaml", "events.jsonl"):
        shutil.copy(run / name, out / name)


if __name__ == "__main__":
    main()
