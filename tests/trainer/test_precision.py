"""bfloat16 is taken where the device multiplies in it; elsewhere the same run is in float32, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.stage import training_arguments
from rsvlm.trainer.teacher import Standardised

RECIPE = Recipe.model_validate({
    "name": "half", "model": {"id": "compact"}, "data": [{"format": "archive", "path": "tiny.zip"}], "batch_size": 4,
    "save_steps": 3, "stages": [{"max_steps": 6, "objectives": {"language": 1.0}, "learning_rate": 1e-3}], "bf16": True,
})  # fmt: skip


@pytest.fixture(params=[("AVX512", True), ("AVX2", False)], ids=["avx512", "avx2"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """On a CPU that has instructions for bfloat16, and on one that has none."""
    capability, found = request.param
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return found


def test_recipe_that_asks_for_it_has_it_where_it_is_fast(fast: bool, tmp_path: Path):
    assert training_arguments(RECIPE, RECIPE.stages[0], 6, tmp_path).bf16 is fast
    without = RECIPE.model_copy(update={"bf16": False})
    assert training_arguments(without, RECIPE.stages[0], 6, tmp_path).bf16 is False


def test_teacher_looks_in_it_where_it_is_fast(fast: bool, tiny: Path):
    teacher = Standardised(tiny / "teacher.npz", torch.zeros(1280), torch.ones(1280))
    kinds = []
    teacher.teacher.last.register_forward_hook(lambda layer, given, out: kinds.append(out.dtype))
    maps = teacher.raw(torch.rand(1, 3, 64, 64))
    assert kinds == [torch.bfloat16 if fast else torch.float32] and maps.dtype == torch.float32
