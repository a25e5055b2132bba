"""Tiny models with random weights, one of each architecture, saved as a release is: weights, configurations, processor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TEXT = [
    "A river runs through the city. There are two harbours and a long bridge, with many ships on the water.",
    "How many buildings are there? Question: what is shown? Answer: dense houses beside a road. Describe the place.",
    "USER: where is the lake ASSISTANT: it lies between fields and forest, near the airport and the stadium.",
    "caption en answer en detect segment 0123456789",
]
IM_END, IMAGE = "<|im_end|>", "<image>"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}{% if c['type'] == 'image' %}"
    "%IMAGE%{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT_SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
SIGHT_SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}


def words(*special: str, named: dict[str, str] | None = None, begin: bool = False, **options: Any) -> Any:
    """A byte-level BPE. named: special tokens that have a name; begin: every text begins with <s>."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    first = ["<pad>", "<s>", "</s>", "<unk>", *special]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320 + len(first), special_tokens=first, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    if begin:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    marks = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"} | options
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, extra_special_tokens=named or {}, additional_special_tokens=list(special), **marks
    )


def ends(tokenizer: Any, **more: Any) -> dict[str, Any]:
    return {
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id, **more,
    }  # fmt: skip


QWEN_TOKENS = ("<|im_start|>", IM_END, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def qwen(folder: Path, kind: str) -> None:
    tokenizer = words(*QWEN_TOKENS, eos_token=IM_END)
    ids = {
        "image_token_id": tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        "video_token_id": tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        "vision_start_token_id": tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        "vision_end_token_id": tokenizer.convert_tokens_to_ids("<|vision_end|>"),
    }
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    text = TEXT_SIZES | ends(tokenizer) | {"num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    text |= {"rope_parameters": rope, "max_position_embeddings": 2048}
    sight = {"depth": 2, "hidden_size": 32, "num_heads": 2, "patch_size": 8, "spatial_merge_size": 2}
    sight |= {"intermediate_size": 48, "out_hidden_size": 32, "temporal_patch_size": 2}
    if kind.startswith("qwen3_vl"):
        text |= {"head_dim": 8}
        sight |= {"num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]}
        name = "Qwen3VL"
        if kind == "qwen3_vl_moe":
            text |= {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
            name = "Qwen3VLMoe"
        config = getattr(tf, f"{name}Config")(text_config=text, vision_config=sight, **ids)
        network = getattr(tf, f"{name}ForConditionalGeneration")(config)
    elif kind == "qwen2_5_vl":
        sight |= {"window_size": 32, "fullatt_block_indexes": [1]}
        network = tf.Qwen2_5_VLForConditionalGeneration(
            tf.Qwen2_5_VLConfig(text_config=text, vision_config=sight, **ids)
        )
    else:
        sight |= {"embed_dim": 32, "mlp_ratio": 2}
        network = tf.Qwen2VLForConditionalGeneration(tf.Qwen2VLConfig(text_config=text, vision_config=sight, **ids))
    save(folder, network, tokenizer)
    pictures = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 8, "merge_size": 2}
    pictures |= {"temporal_patch_size": 2, "size": {"shortest_edge": 32 * 32, "longest_edge": 96 * 96}}
    processors_of = {"qwen3_vl": "Qwen3VLProcessor", "qwen3_vl_moe": "Qwen3VLProcessor"}
    name = (processors_of | {"qwen2_5_vl": "Qwen2_5_VLProcessor"}).get(kind, "Qwen2VLProcessor")
    write(folder, "preprocessor_config.json", {**pictures, "processor_class": name})
    write(folder, "video_preprocessor_config.json", {**pictures, "video_processor_type": "Qwen2VLVideoProcessor"})
    template = CHATML.replace("%IMAGE%", "<|vision_start|><|image_pad|><|vision_end|>")
    (folder / "chat_template.jinja").write_text(template)


def smolvlm(folder: Path, name: str = "SmolVLM") -> None:
    """Idefics 3 as well, which differs in its name only."""
    tiles = [f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)]
    tokenizer = words("<|im_start|>", IM_END, "<fake_token_around_image>", IMAGE, "<global-img>", "<end_of_utterance>",
                      *tiles, eos_token="<end_of_utterance>")  # fmt: skip
    text = TEXT_SIZES | ends(tokenizer) | {"num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    config = getattr(tf, f"{name}Config")(
        text_config={**text, "model_type": "llama"},
        vision_config={**SIGHT_SIZES, "image_size": 32, "patch_size": 8},
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        pad_token_id=tokenizer.pad_token_id,
    )
    save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), tokenizer)
    pictures = {
        "image_processor_type": f"{name}ImageProcessor",
        "size": {"longest_edge": 64},
        "do_image_splitting": True,
    }
    pictures |= {"max_image_size": {"longest_edge": 32}, "do_pad": True}
    write(folder, "preprocessor_config.json", {**pictures, "processor_class": f"{name}Processor"})
    write(folder, "processor_config.json", {"processor_class": f"{name}Processor", "image_seq_len": 4})
    (folder / "chat_template.jinja").write_text(CHATML.replace("%IMAGE%", IMAGE).replace(IM_END, "<end_of_utterance>"))


def llava(folder: Path, name: str = "Llava") -> None:
    """LLaVA-NeXT as well, which sees a picture in tiles."""
    tokenizer = words(IMAGE, begin=True)
    text = TEXT_SIZES | ends(tokenizer) | {"num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    tiles = {} if name == "Llava" else {"image_grid_pinpoints": [[32, 64], [64, 32], [64, 64]]}
    config = getattr(tf, f"{name}Config")(
        text_config={**text, "model_type": "llama"},
        vision_config={**SIGHT_SIZES, "image_size": 32, "patch_size": 8, "model_type": "clip_vision_model"},
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=16,
        **tiles,
    )
    save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), tokenizer)
    kind = "CLIPImageProcessor" if name == "Llava" else "LlavaNextImageProcessor"
    write(folder, "preprocessor_config.json", square(kind, 32) | tiles | {"processor_class": f"{name}Processor"})
    settings = {"patch_size": 8, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    write(folder, "processor_config.json", {"processor_class": f"{name}Processor", **settings})


def gemma3(folder: Path) -> None:
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokenizer = words("<|im_start|>", IM_END, *named.values(), named=named, eos_token=IM_END)
    text = TEXT_SIZES | ends(tokenizer) | {"num_key_value_heads": 2, "head_dim": 8, "vocab_size": len(tokenizer)}
    config = tf.Gemma3Config(
        text_config={**text, "sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]},
        vision_config={**SIGHT_SIZES, "image_size": 32, "patch_size": 8},
        mm_tokens_per_image=4,
        **{f"{name}_index": tokenizer.convert_tokens_to_ids(mark) for name, mark in named.items()},
    )
    save(folder, tf.Gemma3ForConditionalGeneration(config), tokenizer)
    pictures = square("Gemma3ImageProcessor", 32) | {"image_seq_length": 4, "processor_class": "Gemma3Processor"}
    write(folder, "preprocessor_config.json", pictures)
    write(folder, "processor_config.json", {"processor_class": "Gemma3Processor", "image_seq_length": 4})
    (folder / "chat_template.jinja").write_text(CHATML.replace("%IMAGE%", named["boi_token"]))


def blip(folder: Path, kind: str) -> None:
    """BLIP-2 with OPT and InstructBLIP with a Llama, or each with a T5; both with a Q-Former."""
    tokenizer = words(IMAGE, begin=True)
    reader = {"vocab_size": 64, "encoder_hidden_size": 32, "cross_attention_frequency": 1, **TEXT_SIZES}
    sight = {**SIGHT_SIZES, "image_size": 32, "patch_size": 8, "initializer_range": 0.02}
    marks = {"num_query_tokens": 4, "image_token_index": tokenizer.convert_tokens_to_ids(IMAGE)}
    text = ends(tokenizer) | {"vocab_size": len(tokenizer)}
    if kind.endswith("-t5"):
        sizes = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
        text |= {**sizes, "model_type": "t5", "feed_forward_proj": "gated-gelu", "initializer_factor": 0.3}
    if kind.startswith("blip-2"):
        opt = {
            "hidden_size": 32,
            "ffn_dim": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "word_embed_proj_dim": 32,
        }
        text = text if kind == "blip-2-t5" else text | {**opt, "model_type": "opt", "max_position_embeddings": 640}
        network = tf.Blip2ForConditionalGeneration(
            tf.Blip2Config(vision_config=sight, qformer_config=reader, text_config=text, **marks)
        )
        name = "Blip2Processor"
    else:
        own = words()
        reader["vocab_size"] = len(own)
        llama = {**TEXT_SIZES, "model_type": "llama", "num_key_value_heads": 2}
        text = text if kind == "instructblip-t5" else text | llama
        network = tf.InstructBlipForConditionalGeneration(
            tf.InstructBlipConfig(vision_config=sight, qformer_config=reader, text_config=text, **marks)
        )
        own.save_pretrained(folder / "qformer_tokenizer")
        name = "InstructBlipProcessor"
    save(folder, network, tokenizer)
    write(folder, "preprocessor_config.json", square("BlipImageProcessor", 32) | {"processor_class": name})
    write(folder, "processor_config.json", {"processor_class": name, "num_query_tokens": 4})


def paligemma(folder: Path) -> None:
    places = [*(f"<loc{number:04}>" for number in range(1024)), *(f"<seg{number:03}>" for number in range(128))]
    tokenizer = words(IMAGE)
    tokenizer.add_tokens(places)
    text = TEXT_SIZES | ends(tokenizer) | {"num_key_value_heads": 2, "head_dim": 8, "vocab_size": len(tokenizer)}
    config = tf.PaliGemmaConfig(
        text_config={**text, "model_type": "gemma"},
        vision_config={**SIGHT_SIZES, "image_size": 32, "patch_size": 8, "model_type": "siglip_vision_model"},
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        projection_dim=32,
        hidden_size=32,
        **ends(tokenizer),
    )
    save(folder, tf.PaliGemmaForConditionalGeneration(config), tokenizer)
    pictures = square("SiglipImageProcessor", 32) | {"size": {"height": 32, "width": 32}, "image_seq_length": 16}
    write(folder, "preprocessor_config.json", pictures | {"processor_class": "PaliGemmaProcessor"})


def florence2(folder: Path) -> None:
    places = [f"<loc_{number}>" for number in range(1000)]
    marks = ("<od>", "</od>", "<ocr>", "</ocr>", "<poly>", "</poly>", "<sep>", "<region_cap>", "<grounding>")
    tokenizer = words(IMAGE, *marks, *places, named={"image_token": IMAGE}, begin=True)
    text = ends(tokenizer, decoder_start_token_id=2, forced_eos_token_id=2, is_encoder_decoder=True) | {
        "vocab_size": len(tokenizer), "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "max_position_embeddings": 640,
    }  # fmt: skip
    sight = {
        "embed_dim": (8, 16, 16, 32), "num_heads": (1, 2, 2, 4), "num_groups": (1, 2, 2, 4), "depths": (1, 1, 1, 1),
        "window_size": 4, "projection_dim": 32, "max_position_embeddings": 16, "max_temporal_embeddings": 4,
    }  # fmt: skip
    config = tf.Florence2Config(
        text_config={**text, "model_type": "bart"},
        vision_config=sight,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        is_encoder_decoder=True,
    )
    save(folder, tf.Florence2ForConditionalGeneration(config), tokenizer)
    pictures = square("CLIPImageProcessor", 64) | {"image_seq_length": 5}
    write(folder, "preprocessor_config.json", pictures | {"processor_class": "Florence2Processor"})
    parts = {
        "ocr": {"PATTERN": r"(.+?)" + r"<loc_(\d+)>" * 8, "AREA_THRESHOLD": 0.0},
        "phrase_grounding": {"FILTER_BY_BOX_SIZE": False, "banned_grounding_tokens": ["it"]},
    }
    for name in ("pure_text", "description_with_bboxes", "description_with_polygons", "polygons", "bboxes",
                 "description_with_bboxes_or_polygons"):  # fmt: skip
        parts[name] = {}
    settings = {"processor_class": "Florence2Processor", "post_processor_config": parts}
    write(folder, "processor_config.json", {**settings, "num_additional_image_tokens": 0})


def square(kind: str, side: int) -> dict[str, Any]:
    size = {"height": side, "width": side}
    return {"image_processor_type": kind, "size": size, "crop_size": size, "do_center_crop": False, "do_resize": True}


def save(folder: Path, network: Any, tokenizer: Any = None) -> None:
    with torch.no_grad():  # wide enough apart for the same word to win whatever is in the batch
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8) if parameter.any() else parameter.normal_()
    network.save_pretrained(folder)
    if tokenizer:
        tokenizer.save_pretrained(folder)


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(content))


BUILDERS: dict[str, Callable[[Path], None]] = {
    "qwen3_vl": lambda folder: qwen(folder, "qwen3_vl"),
    "qwen2_5_vl": lambda folder: qwen(folder, "qwen2_5_vl"),
    "smolvlm": smolvlm,
    "florence2": florence2,
    "paligemma": paligemma,
    "llava": llava,
    "blip-2": lambda folder: blip(folder, "blip-2"),
    "instructblip": lambda folder: blip(folder, "instructblip"),
}


def sam(folder: Path) -> None:
    config = tf.SamConfig(
        vision_config={
            "hidden_size": 16, "output_channels": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64,
            "patch_size": 8, "window_size": 4, "global_attn_indexes": [1], "mlp_dim": 32, "num_pos_feats": 4,
        },
        prompt_encoder_config={
            "hidden_size": 8, "image_size": 64, "patch_size": 8, "image_embedding_size": 8, "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 8, "mlp_dim": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "iou_head_hidden_dim": 16,
        },
    )  # fmt: skip
    save(folder, tf.SamModel(config))
    pictures = {"image_processor_type": "SamImageProcessor", "size": {"longest_edge": 64}}
    pictures |= {"pad_size": {"height": 64, "width": 64}, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]}
    write(folder, "preprocessor_config.json", pictures | {"processor_class": "SamProcessor"})


def sam2(folder: Path) -> None:
    trunk = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 8, "image_size": [128, 128],
        "embed_dim_per_stage": [8, 16, 32, 64], "num_attention_heads_per_stage": [1, 1, 2, 2],
        "blocks_per_stage": [1, 1, 2, 1], "window_size_per_stage": [8, 4, 4, 4], "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }  # fmt: skip
    config = tf.Sam2Config(
        vision_config={
            "backbone_config": trunk, "backbone_channel_list": [64, 32, 16, 8], "fpn_hidden_size": 16,
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 128, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "iou_head_hidden_dim": 16,
        },
    )  # fmt: skip
    save(folder, tf.Sam2Model(config))
    write(folder, "preprocessor_config.json", {"image_processor_type": "Sam2ImageProcessorFast"})


MASKS = {"sam": sam, "sam2": sam2}
