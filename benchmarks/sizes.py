"""How large the systems of docs/systems/ are: `python benchmarks/sizes.py [--json]`.

Counts what each has in its real size, without memory for it: parameters, those that are trained, and bytes as a card of such
a model says them. The table of docs/systems/README.md is what this prints.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from torch import nn

from rsvlm.models.families.capret.network import CapRet, CapRetConfig
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.gaia.network import Gaia, GaiaConfig
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig
from rsvlm.models.families.rsgpt4v.network import RsGpt4v, RsGpt4vConfig
from rsvlm.models.families.rsmoe.network import RsMoe, RsMoeConfig
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.language_files import memory_needed, own_state
from rsvlm.models.parts.queried_picture import PictureSizes

CLIP_LARGE = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "patch_size": 14,
    "image_size": 224, "projection_dim": 768,
}  # fmt: skip
WORDS = 500  # of MModalCC, whose number is that of the sentences that it learns from


@dataclass(frozen=True)
class Size:
    """trained: parameters that the paper trains. memory_bytes: to load and to work, as cards say it."""

    system: str
    model: str
    parameters: int
    trained: int
    memory_bytes: int


@dataclass(frozen=True)
class Real:
    """A system in its real size. ready: leaves to training what is trained."""

    system: str
    model: str
    make: Callable[[], nn.Module]
    ready: Callable[[nn.Module], object] = lambda network: None

    def build(self) -> nn.Module:
        """On the meta device, where weights take no memory."""
        with torch.device("meta"):
            network = self.make()
        self.ready(network)
        return network

    def size(self) -> Size:
        network = self.build()
        every = list(network.parameters())
        learnt = sum(part.numel() for part in every if part.requires_grad)
        return Size(self.system, self.model, sum(map(torch.numel, every)), learnt, memory_needed(own_state(network)))


def _clip(system: str, architecture: str) -> Real:
    return Real(system, architecture, lambda: GeoClip(GeoClipConfig.named(architecture, quick_gelu=False)))


def _freeze(network: nn.Module) -> None:
    network.freeze()  # type: ignore[operator]


REAL = (
    Real("RS-CapRet", "CLIP L/14, LLaMA 2 7B", lambda: CapRet(CapRetConfig()), _freeze),
    Real("RS-MoE", "EVA g, LLaMA 3.2 1B, first stage", lambda: RsMoe(RsMoeConfig())),
    Real("RS-MoE", "the same, second stage", lambda: RsMoe(RsMoeConfig()), lambda network: network.freeze(2)),  # type: ignore[operator]
    *(_clip("GeoRSCLIP", name) for name in ("ViT-B-32", "ViT-L-14", "ViT-L-14-336", "ViT-H-14")),
    Real("SkyEyeGPT", "EVA g at 448 px, LLaMA 2 7B", lambda: SkyEye(SkyEyeConfig()), _freeze),
    Real("GAIA", "BLIP-2: EVA g, OPT 2.7B", lambda: Gaia(GaiaConfig())),
    Real("GAIA", "BLIP-2: CLIP L/14, OPT 2.7B", lambda: Gaia(GaiaConfig(PictureSizes(clip=CLIP_LARGE)))),
    Real("RS-GPT4V", "LLaVA 1.5 7B, whole", lambda: RsGpt4v(RsGpt4vConfig(tuning="full"))),
    Real("RS-GPT4V", "the same, LoRA", lambda: RsGpt4v(RsGpt4vConfig())),
    Real("RS-GPT4V", "the same, MoE-LoRA", lambda: RsGpt4v(RsGpt4vConfig.mixture())),
    Real("DeltaVLM", "EVA g, Vicuna 7B", lambda: DeltaVlm(DeltaVlmConfig()), _freeze),
    Real("MModalCC", f"two ResNet-101, {WORDS} words", lambda: MModalCC(MModalCCConfig(WORDS))),
    Real("MModalCC", "the same, as released", lambda: MModalCC(MModalCCConfig(WORDS, released=True))),
    *(_clip("SkyScript", name) for name in ("ViT-B-32", "ViT-L-14")),
    Real("GeoPix", "LLaVA 1.5 7B, with the memory of classes", lambda: GeoPix(GeoPixConfig())),
    Real("GeoPix", "the same, as released", lambda: GeoPix(replace(GeoPixConfig(), released=True))),
)


def table(sizes: list[Size]) -> str:
    """In Markdown."""
    lines = ["| system | model | parameters | trained | memory |", "|---|---|---|---|---|"]
    for size in sizes:
        gigabytes = f"{size.memory_bytes / 2**30:.1f} GiB"
        lines.append(f"| {size.system} | {size.model} | {size.parameters:,} | {size.trained:,} | {gigabytes} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line of JSON last")
    wanted = parser.parse_args()
    found = [real.size() for real in REAL]
    print(table(found))
    if wanted.json:
        print(json.dumps([asdict(size) for size in found]))
