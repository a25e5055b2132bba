"""Vectors by number, and which of them are nearest: every one is looked at, so that nothing is missed. Knows no text."""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np


class Vectors:
    """ids: (n,) int64. vectors: (n, width) float32 of unit length."""

    def __init__(self, ids: Sequence[int], vectors: np.ndarray) -> None:
        self._ids = np.asarray(ids, dtype=np.int64)
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        if len(self._ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), self._ids)

    def nearest(self, vector: np.ndarray, most: int, among: Sequence[int]) -> list[tuple[int, float]]:
        """Number and inner product of at most `most`, the best first; only those of the numbers `among`."""
        allowed = np.intersect1d(self._ids, np.asarray(among, dtype=np.int64))
        if not len(allowed):
            return []
        parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))  # type: ignore[call-arg]
        query = np.ascontiguousarray(vector, dtype=np.float32)[None]
        scores, ids = self._index.search(query, min(most, len(allowed)), params=parameters)
        found = [(int(number), float(score)) for number, score in zip(ids[0], scores[0], strict=True) if number >= 0]
        return sorted(found, key=lambda item: (-item[1], item[0]))
