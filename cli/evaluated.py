"""One command of `rsvlm eval`: a model asked about a data set, or a file of predictions scored; as JSON or a table."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rsvlm.cli.terminal import Terminal
from rsvlm.protocol import RsvlmError

if TYPE_CHECKING:
    from rsvlm.trainer.measuring.data import Data

Options = Mapping[str, tuple[Any, Any]]  # name -> type, option
CACHE = 2**25  # bytes for what was seen of pictures: few are looked at twice

OPTIONS: Options = {
    "data": (Path | None, typer.Option(None, help="The data set: its annotations, a file or a folder.")),
    "kind": (str | None, typer.Option(
        None, "--format", help="How it lies on disk, see “rsvlm data formats”; default: records (.jsonl), archive (.zip).")),
    "images": (Path | None, typer.Option(None, help="Folder of its pictures; default: where the annotations are.")),
    "split": (str | None, typer.Option(None, help="Only this split, or all; default: val, else test, where there are several.")),
    "model": (str | None, typer.Option(None, help="Id of the model; default: the bundled one.")),
    "protocol": (str | None, typer.Option(None, help="What is counted, and how; default: the first.")),
    "limit": (int | None, typer.Option(None, min=1, help="Only so many records, the first ones.")),
    "device": (str, typer.Option("auto", help="auto, cpu or cuda.")),
    "predictions": (Path | None, typer.Option(
        None, help="With --data: keep what the model says in this JSONL file; stopped, the same command goes on. Without: "
        "the file to score.")),
    "overwrite": (bool, typer.Option(False, help="Replace the file of predictions if it is there already.")),
    "references": (Path | None, typer.Option(
        None, help="Of predictions without --data: where their references are, if in another file; by id, or by order.")),
    "as_json": (bool, typer.Option(False, "--json", help="Print one JSON document.")),
}  # fmt: skip


def command(task: str, told: str, protocols: str, more: Options | None = None) -> Callable[..., None]:
    """The function of `rsvlm eval TASK`. told: its help; protocols: that of --protocol; more: options of its own."""
    own = {**OPTIONS, **(more or {})}
    own["protocol"] = (str | None, typer.Option(None, help=f"{protocols} docs/evaluation.md tells them apart."))

    def run(**given: Any) -> None:
        show(_scored(task, **given) if given["data"] is None else _measured(task, **given), given["as_json"])

    kinds = {name: kind for name, (kind, _) in own.items()}
    keyword = inspect.Parameter.KEYWORD_ONLY
    run.__doc__, run.__annotations__ = told, kinds
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # typer makes options of it
        [inspect.Parameter(name, keyword, default=own[name][1], annotation=kinds[name]) for name in own]
    )
    return run


def _scored(task: str, **given: Any) -> dict[str, Any]:
    """Raises RsvlmError for what cannot be read or scored."""
    if given["predictions"] is None:
        raise RsvlmError("bad_request", "There is nothing to score.", "Name --data, or --predictions FILE.")
    from rsvlm.trainer.scoring import score_file

    result = score_file(
        task, given["predictions"], given["protocol"], given["references"], vocabulary=given.get("vocabulary")
    )
    _note(result.get("warning"))
    return result


def _measured(task: str, **given: Any) -> dict[str, Any]:
    """Whether it can be done shows before torch, which takes seconds, is imported."""
    from rsvlm.trainer.measuring import able, spec_of
    from rsvlm.trainer.measuring.data import Data
    from rsvlm.trainer.scoring import protocol_of

    protocol = protocol_of(task, given["protocol"])
    tasks = spec_of(task, protocol).tasks
    data = Data(given["data"], given["kind"], given["images"], given["split"], tasks)
    card = able(task, protocol, given["model"])
    if not data.path.exists():
        raise RsvlmError("not_found", f"There is no {data.path}.", "Check the path.")
    data.source()
    tell(data)
    from rsvlm.models.pool import Models
    from rsvlm.trainer.evaluation import Beside, Kept, evaluate

    models = Models(given["device"], cache_bytes=CACHE)
    beside = Beside(given.get("vocabulary"), given.get("templates"), given.get("library"), models)
    kept = Kept(given["predictions"], given["overwrite"])
    with Terminal(words=False).listening() as watch:
        return evaluate(
            task, data, models.get(card.id), protocol, given["limit"], kept, beside, watch
        )  # fmt: skip


def tell(data: Data) -> None:
    """On standard error, which split was taken where the user named none."""
    _note(data.warning)


def _note(warning: str | None) -> None:
    if warning:
        print(f"Note: {warning}", file=sys.stderr)


def show(result: dict[str, Any], as_json: bool) -> None:
    """Figures with their intervals, what was not computed, and what the protocol rests on."""
    if as_json:
        print(json.dumps(result))
        return
    things = "pictures" if result["task"] == "caption" else "items"
    split = f" ({result['split']})" if "split" in result else ""
    print(f"{result['task']}, {result['n']} {things} of {result['data']}{split}, protocol {result['protocol']}")
    if "model" in result:
        print(f"model {result['model']}, revision {result['revision']}")
    if "tokeniser" in result:
        words = result["vocabulary"]
        print(f"tokeniser: {result['tokeniser']}; vocabulary of {words['words']} words, {words['sha256']}")
    width = max(16, *(len(name) for name in result["metrics"]))
    for name, value in result["metrics"].items():
        low, high = result["ci95"].get(name, (None, None))
        interval = "" if low is None else f"  ({low:.3f} – {high:.3f})"
        print(f"{name:>{width}}  {value:.3f}{interval}")
    for name, why in result.get("not_computed", {}).items():
        print(f"{name:>{width}}  not computed: {why}")
    for what, figures in result.get("baselines", {}).items():
        print(f"for comparison, {what}: {', '.join(f'{name} {value:.3f}' for name, value in figures.items())}")
    for name, sentence in NOTES.items():
        if result.get(name):
            print(f"{sentence}: {_some(result[name])}")
    for reason, count in result.get("left_out", {}).items():
        print(f"{count} row{'s' if count > 1 else ''} of the data set left out: {reason}.")


NOTES = {
    "release_stops_at": "The released script stops at",
    "not_read": "Nothing to be read in",
}


def _some(ids: list[str]) -> str:
    """The first ten, and how many more."""
    more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
    return ", ".join(ids[:10]) + more
