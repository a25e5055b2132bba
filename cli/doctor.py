"""`rsvlm doctor`: is everything in place, and where will models run?"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

from rsvlm.models.cards import load_cards
from rsvlm.protocol import PROTOCOL, VERSION

PACKAGES = ("torch", "transformers", "rasterio", "shapely", "fastapi", "numpy", "onnxruntime", "onnxruntime-gpu")


def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Check the installation: packages, device, weights, and one real description. Exits with 3 when something is wrong."""
    report = examine()
    if as_json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:>12}  {value}")
    if not report["ok"]:
        raise typer.Exit(3)


def examine() -> dict[str, Any]:
    """The facts of this installation; "problems" holds one sentence for each thing that is wrong."""
    problems = [
        f"The weights of {card.id} are missing or altered: install rsvlm again."
        for card in load_cards().values()
        if not card.verify()
    ]
    report: dict[str, Any] = {
        "version": VERSION,
        "protocol": PROTOCOL,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "packages": {name: installed(name) for name in PACKAGES},
        "models": list(load_cards()),
    }
    if not problems:
        report |= try_model()
    return {**report, "problems": problems, "ok": not problems}


def installed(name: str) -> str | None:
    """Version of a package, None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def try_model() -> dict[str, Any]:
    """Runs the bundled model once on a grey picture, because a package that can be imported may still not work."""
    import numpy as np

    from rsvlm.models.pool import Models

    models = Models()
    predictor = models.get(None)
    features = predictor.encode(np.full((1, 128, 128, 3), 110, np.uint8))
    return {"device": models.device, "spoke": bool(predictor.captions(features)[0].text)}
