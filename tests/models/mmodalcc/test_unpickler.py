"""The restricted unpickler against those who would harm: whatever is in a file, there is a result or a sentence, and soon."""

from __future__ import annotations

import pickle
import pickletools
import struct
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rsvlm.models.inert_pickle import WRONG, Machine, Name, Record
from rsvlm.models.pickled_modules import MAKERS, Storage, Stored, _storage, read_modules
from rsvlm.protocol import RsvlmError

NUMBERS = np.arange(4, dtype=np.float32).tobytes()
STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\x00K\x04\x85K\x01\x85\x89}tR"
SOON = 20  # seconds, on a busy machine: each of these would take hours, or all memory


def packed(pickled: bytes, storages: dict[str, bytes] | None = None) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("m/data.pkl", pickled)
        for key, content in ({"0": NUMBERS} if storages is None else storages).items():
            archive.writestr(f"m/data/{key}", content)
    return stream.getvalue()


def read(folder: Path, content: bytes) -> dict[str, torch.Tensor]:
    (folder / "m.pt").write_bytes(content)
    return read_modules(folder / "m.pt", ("num_heads",))


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pickles")


@pytest.fixture(scope="module")
def sound() -> bytes:
    """A checkpoint of modules as torch writes it."""
    stream = BytesIO()
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.MultiheadAttention(4, 2))
    torch.save({"net": net, "state": net.state_dict(), "epoch": 3}, stream)
    return stream.getvalue()


DOUBLING = b")" + b"2\x86" * 60  # a tuple of itself and itself, sixty times: 2**60 leaves in 121 bytes
DEEP = b")" + b"\x85" * 1_000_000
HOLLOW = text("_buffers") + b"}" + text("_parameters") + b"}" + text("_modules")


@pytest.mark.parametrize(
    "pickled",
    [
        pytest.param(b"\x80\x02}" + DOUBLING + b"K\x01s.", id="endless key"),
        pytest.param(b"\x80\x04\x8f(" + DOUBLING + b"\x90.", id="endless member of a set"),
        pytest.param(b"\x80\x04(" + DOUBLING + b"\x91.", id="endless member of a frozen set"),
        pytest.param(b"\x80\x02}" + DEEP + b"K\x01s.", id="deep key"),
        pytest.param(b"\x80\x02}(" + DEEP + b"tK\x01s.", id="deep key in a tuple"),
        pytest.param(b"\x80\x04" + DOUBLING + DOUBLING + b"\x93.", id="endless name"),
        pytest.param(b"\x80\x04" + text("x" * 10**6) + b"\x94" + text("y") + b"\x940" + b"h\x00h\x01\x93" * 300_000 + b".",
                     id="long name of many classes"),
        pytest.param(b"\x80\x02" + STORAGE.replace(text("0"), DOUBLING) + b".", id="endless key of a storage"),
        pytest.param(b"\x80\x02}" + TENSOR.replace(b"K\x04\x85", DOUBLING) + b"s.", id="endless size"),
        pytest.param(b"\x80\x02(" + b"N" * 500_000 + b"lq\x00" + b"cbuiltins\nset\nh\x00\x85R" * 60_000 + b".",
                     id="long list into many sets"),
        pytest.param(b"\x80\x02}(cgone\nNet\n" + DOUBLING + b"\x81" + TENSOR + b"u.", id="record as a name"),
        pytest.param(b"\x80\x02}(" + text("a") + b"cgone\nNet\n)\x81q\x00}(" + HOLLOW + b"}("
                     + b"".join(text(str(number)) + b"h\x00" for number in range(1000)) + b"uubu.", id="net of modules"),
        pytest.param(b"\x80\x02}(" + text("a") + b"cgone\nNet\n)\x81}(" + text("_modules") + b"}" + text("_buffers") + b"}"
                     + text("_parameters") + b"}(" + text("x" * 2000) + TENSOR + b"uubu.", id="long name of a tensor"),
        pytest.param(b"\x80\x02" + b"}" * 3_000_000 + b".", id="more instructions than weights need"),
        pytest.param(b"\x80\x02}(" + b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little", signed=True)
                     + b"N" for k in range(2**8, 2**8 + 50_000)) + b"u.", id="keys of one hash"),
    ],
)  # fmt: skip
def test_bomb_is_a_sentence_soon(folder: Path, pickled: bytes):
    begun = time.perf_counter()
    with pytest.raises(RsvlmError, match="damaged, or not a checkpoint of modules"):
        read(folder, packed(pickled))
    assert time.perf_counter() - begun < SOON


@pytest.mark.parametrize("pickled", [b"(" * 900_000 + b".", b"]" * 900_000 + b"a" * 899_999 + b".", DEEP + b"0}."])
def test_deep_things_come_and_go(folder: Path, pickled: bytes):
    """What is nested a million times is made and let go without a function that calls itself as often."""
    try:
        assert read(folder, packed(b"\x80\x02" + pickled)) == {}
    except RsvlmError as error:
        assert error.code == "model_failed"


def test_storages_that_lie_on_each_other_are_not_read_again_and_again(folder: Path):
    """Many entries of the archive's index that name the same bytes: a small file that would fill any memory."""
    size = 50_000
    keys = [str(number) for number in range(40)]
    whole = TENSOR.replace(b"K\x04\x85", b"M" + struct.pack("<H", size // 4) + b"\x85")
    pickled = b"\x80\x02}(" + b"".join(text(f"t{key}") + whole.replace(text("0"), text(key)) for key in keys) + b"u."
    content = packed(pickled, {"0": bytes(size)})
    stream = BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        first = archive.getinfo("m/data/0")
        for key in keys[1:]:
            twin = zipfile.ZipInfo(f"m/data/{key}")
            twin.header_offset, twin.CRC = first.header_offset, first.CRC
            twin.file_size = twin.compress_size = first.file_size
            twin.orig_filename = "m/data/0"
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
        archive._didModify = True
    with pytest.raises(RsvlmError, match="damaged"):
        read(folder, stream.getvalue())


def test_one_storage_does_not_fill_many_tensors(folder: Path):
    whole = TENSOR.replace(b"K\x04\x85", b"J" + struct.pack("<i", 250_000) + b"\x85")
    for count, fits in ((3, True), (50, False)):
        pickled = b"\x80\x02}(" + b"".join(text(f"t{number}") + whole for number in range(count)) + b"u."
        if fits:
            assert len(read(folder, packed(pickled, {"0": bytes(10**6)}))) == count
        else:
            with pytest.raises(RsvlmError, match="damaged"):
                read(folder, packed(pickled, {"0": bytes(10**6)}))


def test_tied_weights_are_read_and_have_numbers_of_their_own(folder: Path):
    shared = torch.arange(4.0)
    torch.save({"a": shared, "b": shared, "c": shared[1:3]}, folder / "tied.pt")
    found = read_modules(folder / "tied.pt")
    assert torch.equal(found["a"], found["b"]) and found["c"].tolist() == [1, 2]
    assert len({tensor.data_ptr() for tensor in found.values()}) == 3


def plain(thing: object) -> bool:
    """Whether nothing but data came of a pickle."""
    waiting, seen = [thing], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
        elif isinstance(one, Record):
            waiting += [one.arguments, one.state, one.items]
        elif not isinstance(one, (str, bytes, bytearray, int, float, Name, Storage, Stored, type(None))):
            return False
    return True


WATCHED = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.", "pickle.", "ctypes.")
_events: list[str] | None = None


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _events is not None and event.startswith(WATCHED):
        _events.append(event)


def follow(pickled: bytes) -> object:
    """What the machine makes of it, or None; nothing is imported, called, opened or compiled on the way."""
    global _events
    _events = []
    try:
        found = Machine(MAKERS, _storage).run(pickled)
    except WRONG:
        found = None
    finally:
        heard, _events = _events, None
    assert heard == []
    return found


@pytest.fixture(scope="module", autouse=True)
def listening() -> None:
    sys.addaudithook(_listen)


CODES = [code for code in pickletools.opcodes if code.arg is None]
NAMES = [
    b"os\nsystem\n",
    b"builtins\neval\n",
    b"torch._utils\n_rebuild_tensor_v2\n",
    b"collections\nOrderedDict\n",
    b"torch\nSize\n",
]
INSTRUCTIONS = st.one_of(
    st.sampled_from([code.code.encode("latin1") for code in CODES if code.name != "STOP"]),
    st.sampled_from([b"c" + name for name in NAMES]),
    st.sampled_from([b"(i" + name for name in NAMES]),
    st.sampled_from([text("storage"), text("os"), text("system"), text("0"), text("w"), STORAGE, TENSOR]),
    st.builds(lambda code, number: code + bytes([number]), st.sampled_from([b"K", b"q", b"h"]), st.integers(0, 5)),
    st.builds(lambda number: b"J" + struct.pack("<i", number), st.integers(-(2**31), 2**31 - 1)),
    st.builds(lambda number: b"\x8a\x08" + struct.pack("<q", number), st.integers(-(2**63), 2**63 - 1)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(INSTRUCTIONS, max_size=60))
def test_any_instructions_lead_to_data_or_a_known_error(instructions: list[bytes]):
    assert plain(follow(b"\x80\x02" + b"".join(instructions) + b"."))


@settings(max_examples=150, deadline=None)
@given(st.lists(INSTRUCTIONS, max_size=30))
def test_any_dictionary_leads_to_tensors_or_a_sentence(folder: Path, instructions: list[bytes]):
    pickled = b"\x80\x02}" + text("w") + b"".join(instructions) + b"s."
    for content in (pickled, b"\x80\x02}(" + text("a") + TENSOR + text("b") + b"".join(instructions) + b"u."):
        try:
            found = read(folder, packed(content))
        except RsvlmError as error:
            assert error.code == "model_failed"
        else:
            assert all(isinstance(tensor, torch.Tensor) and tensor.numel() <= 4 for tensor in found.values())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_altered_checkpoint_leads_to_tensors_or_a_sentence(
    folder: Path, sound: bytes, changes: list[tuple[float, int]]
):
    """Bytes anywhere: in the pickle, in the numbers, in the archive's own index."""
    content = bytearray(sound)
    for place, value in changes:
        content[int(place * len(content))] = value
    try:
        found = read(folder, bytes(content))
    except RsvlmError as error:
        assert error.code == "model_failed"
    else:
        assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())


@settings(max_examples=100, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    | st.sets(st.text(max_size=4), max_size=4),
    max_leaves=20,
), st.integers(3, 5))  # fmt: skip
def test_plain_data_is_read_as_pickle_reads_it(thing: object, protocol: int):
    """Older protocols write bytes as the call of a codec, which is a record here."""
    assert follow(pickle.dumps(thing, protocol=protocol)) == thing
