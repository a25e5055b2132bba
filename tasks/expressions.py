"""Whether a phrase names a class of things or refers to some of them by where or how they are. Knows English words only."""

from __future__ import annotations

import re

_PLACE = re.compile(
    r"\b(left|right|top|bottom|upper|lower|middle|cent(er|re)|corner|edge|(north|south)?(east|west)(ern)?|(north|south)(ern)?|"
    r"(left|right|top|bottom)most)\b"
)
_DEGREE = re.compile(
    r"\b(largest|biggest|smallest|longest|shortest|tallest|widest|nearest|closest|farthest|brightest|darkest)\b"
)
_RELATION = re.compile(
    r"\b(near|beside|behind|between|opposite|above|below|around|next to|in front of|close to|adjacent to|surrounded by)\b"
)


def refers(phrase: str) -> bool:
    """Of a referring expression such as "the white building at the top left", which only makes sense of a whole picture."""
    return any(words.search(phrase.lower()) for words in (_PLACE, _DEGREE, _RELATION))
