"""Small models of the families that answer about one picture, with words of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor, nn

from rsvlm.models.families.gaia.files import LAYOUT as GAIA
from rsvlm.models.families.gaia.files import convert_gaia, load_gaia, save_gaia
from rsvlm.models.families.gaia.network import Gaia, GaiaConfig
from rsvlm.models.families.one_picture.predictor import SpeakingPredictor
from rsvlm.models.families.one_picture.words import PictureWords
from rsvlm.models.families.rsgpt4v.files import LAYOUT as RSGPT4V
from rsvlm.models.families.rsgpt4v.files import convert_rsgpt4v, load_rsgpt4v, save_rsgpt4v
from rsvlm.models.families.rsgpt4v.network import RsGpt4v, RsGpt4vConfig
from rsvlm.models.families.rsgpt4v.predictor import RsGpt4vPredictor
from rsvlm.models.families.rsmoe.files import LAYOUT as RSMOE
from rsvlm.models.families.rsmoe.files import convert_rsmoe, load_rsmoe, save_rsmoe
from rsvlm.models.families.rsmoe.network import RsMoe, RsMoeConfig
from rsvlm.models.families.rsmoe.predictor import RsMoePredictor

SPOKEN = (
    "USER:", "ASSISTANT:", "Answer:", "Theme:", "Objects:", "Relations:", "The", "task:", "image", "showcases:", "this",
    "describe", "how", "many", "white", "plane", "planes", "two", "stand", "on", "the", "apron", "an", "airport", "beside",
    "runway", "Question:", "no", "yes", "is", "it", "?",
)  # fmt: skip


class Family(NamedTuple):
    """One of the families in small. lesson(words): a batch to learn from, of the two pictures."""

    name: str
    config: Any
    make: Callable[[], nn.Module]
    words: Any
    save: Callable[..., None]
    load: Callable[..., Any]
    convert: Callable[..., Any]
    predictor: type[Any]
    lesson: Callable[[Any], Any]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Whole words, and what the tokenizers of LLaMA and OPT have."""
    every = ["<unk>", "<s>", "</s>", "<pad>", "Ċ", *SPOKEN]
    own = Tokenizer(models.WordLevel({word: place for place, word in enumerate(every)}, unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    own.add_special_tokens(every[:5])
    return own


@pytest.fixture
def pictures() -> Tensor:
    """Two pictures, as a tower takes them."""
    torch.manual_seed(1)
    return torch.randn(2, 3, 42, 42)


def spoken(words: PictureWords) -> Any:
    return words.lessons([[("describe this image", "two white planes on the apron")], [("is it an airport ?", "no")]])


@pytest.fixture
def moe(tokenizer: Tokenizer) -> Family:
    config = RsMoeConfig.tiny(tokenizer.get_vocab_size())
    words = RSMOE.words(config, tokenizer)
    functions = save_rsmoe, load_rsmoe, convert_rsmoe
    return Family("rsmoe", config, lambda: RsMoe(config), words, *functions, RsMoePredictor, spoken)


@pytest.fixture(params=["rsmoe", "lora", "moe_lora", "full", "gaia", "gaia-clip"])
def family(request: pytest.FixtureRequest, tokenizer: Tokenizer, moe: Family) -> Family:
    kind, size = request.param, tokenizer.get_vocab_size()
    if kind == "rsmoe":
        return moe
    if kind.startswith("gaia"):
        own = GaiaConfig.tiny(size, clip=kind.endswith("clip"))
        words = GAIA.words(own, tokenizer)
        functions = save_gaia, load_gaia, convert_gaia
        return Family("gaia", own, lambda: Gaia(own), words, *functions, SpeakingPredictor, spoken)
    config = RsGpt4vConfig.tiny(size, kind)
    words = RSGPT4V.words(config, tokenizer)
    functions = save_rsgpt4v, load_rsgpt4v, convert_rsgpt4v
    return Family("rsgpt4v", config, lambda: RsGpt4v(config), words, *functions, RsGpt4vPredictor, spoken)


@pytest.fixture
def awake() -> Callable[[nn.Module], nn.Module]:
    """With adapters and gates that say something, which begin as nothing, and a language model that minds what it reads."""

    def wake(model: nn.Module) -> nn.Module:
        torch.manual_seed(3)
        for name, parameter in model.named_parameters():
            words = name.startswith("language_model.") and parameter.dim() == 2 and "lora_" not in name
            if words or name.endswith(("project.weight", "linear_2.weight")):
                nn.init.normal_(parameter, std=0.5)
            elif name.endswith((".up", ".lora_B.default.weight")) or name.startswith(
                ("router.", "picture.qformer.layers")
            ):
                nn.init.normal_(parameter, std=0.3)
        return model.eval()

    return wake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"
