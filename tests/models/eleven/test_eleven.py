"""Each of the eleven systems, from the checkpoint that was released to a model that was trained here: built from its card,
answering, learning, kept and read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from eleven_models import Command, Dates, asked, beginning, given, imported, same
from eleven_systems import SYSTEMS, System, released
from safetensors import safe_open
from safetensors.torch import load_file
from small_models import add_card
from torch import nn

from rsvlm.library.documents import Document
from rsvlm.models import converting, importing
from rsvlm.models.cards import get_card
from rsvlm.models.pool import Models
from rsvlm.protocol import Watch
from rsvlm.tasks.knowledge import add

STEPS = 10
PASSAGE = "Ships are loaded here."

each_system = pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)


def unlike(mine: nn.Module, network: nn.Module) -> list[str]:
    """Tensors that are not as they were released, but for the last words of a language, which importing adds."""
    state, found = network.state_dict(), []
    for key, tensor in mine.state_dict().items():
        rows = slice(-2) if key.endswith(("embed_tokens.weight", "lm_head.weight")) else ...
        if key in state and not torch.equal(tensor[rows], state[key][rows]):
            found.append(key)
    return found


def trained(system: System, network: Any, words: Any) -> tuple[float, float]:
    """The loss on one batch before and after some steps, without what is drawn by chance."""
    losses = []
    system.ready(network)
    optimiser = torch.optim.AdamW([part for part in network.parameters() if part.requires_grad], 3e-3)
    for _ in range(2):
        with torch.no_grad():
            losses.append(system.loss(network.eval(), words).item())
        network.train()
        for _ in range(STEPS if len(losses) == 1 else 0):
            optimiser.zero_grad()
            system.loss(network, words).backward()
            optimiser.step()
            getattr(network, "settle", lambda: None)()
    network.eval()
    return losses[0], losses[1]


@each_system
def test_released_checkpoint_comes_in_answers_learns_and_stays(
    system: System, tmp_path: Path, home: Path, command: Command, dates: Dates
):
    torch.manual_seed(0)
    network = system.make()
    code, told = imported(command, given(tmp_path / "release", system, network), system)
    assert (code, told["report"]) == (0, {"missing": [], "unexpected": [system.stray[1]], "other_shape": []})
    card = get_card("mine")
    assert card.family == system.family and card.verify()
    _, shown = command("models", "show", "mine", "--json")
    weights = sum(tensor.nbytes for tensor in load_file(card.folder / "model.safetensors").values())
    assert weights < json.loads(shown)["memory_bytes"] < 3 * weights + 2**27

    models = Models("cpu", cache_bytes=0)  # nothing of before the training is to be taken for after it
    library = None
    if system.knowledge:
        library = tmp_path / "known.gpkg"
        assert add(library, [Document("Quay", PASSAGE, "port.org")], None, models, Watch()).added == 1
    first = asked(system, "mine", models, dates, library)
    predictor: Any = models.get("mine")
    mine = predictor._model
    assert unlike(mine, network) == []

    words = getattr(predictor, "_words", None) or getattr(predictor, "_tokenizer", None)
    before, after = trained(system, mine, words)
    print(f"loss {before:.3f} -> {after:.3f}; at first: {beginning(first)}")
    assert after < before
    second = asked(system, "mine", models, dates, library)

    system.save(home / "again", mine, words)
    add_card(home / "again", card.model_dump(exclude={"id", "source"}))
    kept = asked(system, "again", Models("cpu"), dates, library)
    assert same(kept, second), "what was kept answers as what was trained"
    assert not same(second, first)
    if system.knowledge:
        assert f"[1] Quay: {PASSAGE} (port.org)" in first["prompt"]
        assert [passage["title"] for passage in first["knowledge"]["passages"]] == ["Quay"]


@each_system
def test_checkpoint_that_does_not_fit_is_told_by_key(
    system: System, tmp_path: Path, home: Path, command: Command, monkeypatch: pytest.MonkeyPatch
):
    """Read in this process, since the one of its own has been tried above."""
    monkeypatch.setattr(converting, "confine", lambda *paths: None)
    monkeypatch.setattr(importing, "_convert", converting.main)
    network = system.make()
    code, told = imported(command, given(tmp_path / "release", system, network, damaged=True), system)
    wanted = list(network.state_dict()[system.bent].shape)
    assert told["report"] == {
        "missing": [system.lost], "unexpected": [system.stray[1]],
        "other_shape": [{"key": system.bent, "found": [3, 5], "expected": wanted}],
    }  # fmt: skip
    assert code == 2 and told["id"] is None and not (home / "mine").exists()


# Recorded cases with official names. Those of MModalCC were recorded without its trunks.
RECORDED = {
    "RS-CapRet": "fromage", "GeoRSCLIP": "georsclip", "SkyEyeGPT": "minigptv2_skyeyegpt", "DeltaVLM": "deltavlm_full",
    "MModalCC": "mmodalcc", "SkyScript": "skyscript", "GeoPix": "geopix_full_tiny",
}  # fmt: skip
NOT_RECORDED = re.compile(r"stray|^encoder_image2?\.|^ret_input_embeddings\.|^multi(seg|scale)_scalar\.pth")


def patterns(names: Iterable[str], wrapped: bool) -> set[str]:
    """Names without their numbers, and, if `wrapped`, without what stands before them on disk or in memory alone."""
    plain = {re.sub(r"\b\d+\b", "N", name) for name in names}
    if not wrapped:
        return plain
    plain = {name.replace("/", ".").replace("base_model.model.", "").removeprefix("model.") for name in plain}
    return {name.replace("lm_head.N.", "lm_head.") for name in plain}


@pytest.mark.parametrize("name", RECORDED)
def test_names_written_here_are_those_of_the_recorded_code(name: str, golden_dir: Path):
    system, wrapped = SYSTEMS[name], name != "GeoPix"
    written = {key for key in released(system, system.make()) if not NOT_RECORDED.search(key)}
    cases = sorted((golden_dir / RECORDED[name]).glob("*/state.safetensors"))
    assert cases
    for case in cases:
        with safe_open(case, "pt") as file:
            strange = patterns(written, wrapped) - patterns(file.keys(), wrapped)
        print(f"{name}: {len(written)} names as in {case.parent.name}")
        assert strange == set()
