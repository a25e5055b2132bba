"""Weights from elsewhere: what fits comes in, what does not is told key by key, and a pickle that would act does nothing."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rsvlm.models.cards import get_card
from rsvlm.models.converting import read_tensors
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.files import convert_compact
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.words import SPECIAL_TOKENS
from rsvlm.models.importing import Report, Wish, import_model
from rsvlm.models.load import load_model
from rsvlm.models.parts.tokenizer import train_tokenizer
from rsvlm.models.releases import RELEASES, named_weights
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError

SMALL = CompactConfig(
    stem=8, widths=(8, 8, 16), depths=(1, 1, 1), token_width=16, token_depth=1, heads=2, vocabulary=400,
    language_width=16, language_depth=1, language_mlp=32, embedding=8, anchors=4, scenes=("forest", "paddy_field"),
)  # fmt: skip
WISH = Wish("mine", "compact", "My model", "CC-BY-4.0", "Cite “us”.")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, empty."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def given(tmp_path: Path, models: Path) -> Path:
    """A folder as the trainer leaves it: weights, configuration, tokenizer."""
    torch.manual_seed(2)
    save_compact(tmp_path / "given", Compact(SMALL).eval(), train_tokenizer(["a river"], 400, SPECIAL_TOKENS))
    return tmp_path / "given"


def as_pickle(folder: Path, content: object, name: str = "weights.pt") -> Path:
    """Put a pickled file in the place of the safetensors."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    torch.save(content, folder / name)
    return folder / name


def nothing_left(models: Path) -> bool:
    return not models.exists() or list(models.iterdir()) == []


def test_pickled_weights_come_in_as_safetensors_with_a_card_and_answer(
    given: Path, models: Path, monkeypatch: pytest.MonkeyPatch
):
    """As a checkpoint of the trainer holds them: inside its lessons, and these inside their average."""
    state = load_file(given / "model.safetensors")
    lessons = {f"module.model.{key}": tensor.float() for key, tensor in state.items()}
    as_pickle(given, lessons | {"n_averaged": torch.tensor(3), "module.distillation.project.weight": torch.zeros(2, 2)})
    seen = environment_of_the_process(monkeypatch)
    report, card = import_model(given, WISH)
    assert report.fits and report.missing == [] and report.other_shape == []
    assert report.unexpected == ["n_averaged", "distillation.project.weight"]
    assert card == get_card("mine") and card.folder == models / "mine" and card.verify()
    assert (card.title, card.licence, card.terms) == ("My model", "CC-BY-4.0", "Cite “us”.")
    assert (
        card.scenes == {"forest": "forest", "paddy_field": "paddy_field"} and "open or wooded green land" in card.groups
    )
    assert card.calibration.unsure_below == 1, "nobody calibrated it"
    assert [path.name for path in models.iterdir()] == ["mine"]
    assert card.folder.stat().st_mode == models.stat().st_mode, (
        "others who share the models may read it as they do these"
    )
    assert sorted(path.name for path in card.folder.iterdir()) == [
        "card.toml", "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    there = load_file(card.folder / "model.safetensors")
    assert set(there) == set(state) and all(torch.equal(there[key], state[key]) for key in state)
    model, words = load_compact(card.folder)
    assert model.config == SMALL and words.get_vocab_size() > 200
    assert load_model(card, "cpu").card == card
    assert not {"HTTPS_PROXY", "http_proxy", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY"} & set(seen)
    assert seen["HF_HUB_OFFLINE"] == "1" and seen["PATH"] == os.environ["PATH"]


def environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the process that reads weights will have got, beside secrets and proxies in our own environment."""
    seen: dict[str, str] = {}
    run = subprocess.run

    def watched(*arguments: object, env: dict[str, str], **options: object) -> object:
        seen.update(env)
        return run(*arguments, env=env, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watched)
    for name in ("HTTPS_PROXY", "http_proxy", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    return seen


def test_keys_that_do_not_fit_are_told_and_nothing_is_written(given: Path):
    state = load_file(given / "model.safetensors")
    (given / "model.safetensors").unlink()
    del state["scene_head.bias"]
    state["image_head.weight"] = torch.zeros(8, 99)
    state["stray"] = torch.zeros(1)
    report = Report(**convert_compact(given, state)["report"])
    assert not report.fits
    assert report.missing == ["scene_head.bias"] and report.unexpected == ["stray"]
    assert report.other_shape == [{"key": "image_head.weight", "found": [8, 99], "expected": [8, 16]}]
    assert not (given / "model.safetensors").exists()


class Acting:
    """Pickles to a call that leaves a file behind when it is read."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def test_pickle_that_would_act_does_nothing(given: Path, models: Path, tmp_path: Path):
    trace = tmp_path / "it_ran"
    file = as_pickle(given, {"scene_head.bias": torch.zeros(2), "extra": Acting(os.system, f"touch {trace}")})
    with pytest.raises(RsvlmError, match=r"weights\.pt holds program code or is damaged, so it is not read") as caught:
        import_model(given, WISH)
    assert caught.value.code == "model_failed" and "safetensors" in caught.value.hint
    assert not trace.exists() and nothing_left(models)
    torch.load(file, weights_only=False)
    assert trace.exists(), "the same file does act where nothing hinders it"


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    "call", [(os.system, "touch {}"), (open, "{}", "w"), (eval, "open('{}', 'w')"), (Path.touch, Path("{}"))]
)
def test_pickle_of_any_kind_is_not_obeyed(tmp_path: Path, call: tuple, plain: bool):
    trace = tmp_path / "it_ran"
    function, *arguments = call
    acting = Acting(function, *(type(a)(str(a).format(trace)) for a in arguments))
    file = tmp_path / "weights.pth"
    if plain:
        file.write_bytes(pickle.dumps(acting, protocol=2))
    else:
        torch.save(acting, file)
    with pytest.raises(RsvlmError, match="holds program code or is damaged"):
        read_tensors(file)
    assert not trace.exists()


def test_reading_process_can_do_nothing_else(tmp_path: Path):
    """The second line of defence, should a pickle get around the first."""
    (tmp_path / "out").mkdir()
    program = f"""
import os, socket, subprocess, sys, shutil
from pathlib import Path
from rsvlm.models.converting import confine
out = Path({str(tmp_path / "out")!r})
(out / "weights").write_bytes(b"1")
confine(out, out / "weights")
(out / "inside").write_text("allowed")
(out / "inside").read_text()
tried = {{
    "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    "resolve": lambda: socket.getaddrinfo("example.org", 80),
    "run": lambda: subprocess.run(["true"]),
    "system": lambda: os.system("true"),
    "fork": lambda: os.fork(),
    "write": lambda: open({str(tmp_path / "outside")!r}, "w"),
    "append": lambda: os.open({str(tmp_path / "outside")!r}, os.O_CREAT | os.O_APPEND),
    "around": lambda: open(str(out) + "/../outside", "w"),
    "beside": lambda: open(str(out) + "side", "w"),
    "remove": lambda: os.remove(out / "weights"),
    "rename": lambda: os.rename(out / "weights", {str(tmp_path / "outside")!r}),
    "tree": lambda: shutil.rmtree(out),
    "link": lambda: os.symlink("/", out / "root"),
}}
for name, attempt in tried.items():
    try:
        attempt()
    except PermissionError:
        continue
    print(name)
try:
    len(bytearray(8 * 2**30))
    print("memory")
except MemoryError:
    pass
print("tried", len(tried))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    expected = "tried 13\n" if sys.platform == "linux" else "memory\ntried 13\n"
    assert done.stdout == expected
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside", "out", "weights"]


@pytest.mark.parametrize("content", [b"no pickle at all", b"\xff" * 300])
@pytest.mark.parametrize("name", ["weights.pt", "model.safetensors"])
def test_damaged_weights_are_a_sentence(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RsvlmError, match=f"The file {name} (is|holds program code or is) damaged") as caught:
        read_tensors(tmp_path / name)
    assert caught.value.code == "model_failed" and caught.value.hint


def test_process_that_ends_over_damaged_weights_is_a_sentence(given: Path, models: Path):
    file = as_pickle(given, load_file(given / "model.safetensors"))
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(RsvlmError, match=r"The file weights\.pt cannot be read as weights: it is damaged") as caught:
        import_model(given, WISH)
    assert caught.value.code == "model_failed" and caught.value.hint and nothing_left(models)


@pytest.mark.parametrize("content", [[torch.zeros(1)], torch.zeros(3), 7])
def test_pickle_without_keys_is_told(given: Path, content: object):
    with pytest.raises(RsvlmError, match="holds no weights by name"):
        read_tensors(as_pickle(given, content))


@pytest.mark.parametrize("key", ["auto_map", "trust_remote_code", "_attn_implementation_internal"])
def test_configuration_that_names_code_stops_it_before_weights_are_read(given: Path, models: Path, key: str):
    (given / "config.json").write_text(json.dumps({**asdict(SMALL), key: "x"}))
    (given / "model.safetensors").write_bytes(b"never looked at")
    with pytest.raises(RsvlmError, match=rf"The model mine is refused: config\.json holds “{key}”"):
        import_model(given, WISH)
    assert nothing_left(models)


def test_configuration_of_another_family_is_told(given: Path):
    (given / "config.json").write_text('{"model_type": "llama", "hidden_size": 4}')
    with pytest.raises(RsvlmError, match=r"config\.json of the model to import is not one of the family compact"):
        convert_compact(given, {})


@pytest.mark.parametrize("name", ["Big Model", "../up", "", "con"])
def test_name_that_is_none_is_told(given: Path, models: Path, name: str):
    with pytest.raises(RsvlmError, match=f"cannot be called “{name}”") as caught:
        import_model(given, replace(WISH, id=name))
    assert caught.value.code == "bad_request" and caught.value.hint and nothing_left(models)


def test_family_that_is_not_known_is_told_before_anything_else(given: Path, models: Path):
    (given / "tokenizer.json").unlink()
    with pytest.raises(RsvlmError, match="Models of the family “geopix9” cannot be imported") as caught:
        import_model(given, replace(WISH, family="geopix9"))
    assert caught.value.code == "bad_request" and caught.value.hint.startswith("Families: compact, ")


def test_folder_without_the_place_of_a_release_is_told(given: Path, models: Path):
    (given / "second.pt").write_bytes(b"")
    with pytest.raises(RsvlmError, match="should hold one file of weights") as caught:
        import_model(given, replace(WISH, family="geopix"))
    assert caught.value.hint.startswith("Give the folder that holds vlm, or the file itself")


@pytest.mark.parametrize("name", ["compact", "mine"])
def test_model_that_is_there_is_not_replaced(given: Path, models: Path, name: str):
    (models / "mine").mkdir(parents=True)
    with pytest.raises(RsvlmError, match=f"a model called {name} already") as caught:
        import_model(given, replace(WISH, id=name))
    assert f"rsvlm models remove {name}" in caught.value.hint


def test_folder_that_cannot_be_moved_is_not_told_as_one_that_is_there(
    given: Path, models: Path, monkeypatch: pytest.MonkeyPatch
):
    def held(self: Path, to: Path) -> Path:
        raise PermissionError("Access is denied")

    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(RsvlmError, match="cannot be written") as caught:
        import_model(given, WISH)
    assert caught.value.code == "unavailable" and nothing_left(models)


def test_what_is_no_model_is_told(given: Path, tmp_path: Path):
    with pytest.raises(RsvlmError, match="neither a folder nor a file of weights"):
        import_model(tmp_path / "gone", WISH)
    with pytest.raises(RsvlmError, match="neither a folder nor a file of weights"):
        import_model(given / "config.json", WISH)
    (given / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    with pytest.raises(RsvlmError, match=r"There is no tokenizer\.json beside the weights"):
        import_model(given, WISH)
    (given / "second.pt").write_bytes(b"")
    with pytest.raises(RsvlmError, match=r"should hold one file of weights, and holds model\.safetensors, second\.pt"):
        import_model(given, WISH)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ("model.safetensors", "model.safetensors"),
        ("pytorch_model.bin model-1.safetensors", "pytorch_model.bin"),
        ("pytorch_model-1.bin pytorch_model-2.bin model-1.safetensors", "pytorch_model-1.bin pytorch_model-2.bin"),
        ("model-1.safetensors model-2.safetensors model.safetensors", "model-1.safetensors model-2.safetensors"),
        ("adapter_model.bin non_lora_trainables.bin model.safetensors", "adapter_model.bin non_lora_trainables.bin"),
    ],
)
def test_index_of_files_that_are_not_there_is_passed_over(tmp_path: Path, files: str, found: str):
    for stem, end in (("model", "safetensors"), ("pytorch_model", "bin")):
        spread = {"weight_map": {"a": f"{stem}-1.{end}", "b": f"{stem}-2.{end}"}}
        (tmp_path / f"{stem}.{end}.index.json").write_text(json.dumps(spread))
    (tmp_path / "training_args.bin").write_bytes(b"")
    with pytest.raises(
        RsvlmError, match=r"holds no model-1\.safetensors, which its model\.safetensors\.index\.json names"
    ):
        named_weights(tmp_path)
    for name in files.split():
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in named_weights(tmp_path)] == found.split()


@pytest.mark.parametrize("family", RELEASES)
def test_every_family_has_what_reads_its_release(family: str):
    release = RELEASES[family]
    names = ["take_in" if release.as_it_is else f"convert_{family}", *(["read_release"] if release.pickled else [])]
    assert all(callable(release.function(name)) for name in names)
