"""Pictures that are like each other are found, all of them, and others are not."""

from __future__ import annotations

import io
import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from rsvlm.trainer.stats.hashing import SIDE, differing, groups, near_pairs, picture_hash


def scene(seed: int, side: int = 128) -> Image.Image:
    """Soft patches of light and dark."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)


def hashed(picture: Image.Image) -> int:
    found = picture_hash(np.asarray(picture.resize((4 * SIDE, 4 * SIDE), Image.Resampling.BOX)))
    assert found is not None
    return found


def apart(one: int, other: int) -> int:
    return bin(one ^ other).count("1")


def test_hash_stays_where_the_picture_does():
    for seed in range(8):
        picture = scene(seed)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=35)
        brighter = Image.fromarray((np.asarray(picture) * 0.7 + 40).astype(np.uint8))
        for other in (
            Image.open(file),
            brighter,
            picture.filter(ImageFilter.GaussianBlur(1)),
            picture.resize((61, 61)),
        ):
            assert apart(hashed(picture), hashed(other)) <= 6


def test_hashes_of_other_pictures_are_far_apart():
    hashes = [hashed(scene(seed)) for seed in range(30)]
    assert min(apart(a, b) for at, a in enumerate(hashes) for b in hashes[:at]) > 10
    assert apart(hashes[0], hashed(scene(0).rotate(90))) > 10


def test_picture_of_one_colour_has_no_hash():
    assert picture_hash(np.full((SIDE, SIDE, 3), 130, np.uint8)) is None


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10), st.integers(2, 120), st.integers(0, 2**32 - 1))
def test_no_near_pair_is_left_out(distance: int, count: int, seed: int):
    generator = np.random.default_rng(seed)
    hashes = generator.integers(0, 2**64, count, dtype=np.uint64)
    for at in range(1, count, 2):  # near ones: some bits of the one before are turned
        for bit in generator.integers(0, 64, generator.integers(0, 12)):
            hashes[at] = (hashes[at] if bit % 5 else hashes[at - 1]) ^ np.uint64(1 << int(bit))
    first, second = near_pairs(hashes, distance)
    every = np.array([(a, b) for a in range(count) for b in range(a + 1, count)])
    near = differing(hashes[every[:, 0]], hashes[every[:, 1]]) <= distance
    assert {tuple(pair) for pair in every[near].tolist()} == set(zip(first.tolist(), second.tolist(), strict=True))


def test_many_pictures_are_compared_in_moments():
    hashes = np.random.default_rng(3).integers(0, 2**64, 200_000, dtype=np.uint64)
    hashes[150_000] = hashes[7] ^ np.uint64(0b1011)
    start = time.perf_counter()
    first, second = near_pairs(hashes, 4)
    print(f"near pairs among 200,000 hashes: {time.perf_counter() - start:.1f} s")
    assert (first.tolist(), second.tolist()) == ([7], [150_000])
    assert time.perf_counter() - start < 60  # all pairs, 2 x 10^10, would take many minutes


def test_pairs_join_to_groups():
    assert groups(np.array([1, 5, 2, 9]), np.array([2, 6, 3, 8])) == [[1, 2, 3], [5, 6], [8, 9]]
