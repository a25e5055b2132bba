"""Pictures as 64 bits that stay nearly the same when the picture does, and those that are near each other.

The perceptual hash by the discrete cosine transform (Zauner 2010, "Implementation and benchmarking of perceptual image hash
functions", section 3.2.1): which of the 64 lowest frequencies of the picture are above their median.
"""

from __future__ import annotations

import numpy as np

SIDE = 32  # pixels along the grey square that is hashed
_LOW = 8
_FLATTEST = 2.0  # standard deviation of grey values (0 to 255) below which a picture shows nothing
_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


def _cosines() -> np.ndarray:
    """(_LOW, SIDE): the lowest rows of the orthonormal DCT-II."""
    rows, columns = np.arange(_LOW)[:, None], np.arange(SIDE)
    matrix: np.ndarray = np.cos(np.pi * rows * (2 * columns + 1) / (2 * SIDE)) * np.sqrt(2 / SIDE)
    matrix[0] /= np.sqrt(2)
    return matrix


_DCT = _cosines()


def picture_hash(rgb: np.ndarray) -> int | None:
    """64 bits of (n * SIDE, n * SIDE, 3) uint8; None for a picture of one colour, which is like any other such."""
    side = rgb.shape[0] // SIDE
    grey = rgb.astype(np.float64) @ (0.299, 0.587, 0.114)
    small = grey.reshape(SIDE, side, SIDE, side).mean(axis=(1, 3))
    if small.std() < _FLATTEST:
        return None
    low = _DCT @ small @ _DCT.T
    return int.from_bytes(np.packbits(low.ravel() > np.median(low)).tobytes(), "big")


def near_pairs(hashes: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """All i < j whose hashes (n,) uint64 differ in `distance` bits or fewer; none is left out, and few are compared.

    Two numbers that differ in d bits agree in at least one of d + 1 groups of bits: only what agrees in one is compared.
    """
    found = [np.empty((0, 2), np.int64)]
    edges = np.linspace(0, 64, distance + 2).round().astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        mask = np.uint64(((1 << int(high - low)) - 1) << int(low))
        keys = hashes & mask
        order = np.argsort(keys, kind="stable")
        found.append(_within(hashes[order], keys[order], order, distance))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _within(hashes: np.ndarray, keys: np.ndarray, order: np.ndarray, distance: int) -> np.ndarray:
    """(m, 2) numbers from `order` of near hashes among those with equal keys, which lie beside each other."""
    found = [np.empty((0, 2), np.int64)]
    first, step = np.arange(len(keys)), 0
    while first.size:
        step += 1
        first = first[first < len(keys) - step]
        first = first[keys[first] == keys[first + step]]
        near = first[differing(hashes[first], hashes[first + step]) <= distance]
        found.append(np.column_stack([order[near], order[near + step]]))
    return np.concatenate(found)


def differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) how many bits differ between two (n,) uint64."""
    bits: np.ndarray = _BITS[(one ^ other).view(np.uint8).reshape(-1, 8)].sum(axis=1)
    return bits


def groups(first: np.ndarray, second: np.ndarray) -> list[list[int]]:
    """Numbers that pairs join, directly or by others; larger groups first."""
    parents: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := parents.setdefault(number, number)) != number:
            parents[number] = number = parents[above]
        return number

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((root(one), root(other)))
        parents[high] = low
    joined: dict[int, list[int]] = {}
    for number in sorted(parents):
        joined.setdefault(root(number), []).append(number)
    return sorted(joined.values(), key=len, reverse=True)
