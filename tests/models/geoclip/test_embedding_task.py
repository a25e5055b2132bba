"""A model of the user's, chosen by its id where texts and places are embedded, classified and searched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.families.geoclip.network import GeoClip
from rsvlm.models.pool import Models
from rsvlm.protocol import ClassifyRequest, LocalizeRequest, Raster, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.embed import embed
from rsvlm.tasks.looking import picture


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


def test_classes_of_a_place_are_told_in_the_order_of_averaging_that_the_card_says(
    add_clip: Callable[..., ModelCard], model: GeoClip, root: Path
):
    place, labels = Raster(href=str(root / "resources" / "demo" / "after.tif")), ["lake", "dense_residential", "forest"]
    models, found = Models("cpu"), {}
    for averaging in ("raw", "unit"):
        add_clip(averaging, model, averaging=averaging, templates=["a photo of {}.", "the large {} from above", "{}"])
        answer = TASKS["classify"].run(ClassifyRequest(place, labels, 3, averaging), models, Watch())
        told = {item["label"]: item["probability"] for item in answer.structured["classes"]}
        predictor = models.get(averaging)
        with Scene.open(place) as scene:
            seen = predictor.encode([picture(scene.view(scene.extent, (32, 32)))])
        wanted = predictor.zero_shot(seen, labels)[0]
        np.testing.assert_allclose([told[label] for label in labels], wanted, atol=2e-6)
        found[averaging] = wanted
    assert np.abs(found["raw"] - found["unit"]).max() > 2e-5, "they differ"


def test_phrase_is_searched_with_an_imported_model(add_clip: Callable[..., ModelCard], model: GeoClip, root: Path):
    add_clip("small", model)
    place = Raster(href=str(root / "resources" / "demo" / "after.tif"), extent=(654200, 5318000, 654300, 5318100))
    answer = TASKS["localize"].run(LocalizeRequest(place, "a lake", "small"), Models("cpu"), Watch())
    assert answer.provenance["model"] == "small" and answer.provenance["tiles"] > 20
    assert all(item.kind == "box" and item.label == "a lake" for item in answer.evidence)
    low, high = answer.structured["similarity"]
    assert -1 <= low < high <= 1
