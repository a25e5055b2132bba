"""GeoPix on disk: weights, configuration and words; and the way there from the released folder.

The release keeps each part in a place of its own: vlm/ (with vision/ and text/ for their configurations), seg/, pec/, clm/,
image_neck_rough.pth, image_neck_detail.pth, text_hidden_fcs.pth, multiseg_scalar.pth and multiscale_scalar.pth.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.geopix.keys import official_keys, sizes
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig, llava_7b
from rsvlm.models.families.geopix.words import IMAGE, PADDING, SEGS, TAGS, Words, put
from rsvlm.models.language_files import (
    CONFIG,
    LARGE,
    LEFT_OUT,
    TOKENIZER,
    WEIGHTS,
    parse_words,
    read_family_config,
    unfilled,
)
from rsvlm.models.parts.sentencepiece import read_sentencepiece
from rsvlm.models.releases import RELEASES
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

FILES = (WEIGHTS, CONFIG, TOKENIZER)
VLM, VISION, TEXT = (f"vlm/{name}" for name in ("config.json", "vision/config.json", "text/config.json"))
MEND = "Give the one that the weights were trained with."


def save_geopix(folder: Path, model: GeoPix, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_texts(folder, model.config, words)
    save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, folder / f"{WEIGHTS}.part")
    (folder / f"{WEIGHTS}.part").replace(folder / WEIGHTS)


def load_geopix(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[GeoPix, Words]:
    """The model in evaluation mode, and its words.

    name, mend: what errors call the model (else its folder's name), and the next step they give.
    Raises RsvlmError (model_failed) when files are missing, broken, do not fit each other, or name program code.
    """
    name = name or folder.name
    config = read_family_config(GeoPixConfig, folder, "geopix", name, mend)
    try:
        state = load_file(folder / WEIGHTS)
        model = unfilled(lambda: GeoPix(config))
        words = Words(parse_words((folder / TOKENIZER).read_text("utf-8")), model.picture_tokens)
        if (words.image, words.segs) != (model.llava.config.image_token_id, config.segs):
            raise ValueError("other words than those of the configuration")
    except (OSError, ValueError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    if any(compare(state, model.state_dict()).values()):
        raise RsvlmError("model_failed", f"The weights of the model {name} do not fit its configuration.", mend)
    cast = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    model.load_state_dict(cast, assign=True)
    return model.eval(), words


def convert_geopix(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """The released folder, or a model of ours; the texts of either lie in `folder`. Writes the model there if it fits.

    found: keys of a release begin with their file or folder and a slash.
    Raises RsvlmError (model_failed, bad_request) for texts that are missing or of another kind.
    """
    tokenizer = _tokenizer(folder)
    if any(key.partition("/")[0] in RELEASES["geopix"].places for key in found):
        config, state = _released(folder, found, tokenizer), official_keys(found, released=True)
    else:
        config, state = read_family_config(GeoPixConfig, folder, "geopix", "to import", MEND), found
    with torch.device("meta"):
        model = GeoPix(config)
    expected = model.state_dict()
    report = compare(state, expected)
    if not report["missing"] and not report["other_shape"]:
        _write_texts(folder, config, Words(tokenizer, model.picture_tokens))
        save_file({key: state[key].contiguous() for key in expected}, folder / WEIGHTS)
    numbers = sum(tensor.numel() for tensor in expected.values())
    card = {
        "tasks": ["segment", "ground", "ask", "describe"],
        "prompt_template": put("{question}"),
        "prompts": {
            "caption": f"{TAGS['describe']} Please describe this image.",
            "vqa": f"{TAGS['ask']} {{text}}",
            "refer": f"{TAGS['ground']} {{text}}",
            "segment": f"{TAGS['segment']} Can you segment {{text}} in this image?",
        },
        "box_convention": "{<x1><y1><x2><y2>} in hundredths of the picture",
        "boxes": "percent",
        "input": {
            "bands": "red, green, blue",
            "pixels": model.llava.config.vision_config.image_size,
            "gsd_range_m": [0.5, 30.0],
            "sensors": ["optical"],
        },
        "memory_bytes": (5 * numbers if numbers < LARGE else 5 * numbers // 2) + 64 * 2**20,
    }
    return {"report": report, "card": card, "files": list(FILES)}


def _released(folder: Path, found: dict[str, Tensor], tokenizer: Tokenizer) -> GeoPixConfig:
    """Sizes by the configurations and shapes of a release, those of the released model where they tell none."""
    llava = llava_7b() | _told(folder / VLM)
    for key, path in (("vision_config", folder / VISION), ("text_config", folder / TEXT)):
        llava[key] = _told(path) or llava[key]
    words = Words(tokenizer, tokens=1)
    return GeoPixConfig(llava | {"image_token_index": words.image}, words.segs, **sizes(found), released=True)


def _told(path: Path) -> dict[str, Any]:
    """A configuration without what transformers writes beside the sizes, in whatever depth; empty if there is none."""
    if not path.exists():
        return {}
    content = read_config(path, "to import", "Get it again.")
    return {key: _sizes_in(value) for key, value in content.items() if key not in LEFT_OUT}


def _sizes_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sizes_in(inner) for key, inner in value.items() if key not in LEFT_OUT}
    return value


def _tokenizer(folder: Path) -> Tokenizer:
    """With the tokens of this family, which come after Vicuna's own. Raises RsvlmError."""
    try:
        if (folder / TOKENIZER).exists():
            tokenizer = parse_words((folder / TOKENIZER).read_text("utf-8"))
        else:
            tokenizer = read_sentencepiece((folder / "tokenizer.model").read_bytes())
        tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (IMAGE, PADDING, *SEGS)])
        Words(tokenizer, tokens=1)
    except FileNotFoundError as error:
        raise RsvlmError(
            "bad_request",
            "The words of the model are missing.",
            f"Put {TOKENIZER} or tokenizer.model beside its weights.",
        ) from error
    except (OSError, ValueError) as error:
        raise RsvlmError("model_failed", "The tokenizer holds no words of this family.", MEND) from error
    return tokenizer


def _write_texts(folder: Path, config: GeoPixConfig, words: Words) -> None:
    texts = {CONFIG: json.dumps(asdict(config), indent=1) + "\n", TOKENIZER: words.tokenizer.to_str()}
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
