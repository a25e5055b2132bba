"""R@k: how often what belongs together is among the k nearest, both ways between pictures and texts.

Two protocols are in use, and their figures do not compare: that of RS5M (GeoRSCLIP, arXiv 2306.11300; RemoteCLIP as well),
in percent over all captions, each with one picture; and that of SkyScript (arXiv 2312.12856), in fractions over the texts
that differ, where one text may belong to several pictures. Both count a hit if any that belongs is among the first k.

Knows vectors only: (n, width), one row for each picture or text, of any length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RS5M_KS, SKYSCRIPT_KS = (1, 5, 10), (1, 5, 10, 100)


def unit(vectors: np.ndarray) -> np.ndarray:
    """The same directions at length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-12)


def recalls(similarity: np.ndarray, belongs: np.ndarray, ks: Sequence[int]) -> dict[int, float]:
    """k -> share of the queries that find one which belongs among their k most similar.

    similarity: (queries, items); belongs: the same, bool. Of equally similar items the first comes first.
    """
    order = np.argsort(-similarity, axis=1, kind="stable")[:, : max(ks)]
    hits = np.take_along_axis(belongs, order, axis=1)
    return {k: float(hits[:, :k].any(axis=1).mean()) for k in ks}


def rs5m_retrieval(images: np.ndarray, texts: np.ndarray, image_of_text: np.ndarray) -> dict[str, float]:
    """image_of_text: (texts,) row of each text's picture. In percent, rounded to two decimals as published.

    Keys: image2text_R@k, text2image_R@k, and mean_recall, the mean of the six before they are rounded.
    """
    similarity = unit(texts) @ unit(images).T
    belongs = image_of_text[:, None] == np.arange(len(images))
    found = {f"image2text_R@{k}": value for k, value in recalls(similarity.T, belongs.T, RS5M_KS).items()}
    found |= {f"text2image_R@{k}": value for k, value in recalls(similarity, belongs, RS5M_KS).items()}
    found["mean_recall"] = float(np.mean(list(found.values())))
    return {name: round(100 * value, 2) for name, value in found.items()}


def skyscript_retrieval(images: np.ndarray, texts: np.ndarray, pairs: np.ndarray) -> dict[str, float]:
    """texts: each once; pairs: (n, 2) rows of a picture and of its text. In fractions.

    Keys: text2img_R@k, img2text_R@k.
    """
    belongs = np.zeros((len(texts), len(images)), bool)
    belongs[pairs[:, 1], pairs[:, 0]] = True
    similarity = unit(texts) @ unit(images).T
    found = {f"text2img_R@{k}": value for k, value in recalls(similarity, belongs, SKYSCRIPT_KS).items()}
    return found | {f"img2text_R@{k}": value for k, value in recalls(similarity.T, belongs.T, SKYSCRIPT_KS).items()}
