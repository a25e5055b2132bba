"""Real sizes against published ones, without memory for weights; and small models, which are there at once."""

from __future__ import annotations

import importlib.util
import re
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from eleven_systems import SYSTEMS, System
from torch import nn

ROOT = Path(__file__).resolve().parents[3]
MILLIONS = re.compile(r"\b(?!\d+,000,000\b)\d{1,3}(?:,\d{3}){2,}\b")  # but for round ones, which count nothing


@cache
def sizes() -> ModuleType:
    """benchmarks/sizes.py."""
    spec = importlib.util.spec_from_file_location("benchmarks_sizes", ROOT / "benchmarks" / "sizes.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def real(system: str, model: str = "") -> Any:
    """The network of the first real size of a system whose model is described with these words."""
    return next(one for one in sizes().REAL if one.system == system and model in one.model).build()


def count(*parts: nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


def learnt(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


# What it is, where it is published, the number, how far off it may be by its rounding, and ours.
Published = tuple[str, str, float, float, Callable[[], int]]
PUBLISHED: tuple[Published, ...] = (
    ("RS-CapRet: CLIP ViT-L/14's tower and projection", "open_clip's docs/model_profile.csv: 303.97M", 303.97e6, 2e-5,
     lambda: count(real("RS-CapRet").visual_model) + 1024 * 768),
    ("RS-CapRet: LLaMA 2, 7B", "its model page; one word more here", 6_738_415_616, 0,
     lambda: count(real("RS-CapRet").lm) - 2 * 4096),
    ("RS-MoE: LLaMA 3.2, 1B", "its model page; adapters apart", 1_235_814_400, 0,
     lambda: sum(p.numel() for name, p in real("RS-MoE").language_model.named_parameters()
                 if not name.endswith((".up", ".down")))),
    ("RS-MoE: Q-Former, with BLIP-2's projection to OPT", "BLIP-2, table 2: 107M", 107e6, 0.005,
     lambda: count(real("RS-MoE").picture.qformer) + 769 * 2560),
    ("GeoRSCLIP B/32, bytes", "RS5M_ViT-B-32.pt has 605 MB", 605e6, 0.001, lambda: 4 * count(real("GeoRSCLIP", "B-32"))),
    ("GeoRSCLIP L/14, bytes", "RS5M_ViT-L-14.pt has 1.71 GB", 1.71e9, 0.003, lambda: 4 * count(real("GeoRSCLIP", "L-14"))),
    ("GeoRSCLIP H/14, bytes", "RS5M_ViT-H-14.pt has 3.94 GB", 3.94e9, 0.002, lambda: 4 * count(real("GeoRSCLIP", "H-14"))),
    ("GeoRSCLIP L/14-336", "open_clip's docs/model_profile.csv: 427.94M", 427.94e6, 2e-5,
     lambda: count(real("GeoRSCLIP", "L-14-336"))),
    ("SkyEyeGPT: LLaMA 2, 7B, and LoRA r64 on q, v", "model page; MiniGPT-v2", 6_738_415_616 + 32 * 2 * 2 * 64 * 4096, 0,
     lambda: count(real("SkyEyeGPT").llama_model)),
    ("SkyEyeGPT: 5632 -> 4096", "MiniGPT-v2, section 3.1", 5633 * 4096, 0, lambda: count(real("SkyEyeGPT").llama_proj)),
    ("GAIA: BLIP-2 with EVA g, trained", "BLIP-2, table 2: 107M", 107e6, 0.005, lambda: learnt(real("GAIA", "EVA"))),
    ("GAIA: BLIP-2 with EVA g", "the hub's page of blip2-opt-2.7b: 3.74B", 3.74e9, 0.0015,
     lambda: count(real("GAIA", "EVA"))),
    ("GAIA: BLIP-2 with CLIP L/14, trained", "BLIP-2, table 2: 104M", 104e6, 0.005, lambda: learnt(real("GAIA", "CLIP"))),
    ("GAIA: BLIP-2 with CLIP L/14", "BLIP-2, table 2: 3.1B", 3.1e9, 0.02, lambda: count(real("GAIA", "CLIP"))),
    ("RS-GPT4V: LLaVA 1.5, 7B", "the hub's pages of its kind: 7.06B", 7.06e9, 0.001, lambda: count(real("RS-GPT4V", "whole"))),
    ("RS-GPT4V: LoRA r128 on every layer", "r (in + out) for each", 128 * 32 * (8 * 4096 + 3 * (4096 + 11008)), 0,
     lambda: count(real("RS-GPT4V", ", LoRA")) - count(real("RS-GPT4V", "whole"))),
    ("RS-GPT4V: MoE-LoRA, 4 experts of r32 and gates", "as LoRA r128, and its gates",
     128 * 32 * (8 * 4096 + 3 * (4096 + 11008)) + 32 * 4 * (6 * 4096 + 11008), 0,
     lambda: count(real("RS-GPT4V", "MoE")) - count(real("RS-GPT4V", "whole"))),
    ("DeltaVLM: Vicuna 7B", "LLaMA's 6,738,415,616 and [PAD]", 6_738_415_616 + 2 * 4096, 0,
     lambda: count(real("DeltaVLM").llm_model)),
    ("DeltaVLM: Q-Former with words", "BLIP-2, section 3.1: 188M", 188e6, 0.02, lambda: count(real("DeltaVLM").qformer)),
    ("DeltaVLM: difference module", "section 3.2: seven matrices", 7 * 1408**2 + 3 * 1408, 0,
     lambda: count(real("DeltaVLM").csrm)),
    ("MModalCC: a trunk", "ResNet-101's 44,549,160 without layer4 and classes", 44_549_160 - 14_964_736 - 2_049_000, 0,
     lambda: count(real("MModalCC").rgb_trunk)),
    ("SkyScript L/14", "open_clip's docs/model_profile.csv: 427.62M", 427.62e6, 2e-5, lambda: count(real("SkyScript", "L-14"))),
    ("SkyScript B/32", "open_clip's docs/model_profile.csv: 151.28M", 151.28e6, 5e-5, lambda: count(real("SkyScript", "B-32"))),
    ("GeoPix: class-wise memory", "75 classes x 2 levels x 64 x 64 x 32 x 32 = 629M", 629_145_600, 0,
     lambda: count(real("GeoPix").memory.bank.memory)),
    ("GeoPix: LLaVA 1.5, 7B", "LLaVA's 7.06B", 7.06e9, 0.001, lambda: count(real("GeoPix").llava)),
)  # fmt: skip


@pytest.mark.parametrize("row", PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_real_size_is_the_published_one(row: Published):
    what, source, published, rounding, ours = row
    number = ours()
    print(f"{what}: {published:,.0f} ({source}), here {number:,}")
    assert number == pytest.approx(published, rel=rounding, abs=0)


def test_table_of_the_docs_is_what_the_command_prints():
    printed = sizes().table([one.size() for one in sizes().REAL])
    assert printed in (ROOT / "docs" / "systems" / "README.md").read_text()


def test_numbers_on_the_pages_are_counted():
    """Every number of millions on a page is that of a network, of what it learns, or of a part of one."""
    counted = {int(published) for _, _, published, _, _ in PUBLISHED}
    for one in sizes().REAL:
        network = one.build()
        own = {name: count(part) for name, part in network.named_modules() if name.count(".") < 2}
        counted |= {learnt(network), *own.values(), own[""] - own.get("memory", 0)}
    pages = sorted((ROOT / "docs" / "systems").glob("*.md"))
    told = {(page.name, number) for page in pages for number in MILLIONS.findall(page.read_text())}
    assert len(pages) >= 12 and len(told) > 30
    assert [(page, number) for page, number in sorted(told) if int(number.replace(",", "")) not in counted] == []


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_small_model_is_there_at_once(system: System):
    began = time.process_time()
    network = system.make()
    took = time.process_time() - began
    print(f"{count(network):,} parameters in {took:.2f} s")
    assert took < 2
