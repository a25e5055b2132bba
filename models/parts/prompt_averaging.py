"""One vector for each class, from many sentences that name it.

Prompt ensembling of CLIP (arXiv 2103.00020, section 3.1.4). Two orders are in use, and they rank classes differently:
GeoRSCLIP (RS5M, arXiv 2306.11300) averages embeddings as they come, so that long ones weigh more; SkyScript (arXiv
2312.12856) brings each to unit length first, as CLIP does. Knows vectors only: nothing of words, towers or images.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import normalize

Averaging = Literal["raw", "unit"]


def average_prompts(embeddings: Tensor, averaging: Averaging) -> Tensor:
    """embeddings: (classes, sentences, width) as they come from the tower -> (classes, width) of unit length.

    averaging: "raw" averages them as they are, "unit" by their directions alone.
    """
    if averaging == "unit":
        embeddings = normalize(embeddings, dim=-1)
    return normalize(embeddings.mean(dim=1), dim=-1)
