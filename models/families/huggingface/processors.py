"""The processor of an image-text model of transformers, from a folder: pictures and words in, tensors out.

It is put together here, from the folder's own texts: the library's way would import what a configuration names, wants
torchvision for the films that nobody shows, and num2words for SmolVLM. Knows no weights.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoImageProcessor, AutoTokenizer, ProcessorMixin
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

from rsvlm.models.safety import read_config

# SmolVLM prepares still pictures as Idefics 3 does, whose processor needs no further package.
INSTEAD = {"smolvlm": "Idefics3Processor"}
SECOND_TOKENIZER = "qformer_tokenizer"
LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def load_processor(folder: Path, config: Any, name: str, mend: str) -> Any:
    """config: of the model, as transformers read it. Pictures are prepared by Pillow and numpy, with or without torchvision.

    Shorter texts of a batch are filled up where the model does not mind: at the front, or at the end if an encoder reads
    them. Raises OSError, ValueError and their like for broken files.
    """
    kind = _of_stills(
        getattr(transformers, INSTEAD.get(config.model_type) or PROCESSOR_MAPPING_NAMES[config.model_type])
    )
    settings_file = folder / "processor_config.json"
    settings = read_config(settings_file, name, mend) if settings_file.is_file() else {}
    parts: dict[str, Any] = {
        "image_processor": AutoImageProcessor.from_pretrained(folder, backend="pil", **LOCAL),  # nosec B615 # from a folder
        "tokenizer": AutoTokenizer.from_pretrained(folder, **LOCAL),  # nosec B615 # from a folder
    }
    if SECOND_TOKENIZER in kind.get_attributes():
        beside = folder / SECOND_TOKENIZER
        where = beside if beside.is_dir() else folder
        parts[SECOND_TOKENIZER] = AutoTokenizer.from_pretrained(where, **LOCAL)  # nosec B615 # from a folder
        parts[SECOND_TOKENIZER].padding_side = "right"
    wanted = inspect.signature(kind.__init__).parameters
    if "video_processor" in wanted:
        parts["video_processor"] = None
    own = {key: value for key, value in settings.items() if key in wanted and key not in parts}
    processor: Any = kind(**parts, **own)
    tokenizer = processor.tokenizer
    processor.chat_template = _chat_template(folder) or settings.get("chat_template") or tokenizer.chat_template
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    encodes = config.is_encoder_decoder or config.get_text_config().is_encoder_decoder
    tokenizer.padding_side = "right" if encodes else "left"
    return processor


def _of_stills(kind: type[ProcessorMixin]) -> type[ProcessorMixin]:
    """The same without its part for films."""

    class Stills(kind):  # type: ignore[misc, valid-type]
        @classmethod
        def get_attributes(cls) -> list[str]:
            return [name for name in super().get_attributes() if "video" not in name]

    return Stills


def _chat_template(folder: Path) -> str | None:
    """Jinja, which transformers renders in a sandbox."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text("utf-8")
    if (folder / "chat_template.json").is_file():
        return str(json.loads((folder / "chat_template.json").read_text("utf-8"))["chat_template"])
    return None
