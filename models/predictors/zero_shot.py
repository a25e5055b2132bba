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
from rsvlm.models.predictors.abilities import Classifies, Embeds
from rsvlm.models.prompts import class_sentences

SENTENCES = ("{}", "a {}", "many {}")  # short, as captions begin
BATCH = 16  # classes at once
LEAST = 1e-9  # no share is less
# Common land cover that a phrase is held against; a line of which the phrase speaks itself is left out.
COVER = (
    ("buildings", "building", "houses", "house", "roofs", "roof", "homes", "residential", "town", "village", "urban"),
    ("a road", "roads", "street", "streets", "highway", "motorway", "freeway", "track", "path"),
    ("water", "lake", "lakes", "river", "rivers", "sea", "ocean", "pond", "ponds", "pool", "pools", "reservoir"),
    ("forest", "forests", "trees", "tree", "woods", "woodland", "orchard"),
    ("grassland", "meadow", "meadows", "grass", "lawn", "pasture"),
    ("farmland", "field", "fields", "crop", "crops", "agricultural", "agriculture"),
    ("bare land", "soil", "sand", "desert", "beach", "rock", "rocks", "bare", "bareland"),
)


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


def unlike(phrases: Sequence[str]) -> list[int]:
    """Numbers of the lines of COVER of which none of the phrases speaks."""
    words = {word for phrase in phrases for word in phrase.lower().split()}
    return [
        at for at, line in enumerate(COVER) if words.isdisjoint(word for name in line for word in name.split()[-1:])
    ]


def against_cover(predictor: Classifies, pictures: Sequence[Any], phrases: Sequence[str]) -> np.ndarray:
    """(n, phrases) float32: log-odds that pictures are rather of each phrase than of the land cover that it is held against."""
    shares = predictor.zero_shot(pictures, [*phrases, *(line[0] for line in COVER)]).clip(LEAST)
    own, cover = shares[:, : len(phrases)], shares[:, len(phrases) :]
    return np.stack(
        [np.log(own[:, at] / cover[:, unlike([phrase])].sum(axis=1).clip(LEAST)) for at, phrase in enumerate(phrases)],
        1,
    )
