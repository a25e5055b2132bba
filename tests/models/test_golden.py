"""Recorded runs are run again, by library and by command: the figure is the true one, and nothing is left out in silence."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from rsvlm.cli.golden import FIGURES
from rsvlm.cli.main import main
from rsvlm.models.families.deltavlm.words import RELEASED_WORDS, clean
from rsvlm.models.golden import BAR, REPLAYS
from rsvlm.models.parts.shared_experts import SharedExperts

GOLDEN = Path(os.environ.get("RSVLM_GOLDEN") or Path(__file__).resolve().parents[3] / "shared" / "golden")
KIND = "rsmoe_shareexpert"
Verify = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """verify(folder, *words) -> exit code, the printed JSON, standard error."""

    def run(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
        command = ["rsvlm", "models", "verify", *words, "--golden", str(folder), "--json"]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(printed.out or "{}"), printed.err

    return run


def record(folder: Path) -> Path:
    """A case of the block of experts, as one would be recorded."""
    torch.manual_seed(5)
    folder.mkdir(parents=True)
    block = SharedExperts(8, 4, 2, 1).eval()
    x = torch.randn(2, 3, 8)
    with torch.no_grad():
        picked = block.moe_model.pick(x)
        outputs = {
            "output": block(x),
            "router_logits": picked.logits,
            "router_weights": picked.weights,
            "selected_experts": picked.experts,
            "sparse_output": block.moe_model(x),
        }
    save_file({f"text_moe.{key}": tensor for key, tensor in block.state_dict().items()}, folder / "state.safetensors")
    save_file({"x": x}, folder / "inputs.safetensors")
    save_file({key: tensor.contiguous() for key, tensor in outputs.items()}, folder / "outputs.safetensors")
    made = {"hidden_dim": 8, "expert_number": 4, "top_k": 2, "shared_experts_number": 1}
    (folder / "meta.json").write_text(json.dumps({"constructor": made}))
    return folder


def alter(case: Path, by: float) -> None:
    outputs = load_file(case / "outputs.safetensors")
    outputs["output"][0, 0, 0] += by
    save_file(outputs, case / "outputs.safetensors")


def test_every_kind_of_case_has_something_that_runs_it():
    modules = {name: import_module(f"rsvlm.{module}") for name, module in (REPLAYS | FIGURES).items()}
    assert all(callable(module.replay) for module in modules.values())


def test_recorded_cases_are_met_and_the_rest_is_told(verify: Verify):
    if not GOLDEN.is_dir():
        pytest.skip(f"no golden data in {GOLDEN} (set RSVLM_GOLDEN to its folder)")
    code, told, err = verify(GOLDEN)
    print(json.dumps(told, indent=1))
    assert code == 0, err
    found = {case["name"]: case["max_abs_difference"] for case in told["cases"]}
    assert max(found.values()) <= BAR
    recorded = {meta.parent.relative_to(GOLDEN).as_posix() for meta in GOLDEN.glob("*/*/meta.json")}
    recorded |= {file.relative_to(GOLDEN).as_posix().removesuffix(".json") for file in GOLDEN.glob("*/*.json")}
    others = {row["name"]: row["reason"] for row in told["not_covered"]}
    assert recorded == set(found) | set(others) and all(others.values())
    assert not any("No part of rsvlm" in reason for reason in others.values())


def test_case_that_is_met_ends_with_0(verify: Verify, tmp_path: Path):
    record(tmp_path / KIND / "case_z")
    code, told, _ = verify(tmp_path)
    assert (code, told["not_covered"]) == (0, [])
    (case,) = told["cases"]
    assert case["name"] == f"{KIND}/case_z" and case["max_abs_difference"] < 1e-6 and case["not_compared"] == []


def test_difference_is_the_recorded_one_and_ends_with_3(verify: Verify, tmp_path: Path):
    record(tmp_path / KIND / "case_a")
    alter(record(tmp_path / KIND / "case_b"), 0.5)
    code, told, err = verify(tmp_path)
    assert code == 3 and f"1 of 2 recorded cases are not met: {KIND}/case_b" in err
    assert told["cases"][1]["max_abs_difference"] == pytest.approx(0.5, abs=1e-5)
    assert told["cases"][1]["worst"] == "output" and told["cases"][0]["max_abs_difference"] < 1e-6


def test_case_that_cannot_be_run_is_told_and_stops_no_other(verify: Verify, tmp_path: Path):
    (record(tmp_path / KIND / "case_a") / "state.safetensors").unlink()
    (record(tmp_path / KIND / "case_b") / "inputs.safetensors").write_bytes(b"no tensors")
    (tmp_path / KIND / "case_c").mkdir()
    alter(record(tmp_path / KIND / "case_d"), float("nan"))
    record(tmp_path / KIND / "case_e")
    code, told, _ = verify(tmp_path)
    assert code == 3
    *broken, whole = told["cases"]
    assert [case["max_abs_difference"] for case in broken] == [None] * 4
    assert all(case["error"].startswith("The case could not be run: ") for case in broken[:3])
    assert broken[3]["error"] == "Not a number where one was recorded, or the reverse: output."
    assert whole["name"] == f"{KIND}/case_e" and whole["max_abs_difference"] < 1e-6


def test_case_that_nothing_covers_is_told(verify: Verify, tmp_path: Path):
    record(tmp_path / KIND / "case_a")
    record(tmp_path / "unheard_of" / "case_a")
    code, told, _ = verify(tmp_path)
    assert code == 0 and len(told["cases"]) == 1
    reasons = {row["name"]: row["reason"] for row in told["not_covered"]}
    assert reasons["unheard_of/case_a"] == "No part of rsvlm knows this kind of case."


def test_one_text_that_differs_counts_as_1(verify: Verify, tmp_path: Path):
    texts = ["Has it changed?", "q: Count the (new) roads."]
    pairs = [(text, clean(text, RELEASED_WORDS)) for text in texts]
    file = tmp_path / "text" / "deltavlm_text_processor.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"pairs": pairs}))
    assert verify(tmp_path)[:2] == (0, {"cases": [case_of_words(0.0, "text 0")], "not_covered": []})
    file.write_text(json.dumps({"pairs": [pairs[0], (texts[1], "another")]}))
    assert verify(tmp_path)[:2] == (3, {"cases": [case_of_words(1.0, "text 1")], "not_covered": []})


def case_of_words(difference: float, worst: str) -> dict[str, Any]:
    name = "text/deltavlm_text_processor"
    return {"name": name, "max_abs_difference": difference, "worst": worst, "not_compared": []}


def test_folder_without_cases_and_words_too_many_end_with_2(verify: Verify, tmp_path: Path):
    for folder, words in ((tmp_path, ()), (tmp_path / "missing", ()), (tmp_path, ("compact",))):
        code, told, err = verify(folder, *words)
        assert (code, told, err.count("\n")) == (2, {}, 1)
