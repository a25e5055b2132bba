"""The same of architectures that nobody has named: relatives of the others, and those with ways of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers as tf

from .tiny import (
    CHATML,
    IM_END,
    IMAGE,
    SIGHT_SIZES,
    TEXT_SIZES,
    blip,
    ends,
    gemma3,
    llava,
    qwen,
    save,
    smolvlm,
    square,
    words,
    write,
)


def spoken(tokenizer: Any, kind: str, **more: Any) -> dict[str, Any]:
    """The configuration of a language model."""
    sizes = {"num_key_value_heads": 2, "vocab_size": len(tokenizer), "model_type": kind}
    return TEXT_SIZES | ends(tokenizer) | sizes | more


def talk(folder: Path, image: str, end: str = IM_END) -> None:
    (folder / "chat_template.jinja").write_text(CHATML.replace("%IMAGE%", image).replace(IM_END, end))


def internvl(folder: Path) -> None:
    named = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    named |= {"video_token": "<video>"}
    tokenizer = words("<|im_start|>", IM_END, *named.values(), named=named, eos_token=IM_END)
    config = tf.InternVLConfig(
        text_config=spoken(tokenizer, "qwen2"),
        vision_config={**SIGHT_SIZES, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    save(folder, tf.InternVLForConditionalGeneration(config), tokenizer)
    pictures = square("GotOcr2ImageProcessor", 32) | {"processor_class": "InternVLProcessor"}
    write(folder, "preprocessor_config.json", pictures)
    write(folder, "processor_config.json", {"processor_class": "InternVLProcessor", "image_seq_length": 4})
    talk(folder, "<IMG_CONTEXT>")


def llava_onevision(folder: Path) -> None:
    tokenizer = words("<|im_start|>", IM_END, IMAGE, "<video>", eos_token=IM_END)
    tiles = {"image_grid_pinpoints": [[32, 32], [32, 64], [64, 32], [64, 64]]}
    sight = {**SIGHT_SIZES, "image_size": 32, "patch_size": 8, "model_type": "siglip_vision_model"}
    config = tf.LlavaOnevisionConfig(
        text_config=spoken(tokenizer, "qwen2"),
        vision_config=sight | {"vision_use_head": False},
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        video_token_id=tokenizer.convert_tokens_to_ids("<video>"),
        **tiles,
    )
    save(folder, tf.LlavaOnevisionForConditionalGeneration(config), tokenizer)
    name = {"processor_class": "LlavaOnevisionProcessor"}
    write(folder, "preprocessor_config.json", square("LlavaOnevisionImageProcessor", 32) | tiles | name)
    settings = {"num_image_tokens": 16, "vision_feature_select_strategy": "full"}
    write(folder, "processor_config.json", settings | name)
    talk(folder, IMAGE)


def idefics2(folder: Path) -> None:
    end = "<end_of_utterance>"
    tokenizer = words("<|im_start|>", IM_END, "<fake_token_around_image>", IMAGE, end, eos_token=end)
    reader = {"hidden_size": 32, "rms_norm_eps": 1e-6, "resampler_n_latents": 4, "resampler_depth": 1}
    config = tf.Idefics2Config(
        text_config=spoken(tokenizer, "mistral", sliding_window=None),
        vision_config={**SIGHT_SIZES, "image_size": 64, "patch_size": 8},
        perceiver_config=reader | {"resampler_n_heads": 2, "resampler_head_dim": 16, "num_key_value_heads": 2},
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
    )
    save(folder, tf.Idefics2ForConditionalGeneration(config), tokenizer)
    pictures = {"image_processor_type": "Idefics2ImageProcessor", "size": {"longest_edge": 64, "shortest_edge": 32}}
    name = {"processor_class": "Idefics2Processor"}
    write(folder, "preprocessor_config.json", pictures | {"do_image_splitting": False} | name)
    write(folder, "processor_config.json", name | {"image_seq_len": 4})
    talk(folder, IMAGE, end)


def mistral3(folder: Path) -> None:
    named = {"image_token": "[IMG]", "image_break_token": "[IMG_BREAK]", "image_end_token": "[IMG_END]"}
    tokenizer = words(*named.values(), "<|im_start|>", IM_END, named=named, eos_token=IM_END)
    config = tf.Mistral3Config(
        text_config=spoken(tokenizer, "mistral", head_dim=8, sliding_window=None),
        vision_config={**SIGHT_SIZES, "image_size": 64, "patch_size": 8, "model_type": "pixtral", "head_dim": 8},
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        spatial_merge_size=2,
    )
    save(folder, tf.Mistral3ForConditionalGeneration(config), tokenizer)
    name = {"processor_class": "PixtralProcessor"}
    pictures = {"image_processor_type": "PixtralImageProcessor", "size": {"longest_edge": 64}}
    write(folder, "preprocessor_config.json", pictures | {"patch_size": {"height": 8, "width": 8}} | name)
    write(folder, "processor_config.json", {"patch_size": 8, "spatial_merge_size": 2} | name)
    talk(folder, "[IMG]")


OTHERS: dict[str, Callable[[Path], None]] = {
    "qwen2_vl": lambda folder: qwen(folder, "qwen2_vl"),
    "idefics3": lambda folder: smolvlm(folder, "Idefics3"),
    "llava_next": lambda folder: llava(folder, "LlavaNext"),
    "gemma3": gemma3,
    "blip-2-t5": lambda folder: blip(folder, "blip-2-t5"),
    "instructblip-t5": lambda folder: blip(folder, "instructblip-t5"),
    "qwen3_vl_moe": lambda folder: qwen(folder, "qwen3_vl_moe"),
    "internvl": internvl,
    "llava_onevision": llava_onevision,
    "idefics2": idefics2,
    "mistral3": mistral3,
}
