"""Keys of FROMAGe's checkpoints, released or in training, and of the parts that they were trained on, as ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_WRAPPERS = re.compile(
    r"^(module\.)?(model\.)?(?=(visual_model|lm|visual_embeddings|visual_fc|text_hidden_fcs|logit_scale"
    r"|input_embeddings|ret_input_embeddings|ret_output_embeddings)\b)"
)
_RULES = (
    (r"^text_hidden_fcs\.0\.0\.", "text_fc."),
    (r"^visual_model\.vision_model\.", "visual_model."),
    (r"^lm\.decoder\.", "lm.model.decoder."),
)
# CLIP's side of words, and what is computed: of no use here.
_UNREAD = re.compile(
    r"^visual_model\.(text_model|text_projection|visual_projection|logit_scale)\b|\.position_ids$|\.inv_freq$"
)
_ROW, _HEAD = "ret_input_embeddings.weight", "ret_output_embeddings.weight"
_TABLE, _OUTPUT = "input_embeddings.weight", "lm.lm_head.weight"


def ours(official: Mapping[str, Tensor], retrieval: int, tied: bool) -> dict[str, Tensor]:
    """The tensors under our keys; keys that nobody knows stay as they are.

    retrieval: id of [RET], whose row a whole table of words holds. tied: the language model's head is that table.
    """
    found: dict[str, Tensor] = {}
    for key, tensor in official.items():
        name = _WRAPPERS.sub("", key)
        for pattern, own in _RULES:
            name = re.sub(pattern, own, name)
        if not _UNREAD.search(name):
            found[name] = tensor
    table, head = found.pop(_TABLE, None), found.get(_OUTPUT)
    rows = {"retrieval_token.row": (found.pop(_ROW, None), table)}
    if tied:
        found.pop(_OUTPUT, None)
    else:
        rows["retrieval_token.head"] = (found.pop(_HEAD, None), head)
    for name, (row, whole) in rows.items():
        if row is not None:
            found[name] = row.reshape(-1)
        elif whole is not None and name not in found and whole.dim() == 2 and len(whole) > retrieval:
            found[name] = whole[retrieval].clone()
    return found


def official(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is trained, under the keys of FROMAGe's release; a head of the model's own has a key that is ours."""
    named = {}
    for key, tensor in own.items():
        if key == "retrieval_token.row":
            named[_ROW] = tensor[None]
        elif key == "retrieval_token.head":
            named[_HEAD] = tensor[None]
        else:
            named["model." + re.sub(r"^text_fc\.", "text_hidden_fcs.0.0.", key)] = tensor
    return named
