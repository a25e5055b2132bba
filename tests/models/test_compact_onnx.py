"""The bundled family on onnxruntime: the same as in torch, used where it is faster, and never a file that is not ours."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.compact import exporting
from rsvlm.models.families.compact.exporting import export
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.runtimes import OnnxRuntime, TorchRuntime, runtime_of
from rsvlm.models.load import load_model
from rsvlm.models.onnx_records import OnnxRecord, Tried, onnx_folder, read_record, told
from rsvlm.protocol import RsvlmError

pytest.importorskip("onnx", reason="the package onnx, of the extras cpu and gpu, is not installed")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def exported(bundled: tuple[Compact, Tokenizer], pictures: np.ndarray, wanted: str) -> OnnxRecord:
    return export(get_card(None), *bundled, "cpu", np.concatenate([pictures, pictures[:, ::-1]]), wanted)


@pytest.fixture(scope="module")
def kept(
    bundled: tuple[Compact, Tokenizer], pictures: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A home with an export of the bundled model in fp32."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_HOME", str(home))
        exported(bundled, pictures, "fp32")
        yield home


@pytest.fixture
def card(kept: Path, own_home: Path) -> ModelCard:
    """The bundled model's, exported in fp32."""
    shutil.copytree(kept, own_home)
    return get_card(None)


def test_what_is_exported_sees_what_torch_sees_in_pictures_of_any_size(
    bundled: tuple[Compact, Tokenizer], pictures: np.ndarray, card: ModelCard
):
    record = read_record(card, "cpu")
    assert record is not None and [tried.precision for tried in record.tried] == ["fp32", "int8"]
    assert record.tried[0].cosine == pytest.approx(1, abs=1e-5) and min(tried.times for tried in record.tried) > 0
    fast = load_model(card, "cpu")
    assert isinstance(fast, CompactPredictor) and fast.runtime.name == "onnxruntime fp32"
    slow = CompactPredictor(card, *bundled, "cpu")
    sizes = [pictures[0], pictures[1, :64], pictures[2], np.tile(pictures[3], (2, 2, 1)), pictures[0, :96, :70]]
    ours, theirs = fast.encode(sizes), slow.encode(sizes)
    for one, other in zip(ours, theirs, strict=True):
        assert one.features.grid == other.features.grid and one.size == other.size
        for found, known in zip(one.features.tensors, other.features.tensors, strict=True):
            torch.testing.assert_close(found, known, atol=2e-4, rtol=2e-4)
    for one, other in zip(ours, theirs, strict=True):
        assert fast.captions([one])[0].text == slow.captions([other])[0].text


def test_whole_numbers_are_near_and_used_on_wish_alone(
    bundled: tuple[Compact, Tokenizer], pictures: np.ndarray, capsys: pytest.CaptureFixture[str]
):
    card, record = get_card(None), exported(bundled, pictures, "int8")
    assert capsys.readouterr().out == "", "what a command says as JSON comes alone"
    assert record == read_record(card, "cpu")
    assert exporting._choice(record.tried, "auto") in (None, "fp32"), "an answer that differs is not given unasked"
    fast, slow = load_model(card, "cpu"), CompactPredictor(card, *bundled, "cpu")
    assert isinstance(fast, CompactPredictor) and fast.runtime.name == "onnxruntime int8"
    near = (fast.embed_images(fast.encode(pictures)) * slow.embed_images(slow.encode(pictures))).sum(axis=1)
    assert 0.97 < near.min() < 0.99999, "near, and another precision indeed"
    content = {path.name: path.stat().st_size for path in onnx_folder(card, "cpu").glob("*.onnx")}
    assert content["encoder-int8.onnx"] < 0.35 * content["encoder-fp32.onnx"]


def test_masks_and_changes_are_the_same(drawing: tuple[ModelCard, Compact, Tokenizer], pictures: np.ndarray):
    card, model, tokenizer = drawing
    record = export(card, model, tokenizer, "cpu", np.concatenate([pictures, pictures]), "fp32")
    assert record.tried[0].iou == pytest.approx(1, abs=0.01) and set(record.files) > {"masks-fp32.onnx"}
    fast = CompactPredictor(card, model, tokenizer, "cpu", runtime=runtime_of(card, model, "cpu"))
    slow = CompactPredictor(card, model, tokenizer, "cpu")
    assert isinstance(fast.runtime, OnnxRuntime)
    for found, known in zip(
        *(one.likely(one.encode(pictures), ["a lake", "roofs"]) for one in (fast, slow)), strict=True
    ):
        np.testing.assert_allclose(found.maps, known.maps, atol=1e-3)
        np.testing.assert_allclose(found.there, known.there, atol=1e-3)
    pairs = [one.change_masks(one.encode(pictures[:2], pictures[2:]), 32) for one in (fast, slow)]
    np.testing.assert_allclose(*pairs, atol=1e-3)
    assert pairs[0].std() > 0


@pytest.fixture
def drawing(bundled: tuple[Compact, Tokenizer]) -> tuple[ModelCard, Compact, Tokenizer]:
    """A small model with random weights that draws masks."""
    config = replace(
        bundled[0].config, stem=8, widths=(8, 16, 32), depths=(1, 1, 1), token_width=32, token_depth=1, heads=2, pixel_width=16,
        language_width=32, language_depth=1, language_mlp=64, embedding=16, anchors=4, pixel_embedding=8, memories=4,
    )  # fmt: skip
    torch.manual_seed(4)
    return get_card(None), Compact(config).eval(), bundled[1]


@pytest.mark.parametrize("harm", ["altered", "cut", "gone", "record", "foreign"])
def test_file_that_is_not_as_recorded_is_never_run(
    pictures: np.ndarray, card: ModelCard, harm: str, kept: Path, caplog: pytest.LogCaptureFixture
):
    folder = onnx_folder(card, "cpu")
    file = folder / "encoder-fp32.onnx"
    content = file.read_bytes()
    if harm == "altered":
        file.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "gone":
        file.unlink()
    elif harm == "record":
        (folder / "record.json").write_text("{")
    else:
        strange = json.loads((folder / "record.json").read_text()) | {"revision": "000000000000"}
        (folder / "record.json").write_text(json.dumps(strange))
    with caplog.at_level(logging.WARNING):
        predictor = load_model(card, "cpu")
    assert isinstance(predictor, CompactPredictor) and isinstance(predictor.runtime, TorchRuntime)
    assert "rsvlm models export compact" in caplog.text and "rsvlm models export compact" in told(card)
    assert predictor.captions(predictor.encode(pictures[:1]))[0].text.endswith(".")
    shutil.rmtree(folder)
    shutil.copytree(kept / folder.relative_to(folder.parents[1]), folder)
    again = load_model(card, "cpu")
    assert isinstance(again, CompactPredictor) and again.runtime.name == "onnxruntime fp32", (
        "made again, it is used again"
    )


def test_other_weights_have_files_of_their_own(card: ModelCard, add_model: Callable[..., ModelCard]):
    mine = add_model("mine", 1)
    one = load_model(mine, "cpu")
    assert isinstance(one, CompactPredictor) and isinstance(one.runtime, TorchRuntime)
    assert told(mine) == "torch" and told(card).startswith("cpu: onnxruntime fp32")


def test_choice_is_the_fastest_that_is_the_same():
    def tried(precision: str, seconds: float, cosine: float, iou: float | None = None) -> Tried:
        return Tried(precision, seconds, 0.010, cosine, iou)

    assert exporting._choice([tried("fp32", 0.008, 1.0), tried("int8", 0.002, 0.99)], "auto") == "fp32"
    assert exporting._choice([tried("fp32", 0.008, 1.0), tried("int8", 0.002, 0.9999)], "auto") == "int8"
    assert exporting._choice([tried("fp32", 0.012, 1.0), tried("int8", 0.002, 0.99)], "auto") is None
    assert exporting._choice([tried("fp32", 0.008, 1.0, 0.9)], "auto") is None
    assert exporting._choice([tried("fp32", 0.008, 1.0)], "torch") is None
    assert exporting._choice([tried("fp32", 0.012, 1.0), tried("int8", 0.02, 0.99)], "int8") == "int8"
    with pytest.raises(RsvlmError, match=r"cosine 0\.900, masks 0\.95"):
        exporting._choice([tried("int8", 0.001, 0.9, 0.95)], "int8")


def test_precision_of_another_device_is_refused():
    with pytest.raises(RsvlmError, match="no precision “fp16” on cpu"):
        exporting.check_wanted("fp16", "cpu")
    for wanted in ("auto", "torch", "fp32", "fp16"):
        exporting.check_wanted(wanted, "cuda")


def test_halves_that_a_gpu_would_run_are_near(
    bundled: tuple[Compact, Tokenizer], pictures: np.ndarray, card: ModelCard, tmp_path: Path
):
    """On the processor, which computes them slowly, but as they are written."""
    halves = tmp_path / "halves.onnx"
    exporting.in_precision(onnx_folder(card, "cpu") / "encoder-fp32.onnx", "fp16", halves, {})
    assert halves.stat().st_size < 0.55 * (onnx_folder(card, "cpu") / "encoder-fp32.onnx").stat().st_size
    fast = CompactPredictor(card, *bundled, "cpu", runtime=OnnxRuntime(halves.read_bytes(), None, "cpu", "fp16"))
    slow = CompactPredictor(card, *bundled, "cpu")
    assert (fast.embed_images(fast.encode(pictures)) * slow.embed_images(slow.encode(pictures))).sum(
        axis=1
    ).min() > 0.999


def test_device_that_onnxruntime_has_nothing_for_is_told(card: ModelCard):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    content = (onnx_folder(card, "cpu") / "encoder-fp32.onnx").read_bytes()
    with pytest.raises(RsvlmError, match="nothing for the device “cuda”"):
        OnnxRuntime(content, None, "cuda", "fp16")
