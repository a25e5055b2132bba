"""Generated scenes are what their records say: masks to the pixel, numbers, boxes, changes; the same ones whoever asks."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import Polygon
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.components import cells
from rsvlm.trainer.builders.wording import NUMBERS, plural, whereabouts
from rsvlm.trainer.examples import example
from rsvlm.trainer.formats import Source, read
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import bbox_of, decode
from rsvlm.trainer.scenes.generate import generate
from rsvlm.trainer.scenes.making import Scene, Wanted, scene
from rsvlm.trainer.scenes.pictures.bank import bank_of
from rsvlm.trainer.scenes.pictures.canvas import coarser, rasterise
from rsvlm.trainer.scenes.pictures.drawing import draw
from rsvlm.trainer.scenes.pictures.flights import make_flight
from rsvlm.trainer.scenes.pictures.light import Day
from rsvlm.trainer.scenes.sites.dates import one_date, two_dates
from rsvlm.trainer.scenes.sites.kinds import CODES, LABELS
from rsvlm.trainer.scenes.sites.looks import make_look
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.themes import THEMES, make_site
from rsvlm.trainer.scenes.sites.waters import lake
from rsvlm.trainer.scenes.truths.captions import captions
from rsvlm.trainer.scenes.truths.change import changed_of
from rsvlm.trainer.scenes.truths.phrases import nothing, referring
from rsvlm.trainer.scenes.truths.questions import questions
from rsvlm.trainer.scenes.truths.records import OF_ONE, OF_PAIR
from rsvlm.trainer.scenes.truths.truth import NOUNS, SMALLEST, Truth
from rsvlm.trainer.scenes.truths.words import wording

PIXELS = 128


def told(made: Scene) -> str:
    return json.dumps([record.to_json() for record in made.records])


def truth_of(seed: int) -> tuple[str, Truth]:
    rng = np.random.default_rng(seed)
    theme, site = make_site(rng, PIXELS)
    items = one_date(site)
    rgb, ids = draw(items, site.size, PIXELS, site.look, make_flight(rng, site.gsd), seed)
    return theme.label, Truth(rgb, ids, items, site.nouns)


@pytest.fixture(scope="module")
def truths() -> list[tuple[str, Truth]]:
    return [truth_of(seed) for seed in range(24)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scenes")
    generate(Wanted(16, seed=3, pixels=PIXELS, pairs=0.5), out)
    return out


def records_of(folder: Path) -> list[Record]:
    return list(Records(folder / "train.jsonl"))


def test_scene_is_the_same_whatever_is_asked_for_beside_it():
    one, same = scene(Wanted(3, pixels=PIXELS), 2), scene(Wanted(900, pixels=PIXELS), 2)
    assert told(one) == told(same) and all((one.pictures[name] == same.pictures[name]).all() for name in one.pictures)
    for other in (Wanted(3, seed=1, pixels=PIXELS), Wanted(3, pixels=PIXELS, split="val")):
        assert told(scene(other, 2)) != told(one)


def test_more_rounds_ask_for_more_of_the_same_picture():
    wanted = Wanted(4, seed=3, pixels=PIXELS, pairs=0.5, rounds=3)
    for index in range(4):
        once, more = scene(replace(wanted, rounds=1), index), scene(wanted, index)
        assert all((once.pictures[name] == more.pictures[name]).all() for name in once.pictures)
        assert len(more.records) == wanted.records(index)
        asked = [[(one.id, one.messages) for one in made.records if one.task == "segment"] for made in (once, more)]
        assert asked[1][: len(asked[0])] == asked[0]
        assert len(asked[1]) == len(asked[0]) + (0 if wanted.is_pair(index) else 6)
        assert len({one.id for one in more.records}) == len(more.records)
    assert {wanted.is_pair(index) for index in range(4)} == {True, False}


def test_work_that_was_stopped_goes_on_to_the_same_bytes(tmp_path: Path):
    class Stopped(Exception):
        pass

    class Stops(Watch):
        def progress(self, done: int, total: int, stage: str) -> None:
            if done == 2:
                raise Stopped

    wanted = Wanted(4, seed=5, pixels=PIXELS, pairs=0.5)
    with pytest.raises(Stopped):
        generate(wanted, tmp_path / "one", watch=Stops())
    assert not (tmp_path / "one" / "train.jsonl").exists()
    part = next((tmp_path / "one").glob(".train.jsonl.*.part"))
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join(lines[:-3]) + lines[-3][:40])  # in the middle of a scene, in the middle of a line
    done = generate(wanted, tmp_path / "one")
    assert 0 < done.before < done.records
    generate(wanted, tmp_path / "two")
    written = [sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two")]
    assert [path.name for path in written[0]] == [path.name for path in written[1]]
    assert all(one.read_bytes() == two.read_bytes() for one, two in zip(*written, strict=True))


def test_every_scene_has_as_many_records_as_others_of_its_kind(folder: Path):
    counts: dict[int, list[Record]] = {}
    for record in records_of(folder):
        counts.setdefault(record.meta["index"], []).append(record)
    assert sorted(counts) == list(range(16))
    kinds = {len(records[0].images) for records in counts.values()}
    assert kinds == {1, 2}, "the seed draws pictures and pairs"
    for records in counts.values():
        pair = len(records[0].images) == 2
        assert len(records) == (OF_PAIR if pair else OF_ONE)
        types = {record.meta.get("type") for record in records if record.task == "change"}
        assert types == ({"caption", "binary", "count", "locate", "open", "dialogue"} if pair else set())
        tasks = {record.task for record in records}
        assert tasks == ({"change", "segment"} if pair else {"caption", "vqa", "ground", "segment", "classify"})


def test_records_say_where_they_come_from(folder: Path):
    source = Source(folder / "train.jsonl", split="train")
    records = list(read("records", source))
    assert not source.left_out and len({record.id for record in records}) == len(records) == len(records_of(folder))
    for record in records:
        assert record.meta["made"]["builder"] == "scenes" and record.meta["made"]["seed"] == 3
        assert record.meta["scene"] in {theme.label for theme in THEMES} and 0.2 < record.meta["gsd_m"] <= 10


def test_examples_show_what_their_regions_say(folder: Path):
    seen = dict.fromkeys(("masks", "boxes", "two dates", "nothing"), 0)
    for record in records_of(folder):
        found = example(record)
        assert all(picture.shape == (PIXELS, PIXELS, 3) for picture in found.pictures)
        assert len(found.pictures) == len(record.images) and found.label is None, "a drawn place teaches no class"
        seen["two dates"] += len(found.pictures) == 2 and bool((found.pictures[0] != found.pictures[1]).any())
        if record.meta.get("target_absent"):
            seen["nothing"] += 1
            assert not record.regions and found.answers and found.turns
            continue
        assert found.phrases or found.answers
        if found.masks is not None:
            seen["masks"] += len(found.masks)
            assert found.masks.shape == (len(found.phrases), PIXELS, PIXELS) and found.masks.any(axis=(1, 2)).all()
            assert [bbox_of(mask) for mask in found.masks] == found.boxes.tolist()
        elif found.boxes is not None:
            seen["boxes"] += len(found.boxes)
            assert record.task == "ground" and (found.boxes[:, :2] < found.boxes[:, 2:]).all()
            assert found.boxes.min() >= 0 and found.boxes.max() <= PIXELS
    assert all(seen.values()), seen


def test_every_pixel_has_one_class(truths: list[tuple[str, Truth]]):
    seen: set[str] = set()
    for _, truth in truths:
        assert sum(int(truth.mask(label).sum()) for label in LABELS) == PIXELS**2
        assert sum(truth.shares.values()) == pytest.approx(1)
        seen |= set(truth.shares)
    assert {"building", "road", "water", "tree", "grass", "bare", "field", "car"} <= seen


def test_objects_are_the_pixels_of_their_masks(truths: list[tuple[str, Truth]]):
    number = 0
    for _, truth in truths:
        for one in truth.objects:
            mask = truth.mask_of(one)
            rows, columns = np.nonzero(mask)
            assert one.pixels == len(rows) >= SMALLEST and list(one.box) == bbox_of(mask)
            assert (one.x, one.y) == pytest.approx(((columns.mean() + 0.5) / PIXELS, (rows.mean() + 0.5) / PIXELS))
            number += 1
        assert sum(truth.counts.values()) == len(truth.objects)
    assert number > 100


def test_answers_hold_for_the_masks(truths: list[tuple[str, Truth]]):
    asked: dict[str, int] = {}
    names = {label: set(words) for label, words in wording()["classes"].items()}
    for theme, truth in truths:
        for one in questions(truth, theme, False, 12, random.Random(1)):
            asked[one.kind] = asked.get(one.kind, 0) + 1
            if one.kind == "count":
                assert int(one.answer) == len(truth.of(one.about))
            elif one.kind == "presence" and one.about in CODES:
                assert (one.answer == "yes") == bool((truth.classes == CODES[one.about]).any())
            elif one.kind == "area" and one.answer.endswith("percent"):
                label = next(
                    label for label, words in names.items() if any(f" {word}" in one.question for word in words)
                )
                assert abs(int(one.answer.split()[0]) - 100 * truth.shares.get(label, 0)) <= 5.001
            elif one.kind == "theme":
                assert one.answer == theme
    assert {"count", "presence", "area", "theme", "location", "comparison"} <= set(asked)


def pairs() -> Iterator[tuple[object, ...]]:
    for seed in range(30):
        rng = np.random.default_rng([9, seed])
        _, site = make_site(rng, PIXELS)
        dates = two_dates(site)
        ids = [coarser(rasterise(items, site.size, 2 * PIXELS)) for items in (dates.before, dates.after)]
        blank = np.zeros((PIXELS, PIXELS, 3), np.uint8)
        both = zip(ids, (dates.before, dates.after), strict=True)
        yield site, dates, ids, [Truth(blank, each, items, site.nouns) for each, items in both]


def test_masks_of_change_are_what_the_two_dates_differ_in():
    states: dict[str, int] = {}
    for site, dates, ids, (before, after) in pairs():
        changed, counts = changed_of(dates, site.groups, tuple(ids), (before, after), random.Random(0))
        for one, count in zip(changed, counts, strict=True):
            assert bool(count) == bool(one.mask.any())
            if not count:
                continue
            states[one.state] = states.get(one.state, 0) + 1
            label = {"woodland": "tree", "parking lot": "parking", "solar array": "solar panel"}.get(
                one.label, one.label
            )
            there, was = (after, before) if one.state == "new" else (before, after)
            assert there.mask(label)[one.mask].all() and not was.mask(label)[one.mask].any()
        built = (after.mask("building") & ~before.mask("building")).sum()
        told_built = sum(one.mask.sum() for one in changed if (one.state, one.label) == ("new", "building"))
        hidden = built - told_built
        assert 0 <= hidden < 3 * SMALLEST, "what was built is told, but for slivers"
    assert states.get("new", 0) >= 5 and states.get("lost", 0) >= 5, states


def test_unchanged_pairs_look_different_and_are_told_so(folder: Path):
    same = [record for record in records_of(folder) if record.meta.get("changed") is False]
    assert same
    for record in same:
        assert not record.regions
        if record.meta["type"] == "binary":
            before, after = example(record).pictures
            assert np.abs(before.astype(int) - after).mean() > 0.5 and record.captions == ["no"]


def test_counted_change_is_the_number_of_outlines_that_came(folder: Path):
    for record in records_of(folder):
        if record.task == "change" and record.meta["type"] == "count":
            words = record.captions[0]
            for name, count in record.meta["counts"].items():
                assert not record.meta["changed"] or f"{count} {name.split()[0]}" in words
            for region in record.regions:
                assert record.meta["counts"][region["label"]] > 0 and decode(region["rle"]).any()


def test_majority_of_four_pixels_is_kept_and_of_equals_the_last():
    ids = np.array([[1, 1, 5, 2], [1, 9, 2, 5], [3, 4, 8, 8], [5, 6, 1, 8]], np.int32)
    assert coarser(ids).tolist() == [[1, 5], [6, 8]]


def test_noise_that_is_cut_out_is_smooth_and_never_the_same_twice():
    bank = bank_of(256)
    rng = np.random.default_rng(0)
    one, two = bank.mix(rng, 32.0), bank.mix(rng, 32.0)
    assert 0.6 < one.std() < 1.5 and (one != two).mean() > 0.99
    assert np.abs(np.diff(one)).mean() < 0.5 * np.abs(np.diff(bank.cut(rng, 1.0))).mean()


@pytest.mark.parametrize("wrong", ({"pixels": 100}, {"pixels": 1024}, {"pixels": 130}, {"split": "../up"}))
def test_what_cannot_be_made_is_refused_in_words(wrong: dict):
    with pytest.raises(RsvlmError, match=r"Scenes cannot have|is no name of a split"):
        Wanted(1, **wrong)


def test_ground_looks_like_what_it_is_called():
    """Grass that is as grey as soil is dry grass of a dry region."""
    seen: Counter[str] = Counter()
    for seed in range(150):
        _, site = make_site(np.random.default_rng(seed), PIXELS)
        green = (site.look.grass, site.look.lawn)
        own = {"grass": green, "lawn": green, "bare": (site.look.soil,), "sand": (site.look.sand,)}
        for item in site.items:
            if item.kind in own:
                seen[item.kind] += 1
                apart = min(np.abs(np.subtract(item.colour, colour)).mean() for colour in own[item.kind])
                assert apart < 35, (seed, item.kind, item.colour, own)
    assert len(seen) == 4 and min(seen.values()) > 10


def test_two_lakes_are_two_waters():
    several = 0
    for seed in range(60):
        site = Site(np.random.default_rng(seed), 400.0, 1.0, make_look(np.random.default_rng(seed)))
        lake(site)
        lakes = {item.thing: Polygon(item.outline) for item in site.items if site.nouns[item.thing] == "lake"}
        several += len(lakes) > 1
        assert not any(one.intersects(other) for one, other in combinations(lakes.values(), 2))
    assert several > 3


def test_numbers_in_captions_are_those_of_the_masks(truths: list[tuple[str, Truth]]):
    number = 0
    for theme, truth in truths:
        for sentence in captions(truth, theme, random.Random(2)):
            for noun in NOUNS:
                found = re.search(rf"\b({'|'.join(NUMBERS[2:])}) {plural(noun)}\b", sentence.lower())
                if found:
                    assert NUMBERS.index(found[1]) == truth.counts[noun], sentence
                    number += 1
                elif re.search(rf"\b(a|an|one) {noun}\b(?! park| area| landscape)", sentence.lower()):
                    assert truth.counts[noun] == 1, sentence
    assert number > 10


def test_a_thing_that_is_singled_out_is_the_only_one_and_what_is_absent_is_nowhere(truths: list[tuple[str, Truth]]):
    singled = absent_there = 0
    for _, truth in truths:
        for seed in range(12):
            found = referring(truth, random.Random(seed))
            if found:
                singled += 1
                box, mask = found.boxes[0], found.masks[0]
                assert list(box) == bbox_of(mask)
                if "largest" in found.words:
                    (one,) = (one for one in truth.objects if one.box == box)
                    assert one.pixels == max(other.pixels for other in truth.of(one.noun))
                for cell in (cell for cell in CELLS if found.words.endswith(f" {whereabouts(cell)}")):
                    (one,) = (one for one in truth.objects if one.box == box)
                    others = [other for other in truth.of(one.noun) if other is not one]
                    assert not any(cell in cells(truth.mask_of(other)) for other in others)
            absent = nothing(truth, random.Random(seed)).words
            for noun, cell in ((noun, cell) for noun in truth.counts for cell in CELLS):
                if absent == f"the {noun} {whereabouts(cell)}":
                    absent_there += 1
                    assert not any(cell in cells(truth.mask_of(one)) for one in truth.of(noun))
            for label, words in wording()["phrases"].items():
                if absent in words and label != "vegetation":
                    assert label not in truth.shares
    assert singled > 20 and absent_there > 3


def test_command_says_what_it_made_and_refuses_what_is_there(tmp_path: Path):
    arguments = ["scenes", "-o", str(tmp_path), "--count", "2", "--pixels", "128", "--json"]
    done = CliRunner().invoke(data_app, arguments)
    assert done.exit_code == 0, done.output
    told_here = json.loads(done.stdout)
    assert told_here["scenes"] == 2 and told_here["records"] == len(list(Records(tmp_path / "train.jsonl")))
    again = CliRunner().invoke(data_app, arguments)
    assert isinstance(again.exception, RsvlmError) and "is there already" in again.exception.message


def test_another_day_and_sensor_change_the_picture_and_not_what_is_true():
    rng = np.random.default_rng(6)
    _, site = make_site(rng, PIXELS)
    items = one_date(site)
    flight = make_flight(rng, site.gsd)
    dull = replace(flight, day=Day(100.0, 32.0, 0.3, clouds=0.4), camera=replace(flight.camera, grain=0.0, quality=0))
    clear = replace(dull, day=replace(dull.day, clouds=0.0))
    moved = replace(clear, shift=(2.0, 1.0))
    drawn = [draw(items, site.size, PIXELS, site.look, each, 6) for each in (clear, dull, moved)]
    assert all((ids == drawn[0][1]).all() for _, ids in drawn)
    sunny, shaded, aside = (rgb.astype(int) for rgb, _ in drawn)
    darker = (shaded < sunny - 3).all(axis=2).mean()
    assert 0.2 < darker < 0.7 and (shaded <= sunny + 1).mean() > 0.99
    assert np.abs(aside[:-1, :-2] - sunny[1:, 2:])[4:-4, 4:-4].max() <= 1
