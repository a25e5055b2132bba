"""MModalCC on disk: safetensors beside a configuration and the words. Knows files; nothing of pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Tensor

from rsvlm.models.families.mmodalcc.network import PAD, MModalCC, MModalCCConfig
from rsvlm.models.language_files import CONFIG, TOKENIZER, WEIGHTS, read_family_config
from rsvlm.protocol import RsvlmError

START, END, UNKNOWN, PADDING = SPECIAL = ("<start>", "<end>", "<unk>", "<pad>")


def word_tokenizer(word_map: Mapping[str, int]) -> Tokenizer:
    """Whole words in small letters, as the release's WORDMAP file numbers them. Raises ValueError for another map."""
    if any(word not in word_map for word in SPECIAL) or word_map[PADDING] != PAD:
        raise ValueError(f"a word map holds {', '.join(SPECIAL)}, the last one as {PAD}")
    tokenizer = Tokenizer(WordLevel(dict(word_map), unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), WhitespaceSplit()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def save_mmodalcc(folder: Path, config: MModalCCConfig, state: Mapping[str, Tensor], tokenizer: Tokenizer) -> None:
    """Write weights in their own precision, configuration and words into `folder`, one that nobody reads yet."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
    (folder / CONFIG).write_bytes((json.dumps(asdict(config), indent=1) + "\n").encode())
    (folder / TOKENIZER).write_bytes(tokenizer.to_str(pretty=False).encode())
    save_file({key: tensor.contiguous() for key, tensor in state.items()}, folder / WEIGHTS)


def load_mmodalcc(folder: Path, name: str = "", mend: str = "Install it again.") -> tuple[MModalCC, Tokenizer]:
    """The model in evaluation mode, and its words.

    name, mend: what errors call the model (else its folder's name), and the next step they give.
    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_family_config(MModalCCConfig, folder, "mmodalcc", name, mend)
    try:
        state = load_file(folder / WEIGHTS)
        words = json.loads((folder / TOKENIZER).read_text("utf-8"))
        tokenizer = word_tokenizer(words["model"]["vocab"])
    except (OSError, ValueError, TypeError, LookupError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    with torch.device("meta"):
        model = MModalCC(config)
    try:
        model.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise RsvlmError(
            "model_failed", f"The weights of the model {name} do not fit its configuration.", mend
        ) from error
    return model.eval(), tokenizer
