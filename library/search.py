"""Passages for a question, a picture and a place: several rankings, fused into one.

RS-RAG (arXiv 2504.04988), section 4: a picture's vector is held against pictures and against texts, a text's against texts.
Rankings are fused by reciprocal rank (Cormack et al., SIGIR 2009) instead of by a weight between their scores, because words
and metres have no common scale with vectors. Knows vectors; not where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from rsvlm.library.file import Kept, Library, Maker
from rsvlm.library.place import distances_m

DEPTH = 100  # of each ranking, as far as it counts
SMOOTH = 60  # Cormack's k: how little the first places stand out


@dataclass(frozen=True, eq=False)
class Query:
    """What is looked for; whatever is None or empty does not count. text and its vector; image_vector: of the picture.

    place: GeoJSON in longitude and latitude; within_m: farther documents, and those without a place, are left out.
    digests: of what is asked about; a document with that very picture is left out: it would only find itself.
    """

    text: str = ""
    text_vector: np.ndarray | None = None
    image_vector: np.ndarray | None = None
    place: Mapping[str, Any] | None = None
    within_m: float | None = None
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Passage:
    """geometry: GeoJSON in longitude and latitude, None if it holds nowhere in particular. distance_m: on the ground.

    score: 0 to 1, of the rankings together, 1 if it is the first in all; ranks: ranking -> place, from 1.
    """

    title: str
    text: str
    source: str
    geometry: Mapping[str, Any] | None
    score: float
    distance_m: float | None
    ranks: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Findings:
    """passages: the best first. left_out: documents with the very picture that was asked about. maker: of the vectors."""

    passages: Sequence[Passage]
    left_out: int
    maker: Maker


def search(library: Library, query: Query, most: int) -> Findings:
    """At most `most` passages. The same library and query give the same passages."""
    every, holds = library.documents(), library.passages()
    itself = {number for number, kept in every.items() if kept.image_digest in query.digests}
    away = _distances(every, query.place)
    allowed = [number for number in every if number not in itself and _near(away.get(number), query.within_m)]
    parts: dict[int, list[int]] = {number: [] for number in allowed}
    for passage, document in holds.items():
        if document in parts:
            parts[document].append(passage)
    ranks = _rankings(library, query, parts, away)
    scores: dict[int, float] = {}
    for ranking in ranks.values():
        for passage, rank in ranking.items():
            scores[passage] = scores.get(passage, 0.0) + (SMOOTH + 1) / (SMOOTH + rank) / len(ranks)
    best = sorted(scores, key=lambda passage: (-scores[passage], passage))[:most]
    found = []
    for passage in best:
        kept = every[holds[passage]]
        places = {name: ranking[passage] for name, ranking in ranks.items() if passage in ranking}
        geometry = None if kept.shape is None else shapely.geometry.mapping(kept.shape)
        distance = away.get(holds[passage])
        text = library.text(passage)
        found.append(Passage(kept.title, text, kept.source, geometry, round(scores[passage], 4), distance, places))
    return Findings(found, len(itself), library.maker)


def _distances(every: Mapping[int, Kept], place: Mapping[str, Any] | None) -> dict[int, float]:
    """Metres, of the documents that have a place."""
    placed = {number: kept.shape for number, kept in every.items() if kept.shape is not None}
    if place is None or not placed:
        return {}
    found = distances_m(place, list(placed.values()))
    return {number: float(metres) for number, metres in zip(placed, found, strict=True) if np.isfinite(metres)}


def _near(distance: float | None, within_m: float | None) -> bool:
    return within_m is None or (distance is not None and distance <= within_m)


def _rankings(
    library: Library, query: Query, parts: Mapping[int, Sequence[int]], away: Mapping[int, float]
) -> dict[str, dict[int, int]]:
    """Ranking -> passage -> place, from 1. parts: the passages of each document that counts."""
    passages = [passage for each in parts.values() for passage in each]
    ranks: dict[str, dict[int, int]] = {}
    if query.text:
        allowed = set(passages)
        ranks["words"] = _ranked([item for item in library.by_words(query.text) if item[0] in allowed])
    texts = None if query.text_vector is None and query.image_vector is None else library.text_vectors()
    if texts and query.text_vector is not None:
        ranks["text"] = _ranked(texts.nearest(query.text_vector, DEPTH, passages))
    if texts and query.image_vector is not None:
        ranks["picture to text"] = _ranked(texts.nearest(query.image_vector, DEPTH, passages))
        pictures = library.image_vectors().nearest(query.image_vector, DEPTH, list(parts))
        ranks["picture"] = _of_passages(_ranked(pictures), parts)
    if query.place is not None:
        nearest = sorted(((number, -away[number]) for number in parts if number in away), key=lambda item: -item[1])
        ranks["place"] = _of_passages(_ranked(nearest), parts)
    return ranks


def _ranked(found: Sequence[tuple[int, float]]) -> dict[int, int]:
    """Places of the first DEPTH; equal scores share one."""
    places: dict[int, int] = {}
    rank, last = 0, None
    for position, (number, score) in enumerate(found[:DEPTH], 1):
        rank = rank if score == last else position
        places[number], last = rank, score
    return places


def _of_passages(documents: Mapping[int, int], parts: Mapping[int, Sequence[int]]) -> dict[int, int]:
    return {passage: rank for number, rank in documents.items() for passage in parts[number]}
