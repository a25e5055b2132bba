"""`rsvlm data`: make and look through the data that models learn from. Imports neither torch nor a model."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import typer

from rsvlm.cli.data_builders import add_builders, command
from rsvlm.cli.data_composites import build_composites
from rsvlm.cli.data_scenes import generate_scenes
from rsvlm.cli.terminal import Terminal

data_app = typer.Typer(help="Convert data sets to records and look through them.", no_args_is_help=True)
add_builders(data_app)
data_app.command("composites")(command(build_composites))
data_app.command("scenes")(generate_scenes)

JSON = typer.Option(False, "--json", help="Print one JSON document.")
OVERWRITE = typer.Option(False, help="Replace the file if it is there already.")
SPLIT = typer.Option(
    None, help="Only this split; where a format has none, what its records are called (default train)."
)
OUT = typer.Option(..., "-o", "--out", help="The file to write.")


@data_app.callback()
def root() -> None:
    """Convert data sets to records and look through them."""


@data_app.command("formats")
def list_formats(as_json: bool = JSON) -> None:
    """List the formats that can be converted, and those that can be written (export)."""
    from rsvlm.trainer.formats import FORMATS

    if as_json:
        rows = [{"format": name, "title": kind.title, "writes": kind.writes} for name, kind in FORMATS.items()]
        print(json.dumps({"formats": rows}))
        return
    for name, kind in FORMATS.items():
        print(f"{name:>17}  {kind.title}{'; also written' if kind.writes else ''}")


@data_app.command("convert")
def convert_data(
    kind: str = typer.Argument(metavar="FORMAT", help="How the data set lies on disk; see “rsvlm data formats”."),
    path: Path = typer.Argument(help="Its annotations: a file or a folder."),
    out: Path = OUT,
    images: Path | None = typer.Option(None, help="Folder of its pictures; default: where the annotations are."),
    split: str | None = SPLIT,
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Write a data set as records, one JSON line for each. Stopped, it goes on where it was the next time."""
    from rsvlm.trainer.conversion import convert
    from rsvlm.trainer.formats.reading import Source

    with Terminal(words=False).listening() as watch:
        done = convert(kind, Source(path, images, split), out, overwrite, watch)
    for sentence in done.lacking:
        print(sentence, file=sys.stderr)
    if as_json:
        print(json.dumps({"out": str(out), **asdict(done)}))
        return
    kinds = ", ".join(f"{count:,} {task}" for task, count in done.tasks.items())
    print(f"{out}: {done.records:,} records ({kinds}).")


@data_app.command("export")
def export_data(
    kind: str = typer.Argument(metavar="FORMAT", help="A format that can be written; see “rsvlm data formats”."),
    records: Path = typer.Argument(help="A .jsonl of records."),
    out: Path = OUT,
    split: str | None = typer.Option(None, help="Only this split."),
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Write records in a published format, for other programs."""
    from rsvlm.trainer.conversion import export

    count = export(kind, records, out, split, overwrite)
    print(json.dumps({"out": str(out), "written": count}) if as_json else f"{out}: {count:,} written.")


@data_app.command("split")
def split_data(
    records: list[Path] = typer.Argument(metavar="RECORDS...", help="One or more .jsonl of records."),
    out: Path = OUT,
    val: float = typer.Option(0.1, min=0, max=0.9, help="Share of the records that is held out for validation."),
    test: float = typer.Option(0.0, min=0, max=0.9, help="Share that is held out for tests."),
    block_m: float = typer.Option(
        0.0, min=0, help="Metres along a side of the blocks of ground that are drawn; 0: two windows."
    ),
    seed: int = typer.Option(0, help="The same seed draws the same blocks."),
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Join records into one file and hold out some by place: neighbours stay together, and no window overlaps another split."""
    from rsvlm.trainer.splitting import divide

    with Terminal(words=False).listening() as watch:
        done = divide(records, out, {"val": val, "test": test}, block_m, seed, overwrite, watch)
    if done.overlapping:
        print(f"Left out {done.overlapping:,}: they overlap a window of another split.", file=sys.stderr)
    if as_json:
        print(json.dumps({"out": str(out), **asdict(done)}))
        return
    told = ", ".join(f"{name} {count:,}" for name, count in done.splits.items())
    print(f"{out}: {told}; {done.blocks:,} blocks of {done.block:,.0f} m.")


@data_app.command("stats")
def data_stats(
    records: Path = typer.Argument(help="A .jsonl of records."),
    out: Path | None = typer.Option(None, "-o", "--out", metavar="PAGE.html", help="Also write a page with pictures."),
    near: int = typer.Option(
        4, min=0, max=16, help="Pictures are similar if so many bits of their 64, or fewer, differ."
    ),
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Count what is there; find broken pictures, pictures that are there twice, and what splits have in common."""
    from rsvlm.protocol import RsvlmError

    if out is not None and out.exists() and not overwrite:
        raise RsvlmError("bad_request", f"The file {out} is there already.", "Take another name, or add --overwrite.")
    if out is not None and not out.parent.is_dir():
        raise RsvlmError("bad_request", f"There is no folder {out.parent}.", "Make it, or name another one.")
    from rsvlm.trainer.stats.page import page, write_page
    from rsvlm.trainer.stats.report import examine

    with Terminal(words=False).listening() as watch:
        found = examine(records, near, watch)
        if out is not None:
            write_page(out, page(found))
    told = found.to_json()
    if as_json:
        print(json.dumps(told))
        return
    pictures, twice, shared = told["pictures"], told["duplicates"], told["leakage"]
    print(f"{told['records']:,} records, {pictures['count']:,} pictures, {told['words']['answers']:,} answers")
    for name in ("splits", "tasks"):
        print(f"{name}: {', '.join(f'{key} {count:,}' for key, count in told[name].items())}")
    print(f"wrong lines: {told['wrong_lines']['count']:,}; broken pictures: {pictures['broken']['count']:,}")
    print(f"sets of equal pictures: {twice['exact']['groups']:,}; of similar ones: {twice['near']['groups']:,}")
    for what in ("pictures", "sentences"):
        for names, count in shared[what].items():
            print(f"{what} in {names}: {count:,}")
    if out is not None:
        print(f"Page: {out}")
