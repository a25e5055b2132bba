"""What lies beside a large model: the configuration of its language model, its words, and weights that fit.

Words come as tokenizer.json, as SentencePiece's tokenizer.model, or as vocab.json and merges.txt. Knows files and tensors:
nothing of families.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn

from rsvlm.models.comparing import compare
from rsvlm.models.parts.language import compute_again
from rsvlm.models.parts.sentencepiece import read_sentencepiece
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
# Of another's configuration: where it came from, not what it is.
LEFT_OUT = {"_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version"}
LARGE = 10**9  # numbers from which a model is kept in half precision

Config = TypeVar("Config")
Network = TypeVar("Network", bound=nn.Module)


def read_family_config(kind: type[Config], folder: Path, family: str, name: str, mend: str) -> Config:
    """kind: the frozen dataclass of a family. name: of the model, for the error; mend: the next step.

    Raises RsvlmError (model_failed) for a configuration that is missing, names code or is not one of this family.
    """
    content = read_config(folder / CONFIG, name, mend)
    try:
        adapter = TypeAdapter(kind)
        if not content.keys() <= adapter.json_schema()["properties"].keys():
            raise ValueError("unknown keys")
        return adapter.validate_python(content)
    except ValueError as error:
        raise RsvlmError(
            "model_failed", f"The file {CONFIG} of the model {name} is not one of the family {family}.", mend
        ) from error


def read_description(path: Path) -> dict[str, Any]:
    """A network as transformers describes it, without where it came from. Raises RsvlmError (model_failed)."""
    told = read_config(path, "to import", "Get it again.")
    return {key: value for key, value in told.items() if key not in LEFT_OUT}


def read_words(places: Sequence[Path]) -> Tokenizer:
    """From the first of these folders that has words. Raises RsvlmError: bad_request (none has), model_failed."""
    for place in places:
        files = (place / TOKENIZER, place / "tokenizer.model", place / "vocab.json")
        path = next((file for file in files if file.exists()), None)
        if path is not None:
            try:
                return _words(path)
            except (OSError, ValueError) as error:
                raise RsvlmError("model_failed", f"The file {path.name} holds no words.", "Get it again.") from error
    raise RsvlmError(
        "bad_request",
        "The words of the language model are missing.",
        f"Put tokenizer.json or tokenizer.model into a folder {places[-1].name} beside the weights.",
    )


def parse_words(text: str) -> Tokenizer:
    """Raises ValueError for what is no tokenizer: its library knows plain exceptions alone."""
    try:
        return Tokenizer.from_str(text)
    except Exception as error:
        raise ValueError("no tokenizer") from error


def _words(path: Path) -> Tokenizer:
    if path.suffix == ".model":
        return read_sentencepiece(path.read_bytes())
    if path.name == TOKENIZER:
        return parse_words(path.read_text("utf-8"))
    try:
        tokenizer = Tokenizer(models.BPE.from_file(str(path), str(path.with_name("merges.txt"))))
    except Exception as error:  # of the library, as above
        raise ValueError("no pairs of bytes") from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def grow(state: dict[str, Tensor], keys: Sequence[str], rows: int) -> None:
    """Tables of words, under `keys`, get a row for each word that was added: the mean of the others, as nobody learnt it."""
    for key in keys:
        table = state.get(key)
        if table is not None and table.dim() == 2 and len(table) < rows:
            mean = table.float().mean(dim=0, keepdim=True).to(table.dtype)
            state[key] = torch.cat([table, mean.expand(rows - len(table), -1)])


def own_state(model: nn.Module) -> dict[str, Tensor]:
    """What is saved of a network: nothing twice, although a head may be the table of words."""
    every = (name for name, _ in model.named_parameters(remove_duplicate=False))
    twice = set(every) - {name for name, _ in model.named_parameters()}
    return {name: tensor.contiguous() for name, tensor in model.state_dict().items() if name not in twice}


def unfilled(make: Callable[[], Network]) -> Network:
    """A network to load weights into, which takes no memory yet but for what it computes when it is made."""
    with torch.device("meta"):
        model = make()
    compute_again(model)
    return model


def load_network(
    make: Callable[[], Network], path: Path, name: str, mend: str, dtype: torch.dtype, language: str
) -> Network:
    """The network that `make` describes, with weights from `path`, in evaluation mode.

    language: attribute of the language model. Raises RsvlmError (model_failed) for weights that are broken or do not fit.
    """
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RsvlmError("model_failed", f"The files of the model {name} are missing or broken.", mend) from error
    model = unfilled(make)
    if any(compare(state, own_state(model)).values()):
        raise RsvlmError("model_failed", f"The weights of the model {name} do not fit its configuration.", mend)
    cast = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    model.load_state_dict(cast, strict=False, assign=True)
    getattr(model, language).tie_weights()
    return model.eval()


def memory_needed(state: Mapping[str, Tensor]) -> int:
    """Bytes to load and work with a model: a large one is kept in half precision; a quarter more than its weights."""
    numbers = sum(tensor.numel() for tensor in state.values())
    return (5 * numbers if numbers < LARGE else 5 * numbers // 2) + 64 * 2**20


def kept_in(size_bytes: int) -> torch.dtype:
    """Of the weights of a model whose files take so many bytes."""
    return torch.bfloat16 if size_bytes > 2 * LARGE else torch.float32


def take_in(
    folder: Path, state: dict[str, Tensor], expected: dict[str, Tensor], texts: dict[str, str], card: dict[str, Any]
) -> dict[str, Any]:
    """What importing.py reads of weights under our keys; the model is written into `folder` if it fits.

    expected: our tensors, on torch's device "meta". texts: by the names of their files. card: without the memory needed.
    """
    report = compare(state, expected)
    if not report["missing"] and not report["other_shape"]:
        write_model(folder, texts, {key: state[key] for key in expected})
    card = card | {"memory_bytes": memory_needed(expected)}
    return {"report": report, "card": card, "files": [WEIGHTS, *texts]}


def write_model(folder: Path, texts: dict[str, str], state: dict[str, Tensor], weights: str = WEIGHTS) -> None:
    """Into a folder that is there. texts: by the names of their files; weights: name of theirs."""
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    save_file({key: tensor.contiguous() for key, tensor in state.items()}, folder / weights)


def replace_model(folder: Path, texts: dict[str, str], state: dict[str, Tensor]) -> None:
    """Instead of what is there; the weights last, and whole. Where weights are converted, nothing may be renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    part = f"{WEIGHTS}.part"
    write_model(folder, texts, state, part)
    (folder / part).replace(folder / WEIGHTS)
