"""Sizes of published networks on which several systems stand; in transformers' words."""

from __future__ import annotations

from typing import Any


def clip_large(pixels: int) -> dict[str, Any]:
    """CLIP's ViT-L/14 (arXiv 2103.00020) at so many pixels along each side."""
    sizes = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
    return sizes | {"patch_size": 14, "image_size": pixels, "projection_dim": 768}


def llama_7b(vocabulary: int) -> dict[str, Any]:
    """LLaMA 2, 7B (arXiv 2307.09288), its chat model and Vicuna 1.5. vocabulary: LLaMA's 32,000 words and those of a system."""
    sizes = {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32}
    return {
        "model_type": "llama", "vocab_size": vocabulary, **sizes, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
    }  # fmt: skip
