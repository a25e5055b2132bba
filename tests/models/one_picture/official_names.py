"""Our names of weights -> those of the releases, written down from these, not from our own rules."""

from __future__ import annotations

INSIDE = (
    ("attention.out.", "attention.output.dense."), ("attention.norm.", "attention.output.LayerNorm."),
    ("cross.out.", "crossattention.output.dense."), ("cross.norm.", "crossattention.output.LayerNorm."),
    ("attention.query.", "attention.self.query."), ("attention.key.", "attention.self.key."),
    ("attention.value.", "attention.self.value."), ("cross.", "crossattention.self."),
    ("for_queries.up.", "intermediate_query.dense."), ("for_queries.down.", "output_query.dense."),
    ("for_queries.norm.", "output_query.LayerNorm."),
)  # fmt: skip


def lavis(key: str, language: str = "opt") -> str:
    """As BLIP-2's checkpoints call it. language: opt or llm."""
    if key.startswith("picture.qformer."):
        return _qformer(key.removeprefix("picture.qformer."))
    if key.startswith("language_model."):
        return f"{language}_model.{key.removeprefix('language_model.')}"
    return key.replace("picture.project.", f"{language}_proj.").removeprefix("picture.")


def _qformer(key: str) -> str:
    if key == "query_tokens":
        return key
    if not key.startswith("layers."):
        return f"Qformer.bert.embeddings.LayerNorm.{key.rsplit('.', 1)[1]}"
    ours, theirs = next(pair for pair in INSIDE if f".{pair[0]}" in key)
    return "Qformer.bert." + key.replace(f".{ours}", f".{theirs}").replace("layers.", "encoder.layer.", 1)


def llava(key: str) -> str:
    """Ours, without adapters -> as LLaVA's authors call it."""
    for own, theirs in (
        ("vision_tower.", "model.vision_tower.vision_tower.vision_model."),
        ("multi_modal_projector.linear_1.", "model.mm_projector.0."),
        ("multi_modal_projector.linear_2.", "model.mm_projector.2."),
        ("language_model.", ""),
    ):
        if key.startswith(own):
            return theirs + key.removeprefix(own)
    raise KeyError(key)


def hugging_face(key: str) -> str:
    """Ours -> as transformers calls it since its fourth version."""
    return key.replace("vision_tower.", "vision_tower.vision_model.")


def newer(key: str) -> str:
    """Ours -> as transformers calls it since its fifth."""
    if key.startswith("language_model.lm_head."):
        return key.removeprefix("language_model.")
    return "model." + key.replace("language_model.model.", "language_model.").replace(
        "vision_tower.", "vision_tower.vision_model."
    )
