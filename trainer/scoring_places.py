"""Predictions of where a phrase is: cosines of tiles (`prediction`) of a picture of `size` (height, width), as a map."""

from __future__ import annotations

import numpy as np

from rsvlm.geo.heat import heat, likeliness, pyramid
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics.selo import selo
from rsvlm.trainer.metrics.tally import means
from rsvlm.trainer.predictions import Prediction
from rsvlm.trainer.scored import Given, Rows, Scored


def places(rows: Rows, _: Given) -> Scored:
    """Rsu, Rda, Ras (the less the better) and Rmi: means over the phrases."""
    figures = [selo(_map(row), [np.array(region, float) for region in row.references]) for row in rows]
    return Scored({"": means({name: np.array([one[name] for one in figures]) for name in figures[0]})})


def _map(row: Prediction) -> np.ndarray:
    """(height, width) uint8, 255 where the phrase is most likely."""
    try:
        height, width = (int(side) for side in row.row["size"])
        tiles = pyramid(width, height)
        return likeliness(heat([float(value) for value in row.said], tiles, width, height))
    except (KeyError, TypeError, ValueError) as error:
        raise RsvlmError(
            "bad_request", f"The cosines of {row.id} are not those of the tiles of its size.",
            "Give size [height, width], and one cosine for each tile of 256, 512 and 768 pixels, as rsvlm writes them.",
        ) from error  # fmt: skip
