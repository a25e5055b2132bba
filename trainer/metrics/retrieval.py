"""R@k: how often what belongs together is among the k nearest, both ways between pictures and texts.

Two protocols are in use, and their figures do not compare: that of RS5M (GeoRSCLIP, arXiv 2306.11300; RemoteCLIP as well),
in percent over all captions, each with one picture; and that of SkyScript (arXiv 2312.12856), in fractions over the texts
that differ, where one text may belong to several pictures. Both count a hit if any that belongs is among the first k.

Knows vectors only: (n, width), one row for each picture or text, of any length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, means, share

RS5M_KS, SKYSCRIPT_KS = (1, 5, 10), (1, 5, 10, 100)
QUERIES = 1024  # at once: similarities of all to all would fill the memory


def unit(vectors: np.ndarray) -> np.ndarray:
    """The same directions at length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-12)


def ranked(similarity: np.ndarray, count: int) -> np.ndarray:
    """(queries, items) -> (queries, count) rows of the most similar items; of equally similar ones the first comes first."""
    order: np.ndarray = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
    return order


def hits(queries: np.ndarray, items: np.ndarray, pairs: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """(queries, ks) float: whether one that belongs is among the k most similar.

    pairs: (n, 2) rows of a query and of an item that belong together.
    """
    found = []
    towards = unit(items).T
    for start in range(0, len(queries), QUERIES):
        part = queries[start : start + QUERIES]
        belongs = np.zeros((len(part), len(items)), bool)
        own = pairs[(pairs[:, 0] >= start) & (pairs[:, 0] < start + len(part))]
        belongs[own[:, 0] - start, own[:, 1]] = True
        right = np.take_along_axis(belongs, ranked(unit(part) @ towards, max(ks)), axis=1)
        found.append(np.stack([right[:, :k].any(axis=1) for k in ks], axis=1))
    return np.concatenate(found).astype(float)


def rs5m_recall(images: np.ndarray, texts: np.ndarray, image_of_text: np.ndarray) -> Tally:
    """Of each picture: image2text R@k, text2image R@k, and the mean recall of the six, in percent.

    image_of_text: (texts,) row of each text's picture.
    """
    pairs = np.stack([np.arange(len(texts)), image_of_text], axis=1)
    found, back = hits(images, texts, pairs[:, ::-1], RS5M_KS), hits(texts, images, pairs, RS5M_KS)
    count = len(images)
    sums = [np.bincount(image_of_text, back[:, place], count) for place in range(len(RS5M_KS))]
    columns = [*found.T, *sums, np.bincount(image_of_text, minlength=count), np.ones(count)]
    return Tally(np.stack(columns, axis=1), _rs5m)


def _rs5m(sums: np.ndarray) -> dict[str, np.ndarray]:
    count = len(RS5M_KS)
    texts, images = sums[..., -2], sums[..., -1]
    found = {f"image2text R@{k}": share(sums[..., place], images) for place, k in enumerate(RS5M_KS)}
    found |= {f"text2image R@{k}": share(sums[..., count + place], texts) for place, k in enumerate(RS5M_KS)}
    found["mean recall"] = np.mean(list(found.values()), axis=0)
    return {name: 100 * value for name, value in found.items()}


def skyscript_recall(images: np.ndarray, texts: np.ndarray, pairs: np.ndarray) -> dict[str, Tally]:
    """R@k in fractions, of each text, “text2img”, and of each picture, “img2text”.

    texts: each once; pairs: (n, 2) rows of a picture and of its text.
    """
    both = {
        "text2img": hits(texts, images, pairs[:, ::-1], SKYSCRIPT_KS),
        "img2text": hits(images, texts, pairs, SKYSCRIPT_KS),
    }
    return {way: means({f"R@{k}": found[:, n] for n, k in enumerate(SKYSCRIPT_KS)}) for way, found in both.items()}
