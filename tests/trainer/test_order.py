"""Which records a step sees, and what a process does of it, is a function of seed and step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.trainer.order import Order
from rsvlm.trainer.steps import Share


def test_every_epoch_sees_every_record_once_in_another_order():
    seen = Order(3, [6, 4], [1.0, 1.0]).at(0, 60).reshape(6, 10)
    assert (np.sort(seen, axis=1) == np.arange(10)).all()
    assert len({tuple(epoch) for epoch in seen}) == 6


def test_record_that_counts_one_and_a_half_is_seen_twice_in_every_second_epoch():
    order = Order(3, [4, 6], [1.0, 1.5])
    assert order.epoch == 13
    times = np.stack([np.bincount(epoch, minlength=10) for epoch in order.at(0, 13 * 40).reshape(-1, 13)])
    assert (times[:, :4] == 1).all() and set(times[:, 4:].ravel()) == {1, 2}
    assert times[:, 4:].mean(axis=0) == pytest.approx(np.full(6, 1.5), abs=0.25)


def test_small_share_of_a_small_source_is_one_record_of_it():
    order = Order(3, [4, 20], [0.1, 0.1])
    assert order.epoch == 3
    assert all((epoch < 4).sum() == 1 for epoch in order.at(0, 3 * 20).reshape(-1, 3))
    assert set(order.at(0, 3 * 200)) == set(range(24))


@given(st.integers(0, 9), st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(0, 200), st.integers(1, 50))
def test_places_are_the_same_whoever_asks_for_them(seed: int, lengths: list[int], first: int, count: int):
    repeats = [1.0] * len(lengths)
    whole = Order(seed, lengths, repeats).at(0, first + count)
    assert (Order(seed, lengths, repeats).at(first, count) == whole[first:]).all()
    assert whole.max() < sum(lengths)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(0, 7))
def test_processes_and_parts_share_a_step_without_rest(parts: int, processes: int, size: int, step: int):
    batch = parts * processes * size
    shares = [Share(batch, parts, processes, rank) for rank in range(processes)]
    seen = [place for share in shares for part in share.places(step) for place in part]
    assert sorted(seen) == list(range(step * batch, (step + 1) * batch))
