"""Official names of tensors of the released systems: our key -> the one under which a release keeps it.

Written down from the releases and the recorded cases, apart from the product, which knows the other direction. A name that
begins with a folder and a slash lies in that folder, beside the checkpoint itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor

Rules = Sequence[tuple[str, str]]

_QFORMER: Rules = (
    (r"^qformer\.query_tokens$", "query_tokens"),
    (r"^qformer\.words\.", "Qformer.bert.embeddings.word_embeddings."),
    (r"^qformer\.positions\.", "Qformer.bert.embeddings.position_embeddings."),
    (r"^qformer\.norm\.", "Qformer.bert.embeddings.LayerNorm."),
    (r"^qformer\.layers\.", "Qformer.bert.encoder.layer."),
    (r"\.cross\.(query|key|value)\.", r".crossattention.self.\1."),
    (r"\.cross\.out\.", ".crossattention.output.dense."),
    (r"\.cross\.norm\.", ".crossattention.output.LayerNorm."),
    (r"(Qformer.*\.attention)\.(query|key|value)\.", r"\1.self.\2."),
    (r"(Qformer.*\.attention)\.out\.", r"\1.output.dense."),
    (r"(Qformer.*\.attention)\.norm\.", r"\1.output.LayerNorm."),
    (r"\.for_queries\.up\.", ".intermediate_query.dense."),
    (r"\.for_queries\.down\.", ".output_query.dense."),
    (r"\.for_queries\.norm\.", ".output_query.LayerNorm."),
    (r"\.for_words\.up\.", ".intermediate.dense."),
    (r"\.for_words\.down\.", ".output.dense."),
    (r"\.for_words\.norm\.", ".output.LayerNorm."),
)
_LLAVA: Rules = (
    (r"^multi_modal_projector\.linear_1\.", "base_model.model.model.mm_projector.0."),
    (r"^multi_modal_projector\.linear_2\.", "base_model.model.model.mm_projector.2."),
    (r"^vision_tower\.", "vision_tower/vision_model."),
    (r"^language_model\.(.*\.lora_[AB])\.default\.", r"base_model.model.\1."),
    (
        r"^language_model\.(?!.*\.(down|up|gate\.weight)$)",
        "language_model/",
    ),  # a mixture, which nobody released, is ours
    (r"\.base_layer\.", "."),
)
RULES: dict[str, Rules] = {
    "capret": (
        (r"^visual_model\.", "visual_model/vision_model."),
        (r"^lm\.", "lm/"),
        (r"^retrieval_token\.row$", "ret_input_embeddings.weight"),
        (r"^text_fc\.", "model.text_hidden_fcs.0.0."),
        (r"^(?=visual_embeddings|visual_fc|logit_scale)", "model."),
    ),
    "deltavlm": (
        *_QFORMER,
        (r"^csrm\.", ""),
        (r"^visual_encoder\.(?!blocks\.[12]\.)", "visual_encoder/"),  # the last two of three blocks were trained
        (r"^llm_model\.", "llm_model/"),
    ),
    "gaia": (
        (r"^picture\.visual_encoder\.", "visual_encoder/"),
        (r"^picture\.project\.", "opt_proj."),
        (r"^picture\.", ""),
        *_QFORMER,
        (r"^language_model\.(model\.)?", "opt_model/"),  # as OPT's own file calls them
    ),
    "geoclip": (),
    "geopix": (
        (r"^llava\.lm_head\.", "vlm/language_model.lm_head."),
        (r"^llava\.model\.language_model\.", "vlm/language_model.model."),
        (r"^llava\.model\.vision_tower\.", "vlm/vision_tower.vision_model."),
        (r"^llava\.model\.multi_modal_projector\.", "vlm/multi_modal_projector."),
        (r"^necks\.0\.", "image_neck_rough.pth/"),
        (r"^necks\.1\.", "image_neck_detail.pth/"),
        (r"^text_hidden_fcs\.", "text_hidden_fcs.pth/"),
        (r"^mask_decoder\.hypernetwork\.", "seg/mask_decoder.output_hypernetworks_mlps.0."),
        (r"^mask_decoder\.", "seg/mask_decoder."),
        (r"^prompt_encoder\.", "pec/prompt_encoder."),
        (r"^memory\.bank\.mix\.", "clm/memory_fuser.model."),
        (r"^memory\.bank\.", "clm/learnable_memory."),
        (r"^memory\.encoder\.", "clm/memory_encoder."),
        (r"^memory\.attention\.", "clm/memory_attention.layers.0."),
        (r"^memory\.norm\.", "clm/memory_attention.norm."),
        (r"^(multiseg_scalar|multiscale_scalar)$", r"\1.pth/"),
    ),
    "mmodalcc": (
        (r"^rgb_trunk\.", "encoder_image.net."),
        (r"^semantic_trunk\.", "encoder_image2.net."),
        (r"\.net\.conv1\.", ".net.0."),
        (r"\.net\.bn1\.", ".net.1."),
        (r"\.net\.layer1\.", ".net.4."),
        (r"\.net\.layer2\.", ".net.5."),
        (r"\.net\.layer3\.", ".net.6."),
        (r"^encoder\.project_rgb\.", "encoder_feat.projection."),
        (r"^encoder\.project_semantic\.", "encoder_feat.projection2."),
        (r"^encoder\.columns\.", "encoder_feat.w_embedding."),
        (r"^encoder\.rows\.", "encoder_feat.h_embedding."),
        (r"^encoder\.fusions\.0\.blocks\.(\d+)\.", r"encoder_feat.resblock.\1.left."),
        (r"^encoder\.fusions\.0\.norms\.", "encoder_feat.LN."),
        (r"^encoder\.layers\.(\d+)\.steps\.0\.", r"encoder_feat.transformer.\1."),
        (r"(transformer\.\d+)\.attention\.", r"\1.attention2."),
        (r"(transformer\.\d+)\.norm_attention\.", r"\1.norm3."),
        (r"(transformer\.\d+)\.widen\.", r"\1.linear3."),
        (r"(transformer\.\d+)\.narrow\.", r"\1.linear4."),
        (r"(transformer\.\d+)\.norm_mlp\.", r"\1.norm4."),
        (r"^decoder\.words\.", "decoder.vocab_embedding."),
        (r"^decoder\.logits\.", "decoder.wdc."),
        (r"^decoder\.layers\.", "decoder.transformer.layers."),
        (r"\.self_attention\.", ".self_attn."),
        (r"\.questions\.0\.", ".multihead_attn."),
        (r"\.gate_rgb\.", ".gate.0."),
        (r"\.gate_semantic\.", ".gate2.0."),
        (r"\.gate_words\.", ".gate3.0."),
        (r"(layers\.\d+)\.widen\.", r"\1.linear1."),
        (r"(layers\.\d+)\.narrow\.", r"\1.linear2."),
        (r"(layers\.\d+)\.norm_self\.", r"\1.norm1."),
        (r"(layers\.\d+)\.norm_gated\.", r"\1.norm3."),
        (r"(layers\.\d+)\.norm_mlp\.", r"\1.norm4."),
    ),
    "rsgpt4v": _LLAVA,
    "rsmoe": (  # of which nothing is released: what is trained keeps our names
        (r"^picture\.visual_encoder\.", "visual_encoder/"),
        (r"^language_model\.(?!.*\.(down|up)$)", "language_model/"),
        (r"\.base_layer\.", "."),
    ),
    "skyeye": (
        (r"^visual_encoder\.", "visual_encoder/"),
        (r"^llama_model\.(.*\.lora_[AB])\.default\.", r"llama_model.base_model.model.\1."),
        (r"^llama_model\.(?!base_model)", "llama_model/"),
        (r"\.base_layer\.", "."),
    ),
}


def official(family: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names of the release."""
    found = {}
    for key, tensor in state.items():
        name = key
        for pattern, theirs in RULES[family]:
            name = re.sub(pattern, theirs, name)
        found[name] = tensor
    return found
