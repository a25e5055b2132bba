"""Published models as large as they were published, counted without taking memory."""

from __future__ import annotations

import psutil
import pytest

from rsvlm.models.load import FAMILIES
from rsvlm.models.sizes import PUBLISHED, published
from rsvlm.protocol import RsvlmError

PARAMETERS = {
    "capret": [7_047_121_409],
    "deltavlm": [7_927_037_184],
    "gaia": [3_744_625_024],
    "geoclip": [151_277_313, 427_616_513, 427_944_193, 986_109_441, 102_007_137],
    "rsgpt4v": [7_382_718_464, 7_387_273_216, 7_062_902_784],
    "rsmoe": [2_365_174_144],
    "skyeye": [7_782_021_504],
}


def test_every_family_with_published_models_has_its_sizes():
    assert set(PUBLISHED) == set(FAMILIES) - {"compact", "huggingface"}  # one ships, the other has any size


@pytest.mark.parametrize("family", PARAMETERS)
def test_sizes_are_those_that_were_published(family: str):
    before = psutil.Process().memory_info().rss
    sizes = published(family)
    assert [size.parameters for size in sizes] == PARAMETERS[family]
    assert psutil.Process().memory_info().rss - before < 10**9, "7 billion numbers would be 14 GB"
    for size in sizes:  # two bytes each from a thousand million on, else four; a quarter more
        number = 2 if size.parameters >= 10**9 else 4
        assert size.memory_bytes == pytest.approx(size.parameters * number * 1.25 + 64 * 2**20, rel=1e-3)


def test_class_wise_memory_of_geopix_is_629_million_numbers():
    whole, released = published("geopix")
    others, signs, readers = 7_100_669_833, 3 * 256, 823_715
    assert released.parameters == others + signs, "what the released weights need of it"
    assert whole.parameters == others + 75 * 2 * 64 * 64 * 32 * 32 + readers


def test_family_without_a_published_size_is_refused():
    with pytest.raises(RsvlmError, match="no published size of “huggingface”"):
        published("huggingface")
