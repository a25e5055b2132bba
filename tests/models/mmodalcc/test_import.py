"""MModalCC's release, as pickled modules of classes that are not here: what fits comes in, and nothing of it is run."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rsvlm.models.cards import File, ModelCard, Source
from rsvlm.models.families.mmodalcc.files import load_mmodalcc, save_mmodalcc, word_tokenizer
from rsvlm.models.families.mmodalcc.keys import our_key
from rsvlm.models.families.mmodalcc.learner import MModalCCLearner
from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig, caption_loss
from rsvlm.models.families.mmodalcc.predictor import WITHOUT_MAPS, Change, MModalCCPredictor
from rsvlm.models.families.mmodalcc.release import convert_mmodalcc, read_release
from rsvlm.models.learning import Example
from rsvlm.models.pickled_modules import read_modules
from rsvlm.protocol import Cancelled, RsvlmError

Make = Callable[..., MModalCC]
ROOT = Path(__file__).resolve().parents[3]
DIFFERENCES = {"steps.0.attention.": "attention2.", "steps.0.norm_attention.": "norm3.", "steps.0.widen.": "linear3.",
               "steps.0.narrow.": "linear4.", "steps.0.norm_mlp.": "norm4."}  # fmt: skip
WORDS_PART = {"self_attention.": "self_attn.", "questions.0.": "multihead_attn.", "gate_rgb.": "gate.0.",
              "gate_semantic.": "gate2.0.", "gate_words.": "gate3.0.", "widen.": "linear1.", "narrow.": "linear2.",
              "norm_self.": "norm1.", "norm_gated.": "norm3.", "norm_mlp.": "norm4."}  # fmt: skip
BEGINNINGS = {
    "rgb_trunk.": "encoder_image.net.", "semantic_trunk.": "encoder_image2.net.", "encoder.project_rgb.":
    "encoder_feat.projection.", "encoder.project_semantic.": "encoder_feat.projection2.", "encoder.columns.":
    "encoder_feat.w_embedding.", "encoder.rows.": "encoder_feat.h_embedding.", "decoder.words.":
    "decoder.vocab_embedding.", "decoder.logits.": "decoder.wdc.",
}  # fmt: skip
PLACES = {"conv1.": "0.", "bn1.": "1.", "layer1.": "4.", "layer2.": "5.", "layer3.": "6."}


def released_key(ours: str) -> str:
    """The official name of one of our tensors."""
    for mine, theirs in BEGINNINGS.items():
        if ours.startswith(mine):
            rest = ours[len(mine) :]
            if "trunk" in mine:
                place = next(name for name in PLACES if rest.startswith(name))
                rest = PLACES[place] + rest[len(place) :]
            return theirs + rest
    _, kind, number, rest = ours.split(".", 3)
    if kind == "fusions":
        part, layer, rest = rest.split(".", 2)
        return f"encoder_feat.{'resblock' if part == 'blocks' else 'LN'}.{layer}.{'left.' * (part == 'blocks')}{rest}"
    names, prefix = (DIFFERENCES, "encoder_feat.transformer") if ours.startswith("encoder") else (
        WORDS_PART, "decoder.transformer.layers")  # fmt: skip
    mine = next(name for name in names if rest.startswith(name))
    return f"{prefix}.{number}.{names[mine]}{rest[len(mine) :]}"


@pytest.fixture
def gone() -> Iterator[Callable[[], type]]:
    """gone() -> a class of a module of the test's own, to pickle with; the module is not there after `forget`."""
    module = types.ModuleType("models_MModalCC")
    exec("from torch import nn\nclass Net(nn.Module):\n    pass", module.__dict__)
    sys.modules["models_MModalCC"] = module
    yield lambda: module.Net
    sys.modules.pop("models_MModalCC", None)


def as_modules(net: type, state: dict[str, Tensor], heads: int) -> dict[str, nn.Module]:
    """A tree of modules whose state dict is `state`, as the release pickles it: one tree for each first name."""
    tops: dict[str, nn.Module] = {}
    for key, tensor in state.items():
        *path, name = key.split(".")
        below = tops.setdefault(path[0], net())
        for step in path[1:]:
            if step not in below._modules:
                below.add_module(step, net())
            below = below._modules[step]
        if name.startswith("running") or name == "num_batches_tracked" or name == "pe":
            below.register_buffer(name, tensor)
        else:
            setattr(below, name, nn.Parameter(tensor))
        if path[-1] in ("attention2", "self_attn"):
            below.num_heads = heads
    return tops


@pytest.fixture
def release(tmp_path: Path, make: Make, gone: Callable[[], type], word_map: dict[str, int]) -> tuple[Path, MModalCC]:
    """The folder of a released checkpoint with the word map, and the model that it holds."""
    model = make(released=True, seed=5)
    state = {released_key(key): tensor for key, tensor in model.state_dict().items()}
    state |= {  # held by the release and never read
        "encoder_feat.embedding_1D.weight": torch.rand(9, 16),
        "encoder_feat.transformer.0.attention.in_proj_weight": torch.rand(48, 16),
        "encoder_feat.transformer.1.linear1.weight": torch.rand(64, 16),
        "decoder.transformer.layers.0.multihead_attn2.out_proj.weight": torch.rand(32, 32),
        "decoder.transformer.layers.0.norm2.bias": torch.rand(32),
        "decoder.position_encoding.pe": torch.rand(5000, 1, 32),
        "decoder.position_encoding.embedding_1D.weight": torch.rand(12, 32),
    }
    content: dict[str, object] = dict(as_modules(gone(), state, heads=2))
    content["decoder"].register_buffer("mask", torch.ones(3), persistent=False)
    optimiser = torch.optim.Adam(content["decoder"].parameters())
    content |= {"epoch": 12, "bleu-4": 0.3, "decoder_optimizer": optimiser}
    folder = tmp_path / "release"
    folder.mkdir()
    torch.save(content, folder / "BEST_checkpoint.pth.tar")
    (folder / "WORDMAP_SECOND_CC.json").write_text(json.dumps(word_map))
    sys.modules.pop("models_MModalCC")
    return folder, model


def in_its_own_process(weights: Path, folder: Path) -> dict:
    """Convert as the import does: in a process that can do nothing else."""
    program = f"""
import importlib.util, json, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("rsvlm", {str(ROOT / "__init__.py")!r}, submodule_search_locations=[{str(ROOT)!r}])
sys.modules["rsvlm"] = importlib.util.module_from_spec(spec)
from rsvlm.models.converting import confine
from rsvlm.models.families.mmodalcc.release import convert_mmodalcc, read_release
from rsvlm.protocol import RsvlmError
weights, folder = Path({str(weights)!r}), Path({str(folder)!r})
confine(folder, weights)
try:
    print(json.dumps(convert_mmodalcc(folder, read_release(weights))))
except RsvlmError as error:
    print(json.dumps(error.to_json()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_name_of_the_release_is_known(make: Make):
    for key in make(released=True).state_dict():
        assert our_key(released_key(key)) == key
    assert our_key("encoder_feat.transformer.1.attention.out_proj.bias") is None
    assert our_key("decoder.position_encoding.pe") is None
    assert our_key("decoder.stray") == "decoder.stray"


def test_release_comes_in_without_its_classes_and_answers_the_same(
    release: tuple[Path, MModalCC], tmp_path: Path, pixels: Tensor, word_map: dict[str, int]
):
    folder, model = release
    checkpoint = folder / "BEST_checkpoint.pth.tar"
    with pytest.raises(ModuleNotFoundError):
        torch.load(checkpoint, weights_only=False)
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "WORDMAP_SECOND_CC.json").write_text(json.dumps(word_map))
    found = in_its_own_process(checkpoint, stage)
    assert found["report"] == {"missing": [], "unexpected": [], "other_shape": []}
    assert found["card"]["tasks"] == ["change"] and found["card"]["input"]["pixels"] == 256
    assert {path.name for path in stage.glob("*")} >= {"config.json", "model.safetensors", "tokenizer.json"}
    there, tokenizer = load_mmodalcc(stage)
    assert there.config == MModalCCConfig(
        15, True, (1, 1, 1), 4, grid=3, width=16, heads=2, decoder_heads=2, longest=12
    ), "sizes are told by the shapes"
    assert tokenizer.encode("A house burnt").ids == [1, 2, word_map["<unk>"]]
    ids = torch.tensor([[13, 1, 2]]).expand(3, 3)
    with torch.inference_mode():
        assert torch.equal(there.caption_logits(pixels, ids), model.caption_logits(pixels, ids))


def test_state_dicts_of_the_release_come_in_too(release: tuple[Path, MModalCC], tmp_path: Path):
    folder, model = release
    found = read_release(folder / "BEST_checkpoint.pth.tar")
    assert int(found["encoder_feat.transformer.0.attention2.num_heads"]) == 2
    assert "decoder.mask" not in found, "what a module does not save is not read"
    nested: dict[str, dict[str, Tensor]] = {}
    for key, tensor in found.items():
        nested.setdefault(key.partition(".")[0], {})[f"module.{key.partition('.')[2]}"] = tensor
    torch.save(nested, tmp_path / "states.pt")
    report = convert_mmodalcc(folder, read_release(tmp_path / "states.pt"))["report"]
    assert report == {"missing": [], "unexpected": [], "other_shape": []}
    there = load_mmodalcc(folder)[0].state_dict()
    assert all(torch.equal(there[key], tensor) for key, tensor in model.state_dict().items())


def test_weights_of_the_trainer_come_in_by_our_names(tmp_path: Path, make: Make, word_map: dict[str, int]):
    model = make(seed=7)
    save_mmodalcc(tmp_path / "run", model.config, model.state_dict(), word_tokenizer(word_map))
    torch.save(model.state_dict(), tmp_path / "run.pt")
    report = convert_mmodalcc(tmp_path / "run", read_release(tmp_path / "run.pt"))["report"]
    assert report == {"missing": [], "unexpected": [], "other_shape": []}
    assert load_mmodalcc(tmp_path / "run")[0].config == model.config


def test_keys_that_do_not_fit_are_told_and_nothing_is_written(release: tuple[Path, MModalCC]):
    folder, _ = release
    found = read_release(folder / "BEST_checkpoint.pth.tar")
    del found["encoder_image2.net.5.0.bn3.bias"]
    found["decoder.transformer.layers.0.gate.0.weight"] = torch.zeros(32, 8)
    found["decoder.stray"] = torch.zeros(1)
    report = convert_mmodalcc(folder, found)["report"]
    assert report["missing"] == ["semantic_trunk.layer2.0.bn3.bias"] and report["unexpected"] == ["decoder.stray"]
    assert report["other_shape"] == [
        {"key": "decoder.layers.0.gate_rgb.weight", "found": [32, 8], "expected": [32, 64]}
    ]
    assert not (folder / "model.safetensors").exists()


@pytest.mark.parametrize("heads", [0, 3, -2])
def test_heads_that_cannot_share_the_width_are_told(release: tuple[Path, MModalCC], heads: int):
    folder, _ = release
    found = read_release(folder / "BEST_checkpoint.pth.tar")
    found["encoder_feat.transformer.0.attention2.num_heads"] = torch.tensor(heads)
    with pytest.raises(RsvlmError, match="shapes of the weights are those of no model of this family"):
        convert_mmodalcc(folder, found)


@pytest.mark.parametrize("words", [None, {"a": 1}, [1], {"<pad>": 3, "<start>": 0, "<end>": 1, "<unk>": 2}])
def test_words_that_are_none_are_told(release: tuple[Path, MModalCC], words: object):
    folder, _ = release
    (folder / "WORDMAP_SECOND_CC.json").unlink()
    if words is not None:
        (folder / "WORDMAP_SECOND_CC.json").write_text(json.dumps(words))
    with pytest.raises(RsvlmError, match="WORDMAP") as caught:
        convert_mmodalcc(folder, read_release(folder / "BEST_checkpoint.pth.tar"))
    assert caught.value.code == "model_failed" and caught.value.hint


def test_more_words_than_weights_are_told(release: tuple[Path, MModalCC], word_map: dict[str, int]):
    folder, _ = release
    (folder / "WORDMAP_SECOND_CC.json").write_text(json.dumps({**word_map, "more": 15}))
    with pytest.raises(RsvlmError, match="more words than the weights"):
        convert_mmodalcc(folder, read_release(folder / "BEST_checkpoint.pth.tar"))


class Acting:
    """Pickles to a call that leaves a file behind when it is read."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("where", ["key", "value", "state", "module"])
def test_pickle_that_would_act_does_nothing(tmp_path: Path, where: str, protocol: int, gone: Callable[[], type]):
    trace = tmp_path / "it_ran"
    acting = [
        Acting(os.system, f"touch {trace}"),
        Acting(eval, f"open({str(trace)!r}, 'w')"),
        Acting(Path.touch, trace),
    ]
    net = gone()()
    net.register_parameter("weight", nn.Parameter(torch.ones(2)))
    if where == "state":
        net.hooks = acting
        net._parameters["bad"] = acting[0]
    content = {"encoder_feat": net, "extra": acting if where == "value" else None}
    file = tmp_path / "BEST.pth.tar"
    torch.save(content, file, pickle_protocol=protocol)
    if where in ("key", "module"):
        with zipfile.ZipFile(file, "w") as archive:
            inner = {acting[0]: 1} if where == "key" else {"encoder_feat": acting[0]}
            archive.writestr("BEST/data.pkl", pickle.dumps(inner, protocol=protocol))
    found = read_modules(file)
    assert set(found) == (set() if where in ("key", "module") else {"encoder_feat.weight"})
    assert not trace.exists()
    if where in ("value", "state"):
        torch.load(file, weights_only=False)
        assert trace.exists(), "the same file does act where nothing hinders it"


def written(tmp_path: Path, data: bytes, storages: dict[str, bytes] | None = None, compressed: bool = False) -> Path:
    file = tmp_path / "crafted.pt"
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr("crafted/data.pkl", data)
        for key, content in (storages or {}).items():
            archive.writestr(f"crafted/data/{key}", content)
    return file


def a_tensor(size: str, stride: str, offset: str = "K\x00", key: str = "0") -> bytes:
    """The pickle {"w": tensor} with a storage of four numbers, its shape as instructions."""
    storage = f"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00{key}X\x03\x00\x00\x00cpuK\x04tQ"
    return (f"\x80\x02}}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n({storage}{offset}{size}{stride}"
            "\x89}tRs.").encode("latin1")  # fmt: skip


def test_crafted_tensor_that_is_sound_is_read(tmp_path: Path):
    numbers = np.arange(4, dtype=np.float32).tobytes()
    found = read_modules(written(tmp_path, a_tensor("K\x02K\x02\x86", "K\x01K\x02\x86"), {"0": numbers}))
    assert torch.equal(found["w"], torch.tensor([[0.0, 2.0], [1.0, 3.0]]))


@pytest.mark.parametrize(
    ("data", "compressed"),
    [
        (a_tensor("K\x05\x85", "K\x01\x85"), False),
        (a_tensor("K\x02\x85", "K\x09\x85"), False),
        (a_tensor("K\x02\x85", "K\x01\x85", "K\x03"), False),
        (a_tensor("K\x02\x85", "K\x01\x85", "J\xff\xff\xff\xff"), False),
        (a_tensor("K\x02\x85", "J\xff\xff\xff\xff\x85", "K\x03"), False),
        (a_tensor("J\x00\x00\x00\x7f\x85", "K\x00\x85"), False),
        (a_tensor("K\x02\x85", ")"), False),
        (a_tensor("K\x02\x85", "K\x01\x85", key="9"), False),
        (a_tensor("K\x02\x85", "K\x01\x85"), True),
        (b"\x80\x02]q\x00h\x00a.", False),  # a list that holds itself, and no dictionary
        (b"\x80\x02}}]K\x01ss.", False),
        (b"\x80\x02\x85R.", False),
        (b"\x80\x02K\x01K\x01R.", False),
        (b"\x80\x02}", False),
        (b"\x80\x05\x97.", False),
        (b"\x80\x02\x82\x01.", False),
        (b"h\x05.", False),
        (b"", False),
        (b"\xff" * 50, False),
    ],
)
def test_crafted_checkpoint_is_a_sentence(tmp_path: Path, data: bytes, compressed: bool):
    file = written(tmp_path, data, {"0": np.arange(4, dtype=np.float32).tobytes()}, compressed)
    with pytest.raises(RsvlmError, match=r"The file crafted\.pt is damaged, or not a checkpoint of modules") as caught:
        read_modules(file)
    assert caught.value.code == "model_failed" and caught.value.hint


def test_modules_in_a_circle_come_to_an_end(tmp_path: Path):
    """A module that is its own child, under two names: without a limit there were more at every step."""
    state = (
        b"}(X\x0b\x00\x00\x00_parameters}X\x08\x00\x00\x00_buffers}X\x08\x00\x00\x00_modules}(X\x01\x00\x00\x00ah\x00"
    )
    data = b"\x80\x02}X\x01\x00\x00\x00mcgone\nNet\n)\x81q\x00" + state + b"X\x01\x00\x00\x00bh\x00uubs."
    with pytest.raises(RsvlmError, match="damaged"):
        read_modules(written(tmp_path, data))


@pytest.mark.parametrize("content", [b"no zip at all", b""])
def test_file_that_torch_has_not_written_so_is_a_sentence(tmp_path: Path, content: bytes):
    (tmp_path / "old.pth.tar").write_bytes(content)
    with pytest.raises(RsvlmError, match=r"The file old\.pth\.tar is damaged"):
        read_modules(tmp_path / "old.pth.tar")


@pytest.mark.parametrize("protocol", [2, 4])
def test_modules_of_torch_itself_read_as_their_state_dict(tmp_path: Path, protocol: int):
    torch.manual_seed(0)
    layer = nn.TransformerDecoderLayer(8, 2, 16)
    body = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.ModuleList([nn.LayerNorm(4), layer]))
    torch.save({"body": nn.DataParallel(body), "optimizer": torch.optim.Adam(body.parameters())}, tmp_path / "m.pt",
               pickle_protocol=protocol)  # fmt: skip
    found, wanted = read_modules(tmp_path / "m.pt", ("num_heads",)), body.state_dict()
    heads = {key: int(found.pop(key)) for key in list(found) if key.endswith("num_heads")}
    assert heads == {f"body.module.3.1.{name}.num_heads": 2 for name in ("self_attn", "multihead_attn")}
    assert found.keys() == {f"body.module.{key}" for key in wanted}
    assert all(torch.equal(found[f"body.module.{key}"], tensor) for key, tensor in wanted.items())


def test_plain_state_dict_reads_as_torch_reads_it(tmp_path: Path):
    state = {
        "half": torch.rand(3).half(), "brain": torch.rand(2, 2).bfloat16(), "whole": torch.tensor(7),
        "turned": torch.rand(3, 4).T, "part": torch.rand(9)[4:7], "none": torch.empty(0, 3), "yes": torch.tensor([True]),
    }  # fmt: skip
    torch.save({**state, "epoch": 3}, tmp_path / "state.pt")
    found = read_modules(tmp_path / "state.pt")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], state[key]) and found[key].dtype == state[key].dtype for key in state)


def a_card() -> ModelCard:
    return ModelCard(
        id="changes", family="mmodalcc", title="Changes", tasks=("change",), licence="MIT", terms="", memory_bytes=1,
        prompt_template="", box_convention="none", trained_on=(),
        source=Source(files=(File(name="model.safetensors", sha256="0" * 64, size_bytes=0),)),
        input={"bands": "rgb", "pixels": 64, "gsd_range_m": (0.5, 3.0), "sensors": ("optical",)},
    )  # fmt: skip


@pytest.fixture
def changes() -> list[Change]:
    """Three pairs of which the second has maps, of sizes that are not the model's."""
    draw = np.random.default_rng(2)
    pictures = [draw.integers(0, 255, (80, 96, 3), dtype=np.uint8) for _ in range(4)]
    maps = np.full((80, 96, 3), 255, np.uint8), np.full((80, 96, 3), 255, np.uint8)
    maps[1][:40] = (128, 0, 0)
    return [Change(pictures[0], pictures[1]), Change(pictures[2], pictures[3], maps), Change(pictures[1], pictures[0])]


def test_learnt_saved_and_loaded_again_it_answers_the_same(
    tmp_path: Path, make: Make, pixels: Tensor, word_map: dict[str, int], changes: list[Change]
):
    model = make(seed=6).train()
    captions = torch.tensor([[13, 1, 2, 6, 14, 0], [13, 4, 5, 14, 0, 0], [13, 10, 11, 14, 0, 0]])
    optimiser, lengths = torch.optim.Adam(model.parameters(), lr=3e-3), torch.tensor([5, 4, 4])
    for _ in range(10):
        loss = caption_loss(model.caption_logits(pixels, captions), captions, lengths)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    predictor = MModalCCPredictor(a_card(), model.eval(), word_tokenizer(word_map), "cpu")
    first = predictor.captions(changes)
    save_mmodalcc(tmp_path / "saved", model.config, model.state_dict(), word_tokenizer(word_map))
    again, tokenizer = load_mmodalcc(tmp_path / "saved")
    for one, other in zip(MModalCCPredictor(a_card(), again, tokenizer, "cpu").captions(changes), first, strict=True):
        assert (one.text, one.written, one.warnings) == (other.text, other.written, other.warnings)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
    for caption in first:
        assert caption.text[0].isupper() and caption.text.endswith(".") and "<" not in caption.text
        assert 0 < caption.confidence <= 1 and 1 <= caption.written < model.config.longest
    assert first[0].warnings[0] == WITHOUT_MAPS and WITHOUT_MAPS not in first[1].warnings
    alone = [predictor.captions([change])[0] for change in changes]
    assert [caption.text for caption in alone] == [caption.text for caption in first]
    assert [caption.confidence for caption in alone] == pytest.approx([c.confidence for c in first], abs=1e-4)


@torch.inference_mode()
def test_white_of_a_map_is_black_to_the_model_and_classes_are_not_mixed(
    make: Make, word_map: dict[str, int], changes: list[Change]
):
    predictor = MModalCCPredictor(a_card(), make(), word_tokenizer(word_map), "cpu")
    seen = predictor._pixels(changes[1])
    assert seen.shape == (1, 4, 3, 64, 64) and not seen[0, 2].any()
    colours = seen[0, 3].flatten(1).T.unique(dim=0)
    assert colours.tolist() == [[0.0, 0.0, 0.0], [pytest.approx(128 / 255), 0.0, 0.0]]
    assert (seen[0, 3, 0, :32] > 0).all() and not seen[0, 3, 0, 32:].any()
    wanted = torch.from_numpy(changes[1].before).float().mean() / 255
    assert seen[0, 0].mean() == pytest.approx(wanted.item(), abs=0.01)


def test_pairs_and_maps_are_learnt_as_they_are_told(make: Make, word_map: dict[str, int], changes: list[Change]):
    model, tokenizer = make(), word_tokenizer(word_map)
    examples = [
        Example("e", "change", (one.before, one.after), (("", "a house"),), ("a house",), maps=one.maps or ())
        for one in changes
    ]
    learnt = MModalCCLearner(model, tokenizer).batch(examples).pixels
    predictor = MModalCCPredictor(a_card(), model, tokenizer, "cpu")
    assert torch.equal(learnt, torch.cat([predictor._pixels(change) for change in changes]))
    assert not learnt[1, 2].any(), "white of a map is black"


def test_caller_who_wants_no_more_gets_no_answer(make: Make, word_map: dict[str, int], changes: list[Change]):
    predictor = MModalCCPredictor(a_card(), make(), word_tokenizer(word_map), "cpu")
    asked = iter([False, False, *[True] * 1000])
    with pytest.raises(Cancelled):
        predictor.until(lambda: next(asked)).captions(changes)


@pytest.mark.parametrize("broken", ["config.json", "tokenizer.json", "model.safetensors"])
def test_broken_files_are_a_sentence(tmp_path: Path, make: Make, word_map: dict[str, int], broken: str):
    model = make()
    save_mmodalcc(tmp_path / "mine", model.config, model.state_dict(), word_tokenizer(word_map))
    (tmp_path / "mine" / broken).write_text('{"a": 1}')
    with pytest.raises(RsvlmError, match="model mine") as caught:
        load_mmodalcc(tmp_path / "mine", mend="Get it again.")
    assert (caught.value.code, caught.value.hint) == ("model_failed", "Get it again.")


def test_weights_of_another_size_are_a_sentence(tmp_path: Path, make: Make, word_map: dict[str, int]):
    model = make()
    save_mmodalcc(tmp_path / "mine", MModalCCConfig.tiny(99), model.state_dict(), word_tokenizer(word_map))
    with pytest.raises(RsvlmError, match="do not fit its configuration"):
        load_mmodalcc(tmp_path / "mine")
    state = load_file(tmp_path / "mine" / "model.safetensors")
    assert all(torch.equal(state[key], tensor) for key, tensor in model.state_dict().items())
