"""Lists of the keys of released checkpoints: what is read from them is what they hold, and what they lack is known."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rsvlm.models.golden import REPLAYS, find_cases, play
from rsvlm.models.golden_layouts import replay

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[3] / "shared" / "golden")
KINDS = {"deltavlm_full": "llm_proj.bias", "minigptv2_skyeyegpt": "llama_proj.bias"}


@pytest.fixture(params=KINDS)
def layout(request: pytest.FixtureRequest) -> Path:
    file = GOLDEN / request.param / "released_checkpoint_layout.json"
    if not file.is_file():
        pytest.skip(f"no list of keys in {file.parent}")
    return file


def altered(layout: Path, folder: Path, **changes: Any) -> dict[str, float]:
    """What is said of the list with other fields."""
    other = folder / layout.parent.name / layout.name
    other.parent.mkdir()
    other.write_text(json.dumps({**json.loads(layout.read_text("utf-8")), **changes}))
    return {name: difference for name, difference in replay(other).items() if difference}


def test_every_key_of_a_released_checkpoint_is_known(layout: Path):
    found = replay(layout)
    told = json.loads(layout.read_text("utf-8"))
    print(f"{layout.parent.name}: {len(found)} held, {sum(found.values()):g} differ")
    assert found.keys() >= {*told["kept_in_checkpoint_tiny_model"], *told["additionally_kept_in_real_model"]}
    assert not any(found.values()), found


def test_list_is_covered_by_the_command(layout: Path):
    name = f"{layout.parent.name}/released_checkpoint_layout"
    cases, others = find_cases(GOLDEN, REPLAYS)
    assert cases[name] == layout and name not in others
    assert play(name, layout, REPLAYS).met


def test_key_that_nobody_reads_is_told(layout: Path, tmp_path: Path):
    kept = json.loads(layout.read_text("utf-8"))["kept_in_checkpoint_tiny_model"]
    bent = kept | {KINDS[layout.parent.name]: [3], "stray.weight": [2, 2]}
    found = altered(layout, tmp_path, kept_in_checkpoint_tiny_model=bent)
    assert (
        {KINDS[layout.parent.name], "stray.weight"} <= found.keys() <= {*bent, "kinds of keys in the real checkpoint"}
    )


def test_what_else_is_missing_is_told(layout: Path, tmp_path: Path):
    dropped = json.loads(layout.read_text("utf-8"))["dropped_prefixes"]
    fewer = [prefix for prefix in dropped if not prefix.endswith("cls_token")]
    assert altered(layout, tmp_path, dropped_prefixes=fewer) == {"left out": 1.0}


def test_blocks_of_the_real_tower_are_told(tmp_path: Path):
    layout = GOLDEN / "deltavlm_full" / "released_checkpoint_layout.json"
    if not layout.is_file():
        pytest.skip(f"no list of keys in {layout.parent}")
    added = json.loads(layout.read_text("utf-8"))["additionally_kept_in_real_model"]
    above = {key: shape for key, shape in added.items() if ".37." not in key}
    found = altered(layout, tmp_path, additionally_kept_in_real_model=above)
    assert found == {"blocks of the tower in the real checkpoint": 1.0}
