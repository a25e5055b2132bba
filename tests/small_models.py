"""Small models with random weights, put on disk with cards as a user's models are; what they say is taught in advance.

Used by tests of several folders, through the fixture `add_family` of the conftest beside it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomlkit
import torch
from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer, models, pre_tokenizers

from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.deltavlm.files import save_deltavlm
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.words import Words as DeltaWords
from rsvlm.models.families.geoclip.files import save_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.families.geopix.files import save_geopix
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig
from rsvlm.models.families.geopix.words import END, FIRST, IMAGE, PADDING, SEGS, SYSTEM
from rsvlm.models.families.geopix.words import Words as GeoWords
from rsvlm.models.families.mmodalcc.files import save_mmodalcc, word_tokenizer
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig

PROMPTS = {
    "caption": "[caption] Describe it.",
    "vqa": "[vqa] {text}",
    "refer": "[refer] {text}",
    "segment": "[segment] Can you segment {text} ?",
}
ASKED = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "q", "changed")  # BERT's kind of vocabulary
MASK = SEGS  # in what a model says: it means something there


def whole_words(words: Sequence[str], special: Sequence[str]) -> Tokenizer:
    every = dict.fromkeys(["<unk>", FIRST, END, *words])
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(every)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<unk>", FIRST, END])
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def teach(language: Any, start: int, ids: Sequence[int]) -> None:
    """From now on `ids` follow each other after `start`, whatever is asked: each word calls for the next."""
    table = language.get_input_embeddings().weight
    with torch.no_grad():
        table.copy_(torch.nn.functional.normalize(table))
        inner = language.model
        for layer in getattr(inner, "language_model", inner).layers:  # what a word means is all that is left
            layer.self_attn.o_proj.weight.mul_(0.01)
            layer.mlp.down_proj.weight.mul_(0.01)
        head = language.lm_head.weight
        head.mul_(0.01)
        for before, after in zip((start, *ids[:-1]), ids, strict=True):
            head[after] += 10 * table[before]


def geopix(folder: Path, says: Sequence[str], seed: int) -> None:
    """A model for one place, which always says `says`, each word once."""
    model, tokenizer = talking_geopix(says, seed)
    save_geopix(folder, model, GeoWords(tokenizer, 16))


def talking_geopix(says: Sequence[str], seed: int) -> tuple[GeoPix, Tokenizer]:
    spoken = ("USER:", "ASSISTANT:", "Can", "you", "segment", "?", *(word for word in says if word not in SEGS))
    tokenizer = whole_words([*SYSTEM.split(), *spoken], (PADDING, IMAGE, *SEGS))
    torch.manual_seed(seed)
    model = GeoPix(GeoPixConfig.tiny(tokenizer.get_vocab_size())).eval()
    ids = [tokenizer.token_to_id(word) for word in (*says, END)]
    teach(model.llava, tokenizer.token_to_id("ASSISTANT:"), ids)
    return model, tokenizer


def deltavlm(folder: Path, says: Sequence[str], seed: int) -> None:
    """A model for two dates, which says `says`, each word once, after questions that end in “changed”."""
    save_deltavlm(folder, *talking_deltavlm(says, seed, mask_hidden=64))


def talking_deltavlm(says: Sequence[str], seed: int, mask_hidden: int) -> tuple[DeltaVlm, DeltaWords]:
    tokenizer = whole_words(["q:", "changed", *says], ["[PAD]"])
    ids = {word: place for place, word in enumerate(ASKED)}
    query = Tokenizer.from_str(BertWordPieceTokenizer(ids, lowercase=True).to_str())
    query.add_special_tokens(["[DEC]"])
    config = DeltaVlmConfig.tiny(tokenizer.get_vocab_size(), query.get_vocab_size(), mask_hidden)
    torch.manual_seed(seed)
    model = DeltaVlm(config).eval()
    teach(model.llm_model, tokenizer.token_to_id("changed"), [tokenizer.token_to_id(word) for word in (*says, END)])
    return model, DeltaWords(tokenizer, query, 24, 16)


def geoclip(folder: Path, says: Sequence[str], seed: int) -> None:
    """A model that compares pictures with texts; it says nothing."""
    torch.manual_seed(seed)
    model = GeoClip(GeoClipConfig.tiny(quick_gelu=False))
    save_geoclip(folder, model.config, model.state_dict(), named=False)


def mmodalcc(folder: Path, says: Sequence[str], seed: int) -> None:
    """A model for two dates that takes no questions; it says some of `says`."""
    every = {word: index for index, word in enumerate(says, start=1)}
    count = len(every)
    every |= {"<unk>": count + 1, "<start>": count + 2, "<end>": count + 3, "<pad>": 0}
    torch.manual_seed(seed)
    config = replace(MModalCCConfig.tiny(len(every)), vocabulary=len(every))
    save_mmodalcc(folder, config, MModalCC(config).state_dict(), word_tokenizer(every))


def plain(folder: Path, says: Sequence[str], seed: int) -> None:
    """The bundled weights, which may be able to do more than their card says here."""
    folder.mkdir()
    bundled = get_card(None)
    for file in bundled.source.files:
        shutil.copyfile(bundled.folder / file.name, folder / file.name)


MAKERS: dict[str, Callable[[Path, Sequence[str], int], None]] = {
    "geoclip": geoclip,
    "geopix": geopix,
    "deltavlm": deltavlm,
    "mmodalcc": mmodalcc,
    "plain": plain,
}
TASKS = {
    "geoclip": ("embed", "classify", "localize"),
    "geopix": ("describe", "ask", "segment", "ground"),
    "deltavlm": ("change", "change_ask", "change_masks"),
    "mmodalcc": ("change",),
    "plain": ("classify", "localize"),
}
PIXELS = {"geoclip": 32, "geopix": 64, "deltavlm": 64, "mmodalcc": 64, "plain": 128}
CLIP = {"quick_gelu": False, "averaging": "unit", "templates": ["a photo of {}."]}


def add_family(folder: Path, family: str, says: Sequence[str], seed: int = 0, **card: Any) -> ModelCard:
    """The card of a new model called as its family, below the folder of models `folder`. card: fields of it."""
    MAKERS[family](folder / family, says, seed)
    bundled = get_card(None).model_dump(exclude={"scenes", "groups", "figures", "calibration", "source"})
    content = {
        **bundled,
        "family": "compact" if family == "plain" else family,
        "title": f"Small {family}",
        "tasks": TASKS[family],
        "prompts": PROMPTS if family == "geopix" else {"change": "What changed"},
        "boxes": "percent" if family == "geopix" else None,
        "dialogue": family == "deltavlm",
        "input": {**bundled["input"], "pixels": PIXELS[family]},
        "memory_bytes": 1,
        **({"clip": CLIP} if family == "geoclip" else {}),
        **card,
    }
    return add_card(folder / family, content)


def add_card(folder: Path, content: Mapping[str, Any]) -> ModelCard:
    """The card of a model whose files lie in `folder`, called as that. content: its other fields."""
    names = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")))
    files = {"files": [file.model_dump() for file in files_in(folder, names)]}
    made = ModelCard.model_validate({**content, "id": folder.name, "source": files})
    (folder / "card.toml").write_text(tomlkit.dumps(made.model_dump(mode="json", exclude_none=True)))
    return get_card(folder.name)
