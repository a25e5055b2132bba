"""Where bfloat16 is fast: torch calculates in it everywhere, but without instructions for it much slower than in float32."""

from __future__ import annotations

import torch


def bfloat16_is_fast(device: str) -> bool:
    """Whether a device ("cpu", "cuda", …) multiplies in bfloat16; of the processors, torch knows those with AVX-512 to do so."""
    if device == "cpu":
        return torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return device != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
