"""What a configuration may hold, and that no shipped code opens a pickle."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from rsvlm.models.cards import get_card
from rsvlm.models.safety import check_folder, read_config
from rsvlm.protocol import RsvlmError

# Where torch.load stands, always with weights_only: the process that reads released checkpoints, which has no network
# and may write nowhere else; and the trainer, which takes up its own runs.
READERS = {"models/converting.py", "trainer/outlining/fitting.py", "trainer/run.py", "trainer/stage.py"}
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def config(folder: Path, content: object, name: str = "config.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_plain_configuration_is_read(tmp_path: Path):
    content = {"model_type": "llava", "text_config": {"model_type": "llama"}, "vision_config": {"model_type": "clip"}}
    assert read_config(config(tmp_path, content), "mine", "") == content
    assert read_config(get_card(None).folder / "config.json", "compact", "")["scenes"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"auto_map": {"AutoModel": "modeling.Mine"}}, "auto_map"),
        ({"auto_map": None}, "auto_map"),
        ({"trust_remote_code": False}, "trust_remote_code"),
        ({"_attn_implementation_internal": "someone/kernel"}, "_attn_implementation_internal"),
        ({"_experts_implementation_internal": "x"}, "_experts_implementation_internal"),
        ({"text_config": {"layers": [{"auto_map": {}}]}}, "auto_map"),
        ({"attn_implementation": "someone/kernel"}, "attn_implementation"),
        ({"vision_config": {"_attn_implementation": "someone/kernel:forward"}}, "_attn_implementation"),
        ({"auto_mapping": {"parent_library": "os"}}, "auto_mapping"),
    ],
)
def test_configuration_that_names_code_is_refused_in_a_sentence(tmp_path: Path, content: dict, named: str):
    with pytest.raises(RsvlmError) as caught:
        read_config(config(tmp_path, content), "mine", "")
    assert caught.value.code == "model_failed"
    assert caught.value.message == (
        f"The model mine is refused: config.json holds “{named}”, by which a model names program code to be run."
    )
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [{"attn_implementation": "flash_attention_2"}, {"auto_mapping": None}, {"_attn_implementation_autoset": True}],
)
def test_words_that_name_no_code_are_no_reason(tmp_path: Path, content: dict):
    assert read_config(config(tmp_path, content), "mine", "") == content


@pytest.mark.parametrize("kind", ["evil", "llam", "custom_llama", ["llama"], {"a": 1}])
def test_unknown_architecture_is_refused(tmp_path: Path, kind: object):
    with pytest.raises(RsvlmError, match=r"does not know its architecture “.*” \(config\.json\)") as caught:
        read_config(config(tmp_path, {"text_config": {"model_type": kind}}), "mine", "")
    assert caught.value.code == "model_failed" and caught.value.hint


@pytest.mark.parametrize("kind", ["qwen3_vl", "qwen2_5_vl_vision", "sam2_mask_decoder", "blip-2", "llava_next", ""])
def test_known_architectures_and_their_parts_are_read(tmp_path: Path, kind: str):
    assert read_config(config(tmp_path, {"model_type": kind}), "mine", "")["model_type"] == kind


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", "[" * 100_000, "{" + " " * 5_000_000 + "}", "\x00"])
def test_configuration_that_is_no_object_is_refused_without_a_crash(tmp_path: Path, content: str):
    with pytest.raises(RsvlmError, match=r"config\.json of the model mine is missing or broken") as caught:
        read_config(config(tmp_path, content), "mine", "Get it again.")
    assert (caught.value.code, caught.value.hint) == ("model_failed", "Get it again.")


def test_every_configuration_of_a_folder_is_looked_through_but_no_vocabulary(tmp_path: Path):
    config(tmp_path, {"auto_map": 5, "model": {"vocab": {"trust_remote_code": 1}}}, "tokenizer.json")
    config(tmp_path, {"auto_map": 5}, "vocab.json")
    check_folder(tmp_path, "mine", "")
    (tmp_path / "adapter").mkdir()
    for name in ("tokenizer_config.json", "preprocessor_config.json", "adapter/adapter_config.json"):
        path = config(tmp_path, {"auto_map": {"AutoTokenizer": ["a.B", None]}}, name)
        with pytest.raises(RsvlmError, match=f"{path.name} holds “auto_map”"):
            check_folder(tmp_path, "mine", "")
        path.unlink()


def shipped(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [root / name for name in listed.stdout.split() if not name.startswith("tests/") and (root / name).is_file()]


def pickles(tree: ast.AST, reader: bool) -> list[str]:
    """What a module does that could run a pickle; a reader may call torch.load with weights_only=True."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in PICKLES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PICKLES:
            if not (reader and [name.name for name in node.names] == ["UnpicklingError"]):
                found.append(node.module or "")
        elif isinstance(node, ast.Call):
            name, options = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            if name == "torch.load" and not (reader and options.get("weights_only") == "True"):
                found.append(ast.unparse(node))
            if options.get("allow_pickle", "False") != "False":
                found.append(ast.unparse(node))
            if options.get("trust_remote_code", "False") != "False" or options.get("weights_only", "True") != "True":
                found.append(ast.unparse(node))
    return found


def test_no_shipped_code_opens_a_pickle(root: Path):
    found = {
        str(path.relative_to(root)): wrong
        for path in shipped(root)
        if (wrong := pickles(ast.parse(path.read_text("utf-8")), str(path.relative_to(root)) in READERS))
    }
    assert found == {}
    assert len(shipped(root)) > 50


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(p)",
        "torch.load(p, weights_only=False)",
        "load(p, allow_pickle=True)",
        "from_pretrained(p, trust_remote_code=True)",
    ],
)
def test_line_that_opens_a_pickle_is_found(line: str):
    assert pickles(ast.parse(line), reader=True)
