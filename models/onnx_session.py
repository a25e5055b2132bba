"""One network on onnxruntime: tensors in, tensors out. Knows no model; imports onnxruntime only where one is opened."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from rsvlm.protocol import RsvlmError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
FATAL_ONLY = 4  # severity of onnxruntime's log: errors are raised as well
_LACKING = re.compile(r"Failed to allocate memory for requested buffer of size (?P<size>\d+)|bad_alloc")


class OnnxSession:
    """content: of an ONNX file. Raises RsvlmError: unavailable where onnxruntime has nothing for the device, model_failed."""

    def __init__(self, content: bytes, device: str) -> None:
        runtime = _runtime()
        if PROVIDERS[device] not in runtime.get_available_providers():
            raise RsvlmError(
                "unavailable",
                f"The installed onnxruntime has nothing for the device “{device}”.",
                f"Install {'onnxruntime-gpu' if device == 'cuda' else 'onnxruntime'}; without it, torch does the work.",
            )
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = FATAL_ONLY
        options.enable_cpu_mem_arena = False
        # Threads that wait for work would take the processor from torch, which has the decoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = runtime.InferenceSession(content, options, providers=[PROVIDERS[device]])
        except Exception as error:  # its own kinds, which have no parent of theirs
            raise RsvlmError(
                "model_failed", "onnxruntime cannot open its file of the model.", "Make it again."
            ) from error
        if PROVIDERS[device] not in self._session.get_providers():
            raise RsvlmError(
                "unavailable", f"onnxruntime does not start on the device “{device}”.", "Look at its driver."
            )
        self._inputs = [one.name for one in self._session.get_inputs()]

    def __call__(self, *tensors: Tensor) -> list[Tensor]:
        """In float32, on the device of the first one, whatever the precision within. Raises MemoryError, RuntimeError."""
        given = {name: tensor.float().cpu().numpy() for name, tensor in zip(self._inputs, tensors, strict=True)}
        try:
            found = self._session.run(None, given)
        except Exception as error:  # its own kinds, which have no parent of theirs
            lacking = _LACKING.search(str(error))
            if lacking:
                # Where it does not say how much it asked for, it was no less than what it was given.
                asked = lacking["size"] or sum(array.nbytes for array in given.values())
                raise MemoryError(f"onnxruntime cannot allocate {asked} bytes") from error
            raise RuntimeError(f"onnxruntime: {error}") from error
        return [torch.from_numpy(part).to(tensors[0].device) for part in found]


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise RsvlmError(
            "unavailable", "onnxruntime is not installed.", "Install it; without it, torch does the work."
        ) from error
    return onnxruntime
