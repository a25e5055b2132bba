"""The teacher has MobileNetV2's shape, and the real one knows scenes apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rsvlm.models.families.compact.learner import new
from rsvlm.protocol import RsvlmError
from rsvlm.trainer import begin
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.recipe import Source
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.teacher import CHANNELS, GRID, Same, Teacher, standardised

SIZES = {
    "stem": 8, "widths": [8, 16, 32], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 400,
    "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4,
}  # fmt: skip


def test_teacher_reads_every_layer_and_halves_the_grid_five_times(tiny: Path):
    teacher = Teacher(tiny / "teacher.npz")
    layers = [module for module in teacher.modules() if isinstance(module, Same)]
    assert len(layers) == 52 and sum(layer.stride == 2 for layer in layers) == 5
    assert sum(layer.groups > 1 for layer in layers) == 17
    assert not list(teacher.parameters()), "a teacher does not learn"
    with torch.inference_mode():
        assert teacher(torch.rand(2, 3, 224, 224)).shape == (2, CHANNELS, 7, 7)


def test_padding_is_that_of_tensorflow():
    weight = torch.ones(1, 1, 3, 3)
    picture = torch.arange(36.0).view(1, 1, 6, 6)
    out = Same(weight, torch.zeros(1), 2, False, False)(picture)[0, 0]
    assert out.shape == (3, 3), "an even side and stride 2: one pixel at the right and bottom, none before"
    assert out[0, 0] == picture[0, 0, :3, :3].sum() and out[2, 2] == picture[0, 0, 4:, 4:].sum()
    same = Same(weight, torch.zeros(1), 1, False, True)(torch.full((1, 1, 5, 5), 1.0))[0, 0]
    assert same.shape == (5, 5) and same[0, 0] == 4 and same[2, 2] == 6, "ReLU6 ends at six"


def test_maps_are_standardised_by_channel_and_the_scale_is_kept(tiny: Path, tmp_path: Path):
    squares = read_squares(read_caption_archive(tiny / "tiny.zip", "train"), 64)
    teacher = standardised(tiny / "teacher.npz", squares, tmp_path / "scale.npz")
    pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255
    maps = teacher(pixels)
    assert maps.shape == (18, CHANNELS, GRID, GRID)
    assert maps.abs().max() <= 4 and maps.isfinite().all()
    assert maps.mean(dim=(0, 2, 3)).abs().mean() < 0.1
    again = standardised(tiny / "teacher.npz", [], tmp_path / "scale.npz")
    assert (again(pixels[:5]) - maps[:5]).abs().mean() < 0.02, "the size of the batch does not matter"


def test_scale_of_no_pictures_is_refused_in_words(tiny: Path, tmp_path: Path):
    with pytest.raises(RsvlmError, match="no pictures that the scale of the teacher could be taken from") as caught:
        standardised(tiny / "teacher.npz", [], tmp_path / "scale.npz")
    assert "teacher=null" in caught.value.hint and not (tmp_path / "scale.npz").exists()


def test_scale_is_taken_from_so_many_pictures_and_no_more(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """10 of 18, spread over all of them."""
    read: list[np.ndarray] = []
    monkeypatch.setattr(begin, "SAMPLE", 10)
    monkeypatch.setattr(begin, "standardised", lambda weights, pictures, cache: read.extend(pictures))
    examples = Examples.of([Source(path="tiny.zip", format="archive", split="train")], tiny, tmp_path, 0)
    learner = new(SIZES, examples.texts(), examples.labels())
    begin.learn_from(learner, tiny / "teacher.npz", examples, tmp_path)
    expected = [
        begin.example(examples.record(number)[0], side=224).pictures[0] for number in (0, 1, 3, 5, 7, 9, 10, 12, 14, 16)
    ]
    assert len(read) == 10 and all(np.array_equal(one, other) for one, other in zip(read, expected, strict=True))


def test_real_teacher_tells_scenes_apart(data_dir: Path, tmp_path: Path):
    """Nearest neighbour among 100 UCM pictures: five of each of twenty classes."""
    records = read_caption_archive(data_dir / "ucm_trainval_256.zip", "val")
    chosen = [record for scene in sorted({r.meta["scene"] for r in records})[:20] for record in
              [r for r in records if r.meta["scene"] == scene][:5]]  # fmt: skip
    assert len(chosen) == 100
    squares = read_squares(chosen, 128)
    weights = data_dir / "teacher" / "mobilenet_v2_1.0_224_folded_fp16.npz"
    maps = standardised(weights, squares[::4], tmp_path / "scale.npz")(
        torch.from_numpy(squares).permute(0, 3, 1, 2) / 255
    )
    vectors = torch.nn.functional.normalize(maps.mean(dim=(2, 3)), dim=1)
    near = (vectors @ vectors.T - 2 * torch.eye(100)).argmax(dim=1)
    truth = np.array([record.meta["scene"] for record in chosen])
    assert (truth[near.numpy()] == truth).mean() > 0.6
