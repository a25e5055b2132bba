"""What is read of an answer, and which classes words are about."""

from __future__ import annotations

import pytest
from tokenizers import AddedToken, Tokenizer

from rsvlm.models.families.geopix.classes import GEOPIX_INSTRUCT, meant, named
from rsvlm.models.families.geopix.saying import Saying
from rsvlm.models.families.geopix.words import SEGS


@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["it", "is", *SEGS, "."], "it is [1]."),
        ([*SEGS, *SEGS], "[1] [2]"),
        (["the", "lake", *SEGS, ",", "the", "road", *SEGS, "."], "the lake [1], the road [2]."),
        (["it", *SEGS[:3], "is", SEGS[5]], "it is"),
        (["it", *SEGS[:3], *SEGS, "is"], "it [1] is"),
        ([SEGS[0], *SEGS, *SEGS[1:], "is"], "[1] is"),
        (SEGS[::-1], ""),
    ],
)
def test_tokens_of_targets_are_never_read(plain: Tokenizer, said: list[str], told: str, special: bool):
    plain.add_tokens([AddedToken(token, special=special) for token in SEGS])
    saying = Saying(plain)
    assert "".join(saying.more(plain.token_to_id(word)) for word in said).strip() == told
    assert len(saying.parts) == told.count("[") + 1


def test_classes_are_named_by_whole_words():
    def names(text: str) -> list[str]:
        return [GEOPIX_INSTRUCT[place] for place in named(text, GEOPIX_INSTRUCT)]

    assert names("the dry cargo ships, two Storage-Tanks and buses near an airport") == [
        "dry cargo ship", "storage tank", "bus", "airport",
    ]  # fmt: skip
    assert names("friendship, vans of a township, a caravan") == ["van"]
    assert names("") == [] and named("a ship", ()) == []
    assert len(GEOPIX_INSTRUCT) == len({name.lower() for name in GEOPIX_INSTRUCT}) < 75
    ship, dam = GEOPIX_INSTRUCT.index("ship"), GEOPIX_INSTRUCT.index("dam")
    assert meant("beside the dam lies a ship", "the dam", GEOPIX_INSTRUCT) == ship, "the answer's last one"
    assert meant("it is", "the ships", GEOPIX_INSTRUCT) == ship
    assert meant("it is", "the ships at the dam", GEOPIX_INSTRUCT) is None
    assert meant("Dams:", "the ships at the dam", GEOPIX_INSTRUCT) == dam
    assert meant("it is", "the lake", GEOPIX_INSTRUCT) is None
