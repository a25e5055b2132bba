"""How much room the bundled model takes: in a worker that describes a picture, in batches, and on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from measuring.figures import Figure
from measuring.memory import peak_mb
from measuring.rasters import large
from measuring.service import Service
from rsvlm.models.cards import get_card
from rsvlm.models.onnx_records import onnx_folder

SIDE = 256  # pixels of a view
BATCHES = (1, 8, 32)
MOST_MB, DISK_MB = 600.0, 18.0
MB = 1e6


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError if the backend does not start, and CalledProcessError if nothing can be exported."""
    view = large(folder / "view.tif", SIDE, overviews=False)
    plain, exported = folder / "torch", folder / "onnxruntime"
    command = [sys.executable, "-m", "rsvlm.cli.main", "models", "export", "--precision", "fp32", "--device", "cpu"]
    environment = {**os.environ, "RSVLM_HOME": str(exported)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    figures = [Figure("files of the model", get_card(None).size_bytes / MB, "MB", DISK_MB)]
    for home in (plain, exported):
        with Service(home) as service:
            service.describe(view)
            most = peak_mb(service.worker_pid())
        figures.append(Figure(f"worker that describes {SIDE} px, {home.name}: most memory", most, "MB", MOST_MB))
    for rows in BATCHES:
        figures.append(Figure(f"{rows} captions of {SIDE} px in one batch: most memory", _batch(exported, rows), "MB"))
    os.environ["RSVLM_HOME"] = str(exported)
    made = sorted(onnx_folder(get_card(None), "cpu").glob("*.onnx"))
    return [*figures, *(Figure(f"exported {path.name}", path.stat().st_size / MB, "MB") for path in made)]


def _batch(home: Path, rows: int) -> float:
    """MB at most, in a process of its own that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "measuring.footprint", str(rows)], check=True, capture_output=True, text=True,
        cwd=Path(__file__).parents[1], env={**os.environ, "RSVLM_HOME": str(home)},
    )  # fmt: skip
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    import numpy as np

    from rsvlm.models.families.compact.predictor import load

    predictor = load(get_card(None), "cpu")
    shown = np.random.default_rng(1).integers(0, 255, (int(sys.argv[1]), SIDE, SIDE, 3)).astype(np.uint8)
    predictor.captions(predictor.encode(shown))
    print(peak_mb(os.getpid()))
