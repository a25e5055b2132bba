"""For all tests: this checkout is the package `rsvlm`, whatever its folder is called; where development data lies."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _name_checkout_rsvlm() -> None:
    """Import this folder as `rsvlm`, ahead of any installed copy of the same name."""
    spec = importlib.util.spec_from_file_location("rsvlm", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{ROOT} cannot be imported as rsvlm")
    package = importlib.util.module_from_spec(spec)
    sys.modules["rsvlm"] = package
    spec.loader.exec_module(package)


_name_checkout_rsvlm()
importlib.import_module("rsvlm.models")  # before any test imports transformers, which takes torchvision along

if importlib.util.find_spec("hypothesis"):  # which QGIS's Python has not
    from hypothesis import settings

    settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
    settings.load_profile("untimed")


LONG = ("test_scale", "test_stops", "test_recipes", "test_eleven", "test_golden", "test_train")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of a minute come first: at the end neither of two processes waits long for the other."""
    items.sort(key=lambda item: item.path.stem not in LONG)


def _shared(name: str) -> Path:
    """The development data ("data", RSVLM_DATA or ../shared/data) or the golden tensors ("golden", beside it)."""
    data = Path(os.environ.get("RSVLM_DATA") or ROOT.parent / "shared" / "data")
    folder = data if name == "data" else data.parent / name
    if not folder.is_dir():
        pytest.skip(f"the development data is not here: {folder} (set RSVLM_DATA to its folder)")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_models_but_the_bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user added is not seen, and what a test adds unasked does not stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real imagery and annotations (RSVLM_DATA, else ../shared/data); the test is skipped where they are absent."""
    return _shared("data")


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Tensors recorded from the published systems' own code; the test is skipped where they are absent."""
    return _shared("golden")


@pytest.fixture
def add_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """add_family(family, says, seed=0, **card) -> the card of a small model that says these words, in a folder of models
    of this test's own; see small_models.py.
    """
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    spec = importlib.util.spec_from_file_location("small_models", ROOT / "tests" / "small_models.py")
    if spec is None or spec.loader is None:
        raise ImportError("tests/small_models.py cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *words, **more: module.add_family(tmp_path / "models", *words, **more)
