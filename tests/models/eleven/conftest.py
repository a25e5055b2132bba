"""The small systems can be imported by the tests beside this file, and `rsvlm` is run in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import rsvlm.geo  # noqa: F401 # sets GDAL's limits before the fixtures below start it
from rsvlm.cli.main import main
from rsvlm.protocol import Raster

HERE = Path(__file__).parent
NEEDED = (
    HERE.parents[1] / "small_models.py",
    *(HERE / f"eleven_{name}.py" for name in ("names", "releases", "systems", "models", "lessons")),
)

for path in NEEDED:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[path.stem])


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """command("models", "list") -> exit code and what was printed; the real command in this process."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["rsvlm", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's models."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="session")
def dates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Raster, Raster]:
    """64 x 64 m twice, the second time with a bright square."""
    folder = tmp_path_factory.mktemp("dates")
    pixels = np.random.default_rng(1).integers(1, 200, (3, 64, 64), dtype=np.uint8)
    profile = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 1), "driver": "GTiff"}
    for name in ("before", "after"):
        with rasterio.open(
            folder / f"{name}.tif", "w", width=64, height=64, count=3, dtype="uint8", **profile
        ) as target:
            target.write(pixels)
        pixels[:, 16:48, 16:48] = 250
    return Raster(href=str(folder / "before.tif")), Raster(href=str(folder / "after.tif"))
