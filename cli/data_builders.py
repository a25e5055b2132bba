"""`rsvlm data change, refer, osm, ...`: records made from what a user has. Imports no model until one is asked for."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from rsvlm.cli.terminal import Terminal
from rsvlm.protocol import Record, RsvlmError, Watch

if TYPE_CHECKING:
    from rsvlm.trainer.builders.building import Answers, Job

OUT = typer.Option(..., "-o", "--out", metavar="RECORDS.jsonl", help="The file to write.")
OVERWRITE = typer.Option(False, help="Replace the file if it is there already.")
SEED = typer.Option(0, help="Of all that is drawn: the same seed makes the same records.")
SPLIT = typer.Option("train", help="What the records are called: train, val or test.")
GIVEN = typer.Argument(metavar="RECORDS", help="A .jsonl of records; or outlines in a vector file, with --images.")
IMAGES = typer.Option(None, help="The raster of the outlines, or a folder of rasters.")
SIDE_M = typer.Option(0.0, min=0, help="Metres on the ground along a side of a window, instead of --side.")
DEVICE = typer.Option("auto", help="auto, cpu or cuda.")
APART = typer.Option(False, help="Each connected part of a mask is a thing of its own.")
JSON = typer.Option(False, "--json", help="Print one JSON document.")


class Told(NamedTuple):
    """What every builder is told. seed: of all that is drawn; split: what the records are called."""

    out: Path
    seed: int
    split: str
    overwrite: bool
    as_json: bool

    def job(self, builder: str, sources: list[Path], options: dict[str, Any]) -> Job:
        """See Job. Raises RsvlmError (not_found)."""
        from rsvlm.trainer.builders.building import Job

        return Job(builder, self.seed, sources, options, self.split)


SHARED = {"out": OUT, "seed": SEED, "split": SPLIT, "overwrite": OVERWRITE, "as_json": JSON}


def add_builders(app: typer.Typer) -> None:
    """The commands, below `rsvlm data`."""
    app.command("change")(command(build_change))
    app.command("refer")(command(build_refer))
    app.command("osm")(command(build_osm))
    app.command("instruct")(command(build_instruct))
    app.command("caption")(command(build_caption))
    app.command("filter")(build_filter)
    app.command("structure")(command(build_structure))
    app.command("join")(build_join)


def command(build: Callable[..., None]) -> Callable[..., None]:
    """What typer makes a command of: the builder's own options, and those that all have, given to it as `told`."""
    _, *own = inspect.signature(build, eval_str=True).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    kinds = inspect.get_annotations(Told, eval_str=True)
    shared = [inspect.Parameter(name, keyword, default=SHARED[name], annotation=kinds[name]) for name in SHARED]

    def run(**given: Any) -> None:
        build(Told(**{name: given.pop(name) for name in SHARED}), **given)

    run.__doc__ = build.__doc__
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined] # typer makes options of it
    run.__annotations__ = {option.name: option.annotation for option in (*own, *shared)}
    return run


def written(job: Job, make: Callable[[Watch], Iterator[Record]], told: Told) -> None:
    """Write the records and print what came of it: what was left out and why, on standard error."""
    from rsvlm.trainer.builders.building import build

    with Terminal(words=False).listening() as watch:
        done = build(job, make(watch), told.out, told.overwrite, watch)
    for reason, count in done.left_out.items():
        print(f"Left out {count:,}: {reason.rstrip('.')}.", file=sys.stderr)
    if told.as_json:
        print(json.dumps({"out": str(told.out), **asdict(done)}))
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in done.kinds.items())
    print(f"{told.out}: {done.records:,} records ({kinds}).")


def asking(job: Job, make: Callable[[Answers, Watch], Iterator[Record]], told: Told) -> None:
    """The same for builders that ask a model: its answers are kept while the work is stopped."""
    from rsvlm.trainer.builders.building import Answers

    if told.out.exists() and not told.overwrite:
        raise RsvlmError(
            "bad_request", f"The file {told.out} is there already.", "Take another name, or add --overwrite."
        )
    with Answers(told.out, job) as answers:
        written(job, lambda watch: make(answers, watch), told)


def named_values(text: str) -> dict[int, str]:
    """1=building,2=road -> {1: "building", 2: "road"}. Raises RsvlmError (bad_request)."""
    found: dict[int, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        value, equals, name = part.partition("=")
        if not equals or not value.strip().isdigit() or not name.strip():
            raise RsvlmError("bad_request", f"“{part}” names no class.", "Write --classes 1=building,2=road.")
        found[int(value)] = name.strip()
    return found


def build_change(
    told: Told,
    before: Path = typer.Argument(help="The earlier date: a raster, or a folder of them."),
    after: Path = typer.Argument(help="The later date, with the same names."),
    masks: list[Path] = typer.Option(
        [], help="What changed; or twice, what there was at each date: a mask, or a folder of them."
    ),
    classes: str = typer.Option("", help="Values of the masks, such as 128=road,255=building; else all but 0 is one."),
    state: str = typer.Option("changed", help="What a mask of changes says of things: new, damaged, flooded ..."),
    side: int = typer.Option(256, min=32, help="Pixels of a window; larger rasters are cut into such."),
    smallest: int = typer.Option(6, min=1, help="Pixels of a part that counts as one."),
    unchanged: float = typer.Option(1.0, min=0, max=1, help="Share of the pairs without a change that is kept."),
    questions: int = typer.Option(3, min=0, help="Open questions of each pair, at most."),
) -> None:
    """Make ChangeChat-style instructions from two dates and masks: captions, yes or no, counts, places, dialogues."""
    from rsvlm.trainer.builders.change import change_records
    from rsvlm.trainer.builders.pairs import Reading

    reading = Reading(named_values(classes), state.strip(), side, smallest)
    options = {"reading": asdict(reading), "unchanged": unchanged, "questions": questions}
    job = told.job("change", [before, after, *masks], options)
    written(job, lambda _: change_records(before, after, masks, reading, unchanged, questions, job), told)


def build_refer(
    told: Told,
    records: Path = GIVEN,
    images: Path | None = IMAGES,
    apart: bool = APART,
    smallest: int = typer.Option(16, min=1, help="Pixels of a thing that is asked for."),
    each: int = typer.Option(2, min=1, help="Phrases of a thing, at most."),
    absent: int = typer.Option(2, min=0, help="Phrases of a picture that hold for nothing in it."),
) -> None:
    """Make GeoPix-style phrases that mean one outline each, by class, place, size and colour; and some that mean none."""
    from rsvlm.trainer.builders.building import given
    from rsvlm.trainer.builders.refer import refer_records

    options = {"apart": apart, "smallest": smallest, "each": each, "absent": absent}
    job = told.job("refer", [records, *([images] if images else [])], options)
    found = given(records, images, job)
    written(job, lambda _: refer_records(found, apart, smallest, each, absent, job), told)


def build_osm(
    told: Told,
    raster: Path = typer.Argument(help="A raster that is on a map."),
    features: list[Path] = typer.Argument(help="Features of OpenStreetMap: .gpkg, .geojson, .shp or .osm.pbf."),
    side: int = typer.Option(256, min=32, help="Pixels of a window."),
    side_m: float = SIDE_M,
    grid: bool = typer.Option(False, help="Windows side by side, instead of around features."),
    apart: int = typer.Option(64, min=1, help="At most one window around a feature within so many pixels."),
    most: int = typer.Option(0, min=0, help="Windows around features of one name, at most; 0 for all."),
    smallest: float = typer.Option(16.0, min=1.0, help="Square pixels of an outline that is worth a word."),
    date: str = typer.Option("", help="When the raster was taken, as 2024-05-31, where it does not say it."),
    called: str = typer.Option("", help="What features are whose columns do not say it, such as “greenhouse”."),
) -> None:
    """Make SkyScript-style pairs from a raster and OpenStreetMap, or outlines with a column label or class: windows with
    captions, tags, outlines, place and date.
    """
    from rsvlm.trainer.builders.osm import Windows, osm_records

    windows = Windows(side, grid, apart, most, smallest, date, side_m, called.strip())
    job = told.job("osm", [raster, *features], asdict(windows))
    written(job, lambda _: osm_records(raster, features, windows, job), told)


def build_instruct(
    told: Told,
    records: Path = GIVEN,
    images: Path | None = IMAGES,
    apart: bool = APART,
    questions: int = typer.Option(5, min=0, help="Questions of a picture, at most, besides descriptions."),
) -> None:
    """Make RS-GPT4V-style instructions from captions, boxes and outlines: of the whole, of parts, and in several turns."""
    from rsvlm.trainer.builders.building import given
    from rsvlm.trainer.builders.instruct import instruct_records

    options = {"apart": apart, "questions": questions}
    job = told.job("instruct", [records, *([images] if images else [])], options)
    written(job, lambda _: instruct_records(given(records, images, job), apart, questions, job), told)


def build_filter(
    records: Path = typer.Argument(metavar="RECORDS.jsonl", help="Records, such as of “rsvlm data caption”."),
    out: Path = OUT,
    near: int = typer.Option(
        4, min=-1, max=16, help="Pictures that differ in so many bits of 64 are one; -1: not compared."
    ),
    by_score: bool = typer.Option(True, help="Score captions by a model; --no-by-score: do not."),
    model: str = typer.Option("", help="Which one; default: the bundled one."),
    score: float | None = typer.Option(None, min=-1, max=1, help="The least cosine of a caption and its picture."),
    keep: float = typer.Option(0.5, min=0.01, max=1, help="Without --score: the share of all captions that is kept."),
    device: str = DEVICE,
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Keep the captions that a model finds like their picture (CLIP score), and no picture that is there twice."""
    from rsvlm.trainer.builders.building import Job
    from rsvlm.trainer.builders.filtering import Wanted, filter_records
    from rsvlm.trainer.records import Records

    models = None
    if by_score:
        from rsvlm.models.pool import Models

        models = Models(device)
    wanted = Wanted(None if near < 0 else near, model if by_score else None, score, keep)
    job = Job("filter", 0, [records], asdict(wanted))

    def made(answers: Answers, watch: Watch) -> Iterator[Record]:
        return filter_records(Records(records), wanted, models, answers, job, watch)

    asking(job, made, Told(out, 0, "", overwrite, as_json))


def build_caption(
    told: Told,
    pictures: Path = typer.Argument(
        help="A folder with a folder for each class, a .csv of filename and label, COCO's .json, or records as .jsonl."
    ),
    images: Path | None = typer.Option(None, help="Folder of the pictures that a table or COCO names."),
    captions: int = typer.Option(3, min=1, help="Captions of a picture, at most."),
    side: int = typer.Option(0, min=0, help="Cut pictures into windows of so many pixels; 0: whole pictures."),
    side_m: float = SIDE_M,
    geo: bool = typer.Option(True, help="Also say place, date and pixel size, where the raster states them."),
    model: str = typer.Option("", help="Ask this installed model, instead of templates; labels are not needed then."),
    device: str = DEVICE,
) -> None:
    """Make RS5M-style captions for pictures that have only labels: by templates and metadata, or by any installed model."""
    from rsvlm.trainer.builders.caption import caption_records, model_records
    from rsvlm.trainer.builders.cutting import cut
    from rsvlm.trainer.builders.sources import labelled

    options = {"captions": captions, "geo": geo, "model": model, "images": images, "side": side, "side_m": side_m}
    job = told.job("caption", [pictures], options)
    found = labelled(pictures, images, job)
    if side or side_m:
        if pictures.suffix.lower() in (".json", ".jsonl"):
            whole = f"What {pictures.name} tells is true of whole pictures."
            raise RsvlmError("bad_request", whole, "Leave out --side and --side-m.")
        found = cut(found, side, side_m, job)
    if not model:
        written(job, lambda _: caption_records(found, captions, geo, job), told)
        return
    from rsvlm.models.pool import Models

    models = Models(device)
    asking(job, lambda answers, watch: model_records(found, model, models, answers, job, watch), told)


def build_structure(
    told: Told,
    pictures: Path = typer.Argument(help="A raster, a folder of them, a .csv, COCO's .json, or records as .jsonl."),
    model: str = typer.Option(..., help="An installed model; with --url, what the server calls its model."),
    url: str = typer.Option("", help="A server that speaks as OpenAI's, such as http://127.0.0.1:11434/v1."),
    images: Path | None = typer.Option(None, help="Folder of the pictures that a table or COCO names."),
    device: str = DEVICE,
) -> None:
    """Make GAIA-style captions by a strict schema: a model sees the picture and what is measured in it. Pictures are sent to
    the server that --url names; its key, if it wants one, stands in RSVLM_CHAT_KEY.
    """
    from rsvlm.trainer.builders.chat import Server
    from rsvlm.trainer.builders.sources import labelled
    from rsvlm.trainer.builders.structure import Structured, asks_installed, structured_records

    job = told.job("structure", [pictures], {"model": model, "url": url, "images": images})

    def made(answers: Answers, watch: Watch) -> Iterator[Record]:
        if url:
            server = Server(url, model, os.environ.get("RSVLM_CHAT_KEY", ""))
            schema = Structured.model_json_schema()
            return structured_records(
                found, lambda text, pixels: server.ask(text, pixels, schema), model, answers, job, watch
            )
        from rsvlm.models.pool import Models

        return structured_records(found, asks_installed(Models(device), model, watch), model, answers, job, watch)

    found = labelled(pictures, images, job)
    asking(job, made, told)


def build_join(
    records: Path = typer.Argument(metavar="RECORDS.jsonl", help="Records; those of one picture follow each other."),
    out: Path = OUT,
    words: int = typer.Option(40, min=1, help="Words of one conversation, at most."),
    phrases: int = typer.Option(8, min=2, help="Phrases of one record, at most."),
    overwrite: bool = OVERWRITE,
    as_json: bool = JSON,
) -> None:
    """Join what is asked of one picture: questions to conversations, phrases to lists. Each picture is seen for more at once."""
    from rsvlm.trainer.builders.building import Job
    from rsvlm.trainer.builders.joining import join_records
    from rsvlm.trainer.records import Records

    job = Job("join", 0, [records], {"words": words, "phrases": phrases})
    written(job, lambda _: join_records(Records(records), words, phrases, job), Told(out, 0, "", overwrite, as_json))
