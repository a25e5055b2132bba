"""An ONNX file in other precisions: whole numbers of 8 bits, or halves. Knows no model; imports onnx only where one is made.

By onnxruntime's own tools. Whole numbers need to know how far what goes through the network ranges, so it is shown some of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from torch import Tensor

QUANTISED = ("Conv", "MatMul", "Gemm")


def in_precision(source: Path, precision: str, target: Path, shown: Mapping[str, Tensor]) -> None:
    """Write the float32 network in `source` to `target`. shown: (n, ...) float32 by the names of its inputs.

    precision: int8 (static, each channel of weights by itself and in 7 bits) or fp16 (float32 goes in and comes out). Raises
    ImportError without onnx.
    """
    if precision == "fp16":
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16

        onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)
        return
    from onnxruntime.quantization import CalibrationMethod, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = target.with_suffix(".ready")
    loudness = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises, on the root logger, what was done in the line before
    try:
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        # Weights in 7 bits: processors without VNNI add products of 8 bits in 16, which overflow. Ranges leave out
        # the rarest values, which would make all steps coarser.
        with redirect_stdout(StringIO()):  # it prints what it does
            quantize_static(
                ready, target, _Shown(shown), op_types_to_quantize=list(QUANTISED), per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, reduce_range=True,
                calibrate_method=CalibrationMethod.Percentile,
            )  # fmt: skip
    finally:
        logging.root.setLevel(loudness)
        ready.unlink(missing_ok=True)


class _Shown:
    """A calibration data reader, as onnxruntime asks for one: pictures one by one, None after the last."""

    def __init__(self, shown: Mapping[str, Tensor]) -> None:
        self._rows: Iterator[tuple[Tensor, ...]] = zip(*(tensor.split(1) for tensor in shown.values()), strict=True)
        self._names = list(shown)

    def get_next(self) -> dict[str, Any] | None:
        row = next(self._rows, None)
        return None if row is None else {name: part.numpy() for name, part in zip(self._names, row, strict=True)}
