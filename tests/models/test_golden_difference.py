"""What is compared with recorded tensors cannot be called equal when it is not."""

from __future__ import annotations

import pytest
import torch

from rsvlm.models.golden_difference import apart

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.5),
        ([1.0, -INF], [1.0, -INF], 0.0),
        ([1.0, -INF], [1.25, -INF], 0.25),
        ([1.0, 2.0], [1.0, -INF], 1.0),
        ([1.0, NAN], [1.0, 2.0], NAN),
        ([NAN], [NAN], NAN),
        ([1, 2, 3], [1, 2, 3], 0.0),
        ([1, 2, 3], [1, 2, 9], 1.0),
        ([1.0], [1.0, 1.0], 1.0),
        ([[1.0], [1.0]], [[1.0, 1.0], [1.0, 1.0]], 1.0),
        ([], [], 0.0),
    ],
)
def test_difference_is_the_largest_and_none_is_hidden(found: list, wanted: list, expected: float):
    assert apart(torch.tensor(found), torch.tensor(wanted)) == pytest.approx(expected, nan_ok=True)


def test_rows_whose_mask_is_0_do_not_count():
    found, wanted = torch.tensor([[1.0, 9.0], [2.0, 2.0]]), torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    assert apart(found, wanted) == 8.0
    assert apart(found, wanted, torch.tensor([[1, 0], [1, 1]])) == 0.0
    ids = torch.tensor([[1, 9], [2, 2]])
    assert apart(ids, ids.flip(1), torch.tensor([[0, 0], [1, 1]])) == 0.0
