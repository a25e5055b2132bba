"""Classes given by name, told apart by the vectors of pictures and of sentences on each class.

As CLIP does it (arXiv 2103.00020, section 3.1). For models that were trained on captions and say no more about it; CLIP's own
kin have sentences of their releases on their cards. Knows vectors and strings only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rsvlm.models.parts.prompt_averaging import average_prompts
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.models.prompts import class_sentences

SENTENCES = ("{}", "a {}", "many {}")  # short, as captions begin
BATCH = 16  # classes at once


def zero_shot(predictor: Embeds, pictures: Sequence[Any], labels: Sequence[str], scale: float) -> np.ndarray:
    """(n, labels) float32, each row adding up to one. scale: of cosines, as it was learnt. Raises as embed_texts does."""
    found = []
    for start in range(0, len(labels), BATCH):
        own = labels[start : start + BATCH]
        vectors = predictor.embed_texts([text for label in own for text in class_sentences(label, SENTENCES)])
        found.append(torch.from_numpy(vectors).view(len(own), len(SENTENCES), -1))
    classes = average_prompts(torch.cat(found), "unit")
    likely = scale * torch.from_numpy(predictor.embed_images(pictures)) @ classes.T
    return likely.softmax(dim=-1).numpy()
