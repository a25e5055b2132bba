"""A model of the user's, chosen by its id where texts and places are embedded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.geoclip.network import GeoClip
from rsvlm.models.pool import Models
from rsvlm.protocol import Raster, Watch
from rsvlm.tasks.embed import embed


def test_imported_model_embeds_texts_and_places(add_clip: Callable[..., ModelCard], model: GeoClip, root: Path):
    add_clip("small", model)
    models = Models("cpu")
    place = Raster(href=str(root / "resources" / "demo" / "after.tif"))
    found = embed(["a lake", place, "a lake"], "small", models, Watch())
    assert found.model == "small" and found.vectors.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found.vectors[0], models.get("small").embed_texts(["a lake"])[0], atol=1e-6)
    assert np.abs(found.vectors[0] - found.vectors[1]).max() > 0.01
    assert found.tokens == 4 + 16 + 4
