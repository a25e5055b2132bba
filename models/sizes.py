"""How large the published models of each family are: built on torch's device "meta", which takes no memory, and counted.

Imports torch where it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rsvlm.protocol import RsvlmError

Make = Callable[[Any], Any]  # from the family's module `network` to a model of it


@dataclass(frozen=True)
class Size:
    """parameters: numbers of the weights; memory_bytes: while it is loaded and at work."""

    title: str
    parameters: int
    memory_bytes: int


def _clip(name: str) -> Make:
    return lambda of: of.GeoClip(of.GeoClipConfig.named(name, quick_gelu=True))


PUBLISHED: dict[str, dict[str, Make]] = {
    "capret": {"RS-CapRet (CLIP L/14, LLaMA 2 7B)": lambda of: of.CapRet(of.CapRetConfig())},
    "deltavlm": {"DeltaVLM (EVA g/14, Vicuna 7B)": lambda of: of.DeltaVlm(of.DeltaVlmConfig())},
    "gaia": {"GAIA's BLIP-2 (EVA g/14, OPT 2.7B)": lambda of: of.Gaia(of.GaiaConfig())},
    "geoclip": {
        "GeoRSCLIP, SkyCLIP, RemoteCLIP, B/32": _clip("ViT-B-32"),
        "GeoRSCLIP, SkyCLIP, RemoteCLIP, L/14": _clip("ViT-L-14"),
        "GeoRSCLIP, L/14 at 336 px": _clip("ViT-L-14-336"),
        "GeoRSCLIP, H/14": _clip("ViT-H-14"),
        "RemoteCLIP, ResNet-50": _clip("RN50"),
    },
    "geopix": {
        "GeoPix (CLIP L/14, Vicuna 7B), with its class-wise memory": lambda of: of.GeoPix(of.GeoPixConfig()),
        "GeoPix as released, whose memory has no effect": lambda of: of.GeoPix(of.GeoPixConfig(released=True)),
    },
    "mmodalcc": {"MModalCC (ResNet-101, 500 words)": lambda of: of.MModalCC(of.MModalCCConfig(500))},
    "rsgpt4v": {
        "RS-GPT4V (CLIP L/14, Vicuna 7B), LoRA": lambda of: of.RsGpt4v(of.RsGpt4vConfig()),
        "RS-GPT4V, mixture of LoRA experts": lambda of: of.RsGpt4v(of.RsGpt4vConfig.mixture()),
        "RS-GPT4V, all of it trained": lambda of: of.RsGpt4v(of.RsGpt4vConfig(tuning="full")),
    },
    "rsmoe": {"RS-MoE (EVA g/14, LLaMA 3.2 1B)": lambda of: of.RsMoe(of.RsMoeConfig())},
    "skyeye": {"SkyEyeGPT (EVA g/14, LLaMA 2 7B)": lambda of: of.SkyEye(of.SkyEyeConfig())},
}


def published(family: str) -> list[Size]:
    """Of each model that was published in a family. Raises RsvlmError (bad_request) for a family without sizes of its own."""
    if family not in PUBLISHED:
        raise RsvlmError(
            "bad_request", f"There is no published size of “{family}”.", f"Choose one of {', '.join(PUBLISHED)}."
        )
    import torch

    from rsvlm.models.language_files import memory_needed, own_state

    network = import_module(f"rsvlm.models.families.{family}.network")
    sizes = []
    for title, make in PUBLISHED[family].items():
        with torch.device("meta"):
            model = make(network)
        numbers = sum(weight.numel() for weight in model.parameters())
        sizes.append(Size(title, numbers, memory_needed(own_state(model))))
    return sizes
