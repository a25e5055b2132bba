"""The eleven systems in small: how each is made, released, taught and kept.

Networks have random weights that mind what they read; languages are whole words, or taught to say what leads to a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import eleven_releases as releases
import torch
from eleven_names import official
from small_models import ASKED, talking_deltavlm, talking_geopix, whole_words
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.families.capret.files import save_capret
from rsvlm.models.families.capret.network import CapRet, CapRetConfig
from rsvlm.models.families.deltavlm.files import save_deltavlm
from rsvlm.models.families.gaia.files import save_gaia
from rsvlm.models.families.gaia.network import Gaia, GaiaConfig
from rsvlm.models.families.geoclip.files import save_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.families.geoclip.words import batch_ids
from rsvlm.models.families.geopix.files import save_geopix
from rsvlm.models.families.geopix.words import SEGS, put
from rsvlm.models.families.mmodalcc.files import save_mmodalcc
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig, caption_loss
from rsvlm.models.families.rsgpt4v.files import save_rsgpt4v
from rsvlm.models.families.rsgpt4v.network import RsGpt4v, RsGpt4vConfig
from rsvlm.models.families.rsmoe.files import save_rsmoe
from rsvlm.models.families.rsmoe.network import RsMoe, RsMoeConfig
from rsvlm.models.families.skyeye.files import save_skyeye
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig

SPOKEN = (
    "USER:", "ASSISTANT:", "Answer:", "Question:", "[INST]", "[/INST]", "The", "image", "showcases:", "this", "describe",
    "how", "many", "white", "planes", "two", "stand", "on", "the", "apron", "beside", "a", "runway", "lake", "no", "yes", "?",
)  # fmt: skip
SAYS = ("two", "new", "houses", "beside", "road")
ROOM = {"max_position_embeddings": 1024}  # for a prompt, and as long an answer as predictors allow
CAPTIONS = ("two white planes", "the lake beside a runway")
TURNS = [[("describe this image", CAPTIONS[0])], [("how many planes ?", "no")]]
POINTS = ("Sure,", "it", "is", *SEGS)
SENTENCES = (("two", "houses"), ("new", "road"))
WORD_MAP = {"<pad>": 0, **{word: place for place, word in enumerate((*SAYS, "<unk>", "<start>", "<end>"), start=1)}}
DRAFTS = [("a runway", "two planes", "planes beside a runway"), ("the lake", "no planes", "no")]


@dataclass(frozen=True)
class System:
    """family: as it is imported. make: a network with random weights; write: that network's tensors under official names
    below a folder, with its configuration; returns what is given to the import. task: what it is asked for.

    loss: of the network and its words, on one batch. save: network and words into a folder, in our layout. ready: leaves to
    training what is trained. stray: a tensor that nobody reads, as it is released and as it is told. lost, bent: names of ours
    to be missing and of another shape in a release that does not fit. knowledge: whether a library stands beside it.
    """

    family: str
    make: Callable[[], nn.Module]
    write: Callable[[Path, dict[str, Tensor], Any], Path]
    task: str
    loss: Callable[[Any, Any], Tensor]
    save: Callable[[Path, Any, Any], object]
    lost: str
    bent: str
    ready: Callable[[Any], object] = lambda network: None
    stray: tuple[str, str] = ("stray.weight", "stray.weight")
    knowledge: bool = False


def words_of(*added: str) -> Tokenizer:
    return whole_words(SPOKEN, ("<pad>", "Ċ", *added))


WORDS = words_of()
COUNT = WORDS.get_vocab_size()


def awake(network: nn.Module) -> nn.Module:
    """With weights that tell inputs apart, and adapters that do something: they begin as nothing."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1 and "norm" not in name:
                parameter.normal_(std=0.2)
    return network.eval()


def roomy(config: Any) -> Any:
    return replace(config, language=config.language | ROOM)


def pixels(side: int, *shape: int) -> Tensor:
    """Two pictures, or two of `shape`."""
    return torch.randn(2, *shape, 3, side, side, generator=torch.Generator().manual_seed(1))


def capret() -> nn.Module:
    """On OPT, as FROMAGe's release is; two words are added to it, the last of them [RET]."""
    small = CapRetConfig.tiny(COUNT + 2, COUNT + 1, released=True)
    sizes = {
        "hidden_size": 24,
        "word_embed_proj_dim": 24,
        "ffn_dim": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    language = {"model_type": "opt", "vocab_size": COUNT + 2, **sizes, **ROOM, "dropout": 0.0}
    return awake(CapRet(replace(small, language=language, begin="</s>", padding="<pad>")))


def deltavlm() -> nn.Module:
    return awake(talking_deltavlm(SAYS, seed=0, mask_hidden=0)[0])


def delta_release(folder: Path, found: dict[str, Tensor], config: Any) -> Path:
    plain = whole_words(["q:", "changed", *SAYS], [])  # without the token for padding, which the release adds
    return releases.delta(folder, found, config, plain, "\n".join(ASKED) + "\n")


def geopix() -> nn.Module:
    return talking_geopix(POINTS, seed=0)[0]


def geopix_release(folder: Path, found: dict[str, Tensor], config: Any) -> Path:
    return releases.geopix(folder, found, config, talking_geopix(POINTS, seed=0)[1])


def mmodalcc() -> nn.Module:
    network = awake(MModalCC(MModalCCConfig.tiny(len(WORD_MAP), released=True)))
    with torch.no_grad():
        network.decoder.logits.bias[WORD_MAP["<end>"]] -= 2  # it says something first
    return network


def said(network: Any, words: Any) -> Tensor:
    """The loss of a family of one picture and a conversation about it."""
    loss: Tensor = network(pixels(network.config.pixels), words.lessons(TURNS))
    return loss


def captioned(network: Any, words: Any) -> Tensor:
    loss: Tensor = network(pixels(network.config.vision["image_size"]), words.captions(CAPTIONS))
    return loss


def drafted(network: Any, words: Any) -> Tensor:
    """Of the second stage."""
    lessons = words.learn_parts([turn[0][0] for turn in TURNS], CAPTIONS, DRAFTS)
    loss: Tensor = network(pixels(network.config.pixels), lessons)
    return loss


def second_stage(network: RsMoe) -> None:
    network.start_experts()
    network.freeze(2)


def compared(network: Any, words: Any) -> Tensor:
    before, after = pixels(network.config.pixels, 2).unbind(1)
    loss: Tensor = network(before, after, words.lessons(["q what changed", "q what changed"], ["two houses", "road"]))
    return loss


def described(network: Any, words: Any) -> Tensor:
    ids = torch.tensor([[WORD_MAP[word] for word in ("<start>", *sentence, "<end>")] for sentence in SENTENCES])
    return caption_loss(network.caption_logits(pixels(64, 4).sigmoid(), ids), ids, torch.tensor([4, 4]))


def outlined(network: Any, words: Any) -> Tensor:
    truth = torch.zeros(2, 20, 24)
    truth[0, :, :12], truth[1, :10] = 1, 1
    batch = words.lessons([put("Can you segment road ?", "segment")] * 2, [" ".join(POINTS)] * 2)
    loss: Tensor = network(pixels(56), batch, truth).total
    return loss


def paired(network: Any, words: Any) -> Tensor:
    loss: Tensor = network.loss(pixels(network.config.pixels), batch_ids(list(CAPTIONS), network.config.context))
    return loss


def save_clip(folder: Path, network: Any, words: Any) -> None:
    save_geoclip(folder, network.config, network.state_dict(), named=False)


def save_modalities(folder: Path, network: Any, words: Any) -> None:
    save_mmodalcc(folder, network.config, network.state_dict(), words)


def in_words(write: Callable[..., Path]) -> Callable[..., Path]:
    return lambda folder, found, config: write(folder, found, config, WORDS)


def clip(write: Callable[..., Path], quick_gelu: bool) -> System:
    make = lambda: awake(GeoClip(GeoClipConfig.tiny(quick_gelu)))  # noqa: E731
    return System("geoclip", make, write, "embed", paired, save_clip, "visual.proj", "ln_final.weight")


BRIDGE = "picture.project.bias", "picture.project.weight"
CONNECTOR = "multi_modal_projector.linear_1.bias", "multi_modal_projector.linear_1.weight"
SKYEYE = System(
    "skyeye", lambda: awake(SkyEye(roomy(SkyEyeConfig.tiny(COUNT, released=True)))), in_words(releases.minigpt), "ask", said,
    save_skyeye, "llama_proj.bias", "llama_proj.weight", lambda network: network.freeze(),
)  # fmt: skip
SYSTEMS = {
    "RS-CapRet": System(
        "capret", capret, in_words(releases.fromage), "ask", captioned, save_capret, "text_fc.bias", "text_fc.weight",
        lambda network: network.freeze(),
    ),
    "RS-MoE": System(
        "rsmoe", lambda: awake(RsMoe(roomy(RsMoeConfig.tiny(COUNT)))), in_words(releases.moe), "ask", drafted, save_rsmoe,
        *BRIDGE, second_stage,
    ),
    "GeoRSCLIP": clip(partial(releases.clip, file="RS5M_ViT-B-32.pt"), quick_gelu=True),
    "SkyEyeGPT": SKYEYE,
    "GAIA, CLIP": clip(releases.hub_clip, quick_gelu=True),
    "GAIA, BLIP-2": System(
        "gaia", lambda: awake(Gaia(roomy(GaiaConfig.tiny(COUNT)))), in_words(releases.blip2), "ask", said, save_gaia, *BRIDGE,
    ),
    "RS-GPT4V, LoRA": System(
        "rsgpt4v", lambda: awake(RsGpt4v(roomy(RsGpt4vConfig.tiny(COUNT, "lora")))), in_words(releases.llava_lora), "ask",
        said, save_rsgpt4v, *CONNECTOR,
    ),
    "RS-GPT4V, MoE-LoRA": System(
        "rsgpt4v", lambda: awake(RsGpt4v(roomy(RsGpt4vConfig.tiny(COUNT, "moe_lora")))), in_words(releases.llava_mixture),
        "ask", said, save_rsgpt4v, *CONNECTOR,
    ),
    "DeltaVLM": System(
        "deltavlm", deltavlm, delta_release, "change", compared, save_deltavlm, "qformer.layers.1.attention.key.bias",
        "csrm.context1.weight", lambda network: network.freeze(),
    ),
    "RS-RAG": replace(SKYEYE, knowledge=True),
    "MModalCC": System(
        "mmodalcc", mmodalcc, lambda folder, found, config: releases.pickled_modules(folder, found, config, WORD_MAP),
        "change", described, save_modalities, "semantic_trunk.layer2.0.bn3.bias", "decoder.layers.0.gate_rgb.weight",
        stray=("decoder.stray", "decoder.stray"),
    ),
    "SkyScript": clip(partial(releases.sky_clip, file="epoch_20.pt"), quick_gelu=False),
    "GeoPix": System(
        "geopix", geopix, geopix_release, "segment", outlined, save_geopix, "text_hidden_fcs.0.bias",
        "mask_decoder.iou_token.weight", stray=("vlm/stray.weight", "llava.stray.weight"),
    ),
}  # fmt: skip


def released(system: System, network: nn.Module) -> dict[str, Tensor]:
    """The network's tensors as the system's release names them, and one that nobody reads."""
    return official(system.family, network.state_dict()) | {system.stray[0]: torch.zeros(2)}
