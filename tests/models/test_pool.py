"""Which models are loaded: as many as fit, each as long as it is used; and where they run."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rsvlm.models.cards import ModelCard
from rsvlm.models.load import load_model
from rsvlm.models.memory import predicted_bytes
from rsvlm.models.pool import Models
from rsvlm.protocol import RsvlmError

Add = Callable[..., ModelCard]


def never() -> bool:
    return False


def names(models: Models) -> list[str]:
    return [model["id"] for model in models.usage()["models"]]


def room_for(*cards: ModelCard) -> int:
    """Bytes in which all but the last are loaded, and the last is still predicted to fit."""
    return sum(load_model(card, "cpu").size_bytes for card in cards[:-1]) + predicted_bytes(cards[-1])


def test_model_idle_for_longest_makes_room(add_model: Add):
    first, _, third = add_model("first"), add_model("second"), add_model("third")
    models = Models("cpu", memory_bytes=room_for(first, third))
    for name in ("first", "second", "first", "third"):
        with models.using(name, never) as predictor:
            assert predictor.card.id == name
    assert names(models) == ["first", "third"], "second was used before first"
    assert models.usage()["used_bytes"] == 2 * models.get("first").size_bytes


def test_evicted_model_leaves_memory_and_is_loaded_again_when_asked_for(add_model: Add, pictures: np.ndarray):
    models = Models("cpu", memory_bytes=room_for(add_model("first")))
    add_model("second")
    network = weakref.ref(models.get("first")._model)
    with models.using("first", never) as predictor:
        before = predictor.embed_images(predictor.encode(pictures))
    del predictor
    models.get("second")
    assert names(models) == ["second"]
    assert network() is None
    with models.using("first", never) as predictor:
        np.testing.assert_allclose(predictor.embed_images(predictor.encode(pictures)), before, atol=1e-6)


def test_model_in_use_is_never_evicted(add_model: Add):
    add_model("first")
    second = add_model("second")
    models = Models("cpu", memory_bytes=room_for(second))
    with models.using("first", never):
        with pytest.raises(RsvlmError) as caught:
            models.get("second")
        assert names(models) == ["first"]
    error = caught.value
    assert error.code == "out_of_memory" and error.http_status == 507
    assert error.details["needed_bytes"] == predicted_bytes(second) > error.details["free_bytes"] > 0
    assert second.title in error.message and "MB" in error.message and error.hint
    assert models.get("second").card == second and names(models) == ["second"]


def test_model_too_large_for_the_machine_is_refused_before_it_loads(add_model: Add):
    card = add_model("huge")
    models = Models("cpu", memory_bytes=predicted_bytes(card) - 1)
    with pytest.raises(RsvlmError, match="needs") as caught:
        models.get("huge")
    assert caught.value.details == {"needed_bytes": predicted_bytes(card), "free_bytes": predicted_bytes(card) - 1}
    assert "limit" in caught.value.message and "RSVLM_MEMORY" in caught.value.hint, "not for want of free memory"
    assert names(models) == []


def test_caches_make_room_when_nothing_else_can(add_model: Add, pictures: np.ndarray):
    first, second = add_model("first"), add_model("second")
    models = Models("cpu", memory_bytes=room_for(first, second))
    with models.using("first", never) as predictor:
        predictor.encode(pictures)
        assert models.usage()["used_bytes"] > predictor.size_bytes
        models.get("second")
        assert names(models) == ["first", "second"]
        assert models.usage()["used_bytes"] == predictor.size_bytes + models.get("second").size_bytes


def test_idle_model_leaves_after_its_time_and_the_bundled_one_stays(add_model: Add):
    add_model("first")
    told = threading.Event()
    models = Models("cpu", keep_alive_s=0.3, changed=told.set)
    models.get(None)
    with models.using("first", never):
        time.sleep(0.6)
        assert names(models) == ["compact", "first"], "it is in use"
        told.clear()
    assert told.wait(10)
    assert names(models) == ["compact"]


def test_time_of_a_model_that_was_given_up_does_not_end_the_one_loaded_again(add_model: Add):
    add_model("first")
    models = Models("cpu", keep_alive_s=1.5)
    with models.using("first", never):
        pass
    models.relieve()
    time.sleep(1)
    with models.using("first", never):
        pass
    time.sleep(1)  # the first one's time is over
    assert names(models) == ["first"]


def test_model_used_again_in_time_stays(add_model: Add):
    add_model("first")
    models = Models("cpu", keep_alive_s=2)
    for _ in range(4):
        with models.using("first", never):
            pass
        time.sleep(0.6)
    assert names(models) == ["first"]


def test_negative_time_keeps_models_for_ever(add_model: Add):
    add_model("first")
    models = Models("cpu", keep_alive_s=-1)
    with models.using("first", never):
        pass
    assert models._loaded["first"].timer is None and names(models) == ["first"]


def test_many_callers_load_a_model_once():
    models = Models("cpu")
    found: list[object] = []
    callers = [threading.Thread(target=lambda: found.append(models.get(None))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1


def test_model_whose_files_were_replaced_is_read_again(add_model: Add):
    models = Models("cpu")
    first = add_model("mine")
    assert models.get("mine").card == first
    second = add_model("mine", seed=1)
    assert models.get("mine").card == second and first.revision != second.revision
    assert names(models) == ["mine"]


def test_cpu_is_noted_where_a_gpu_was_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert Models("cpu").note is None
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    models = Models("auto")
    if torch.cuda.is_available():
        assert (models.device, models.note) == ("cuda", None)
    else:
        assert models.device == "cpu" and models.note and models.note.startswith("Models run on the CPU: ")
    assert Models("cpu").note is None, "that was the wish"
    monkeypatch.setenv("PATH", "")
    assert Models("auto").note is None
