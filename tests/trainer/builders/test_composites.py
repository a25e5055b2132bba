"""Pasted changes: what is said to have changed is what differs, nothing else does, and held pictures stay out of it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.models.families.compact.predictor import CHANGED
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Job, build
from rsvlm.trainer.builders.components import components
from rsvlm.trainer.builders.composites import ANY, OWNER, Wanted, composite_records, href_from
from rsvlm.trainer.builders.pasting import cuttings
from rsvlm.trainer.records import Records, is_held
from rsvlm.trainer.regions import decode

PALETTE = {"building": (200, 10, 10), "road": (110, 193, 228), "water": (30, 60, 240), "ignore": (0, 0, 0)}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of 12 masked pictures, houses by a road and a lake, whose red is above 200 in held ones; 30 plain pictures."""
    root = tmp_path_factory.mktemp("composites")
    random = np.random.default_rng(3)
    folder = root / "land"
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    colours = {label: "#" + bytes(colour).hex() for label, colour in PALETTE.items()}
    (folder / "classes.json").write_text(json.dumps(colours))
    for number in range(12):
        mask = np.zeros((320, 320, 3), np.uint8)
        pixels = random.integers(90, 130, (320, 320, 3))
        shapes = [("road", np.s_[150:162, :], 60), ("water", np.s_[200:, 120:], 25)]
        shapes += [("building", np.s_[y : y + 26, x : x + 40], 180) for y in (20, 90) for x in range(10, 280, 60)]
        for label, here, level in shapes:
            mask[here] = PALETTE[label]
            pixels[here] = level + random.integers(0, 20, pixels[here].shape)
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{number}.png")
    with zipfile.ZipFile(root / "plain.zip", "w") as archive:
        rows = []
        for number in range(30):
            file = io.BytesIO()
            level = 100 + number * 3
            Image.fromarray(random.integers(level - 8, level + 8, (128, 128, 3)).astype(np.uint8)).save(file, "PNG")
            name = f"meadow_{number}.png"
            archive.writestr(f"images/{name}", file.getvalue())
            rows.append({"filename": name, "split": "train", "scene": "meadow", "captions": ["a meadow"]})
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    return folder, root / "plain.zip"


def made(sources: tuple[Path, Path], folder: Path, seed: int = 0, **more: float) -> list[Record]:
    wanted = Wanted(int(more.get("count", 30)), more.get("unchanged", 0.3), more.get("nuisance", 0.0), False, 2)
    job, out = Job("composites", seed, list(sources), {}), folder / "records.jsonl"
    build(job, composite_records(*sources, folder / "pictures", wanted, out, job), out, True, Watch())
    return list(Records(out))


def dates(record: Record) -> tuple[np.ndarray, np.ndarray]:
    before, after = (np.asarray(Image.open(image["href"])).astype(int) for image in record.images)
    return before, after


def test_mask_is_where_the_dates_differ_and_nowhere_else(sources: tuple[Path, Path], tmp_path: Path):
    seen: Counter[str] = Counter()
    for record in made(sources, tmp_path):
        if record.meta["type"] != "mask":
            continue
        before, after = dates(record)
        masks = {region["label"]: decode(region["rle"]) for region in record.regions}
        whole = masks.pop(ANY)
        assert (np.any(list(masks.values()), axis=0) == whole).all() and record.meta["changed"] == whole.any()
        differs = np.abs(after - before).mean(axis=2)
        rows, columns = np.nonzero(differs)
        if not whole.any():
            assert not rows.size
            seen["same"] += 1
            continue
        assert differs[whole].mean() > 12
        inside = np.pad(whole, 5)
        near = np.any([np.roll(inside, (y, x), (0, 1)) for y in range(-5, 6) for x in range(-5, 6)], axis=0)[5:-5, 5:-5]
        assert near[rows, columns].all(), "beside its edge and its shadow, nothing differs"
        for label, mask in masks.items():
            seen[label] += bool(mask.any())
    assert seen["same"] >= 4 and {"new building", "lost building", "new road", "new water"} <= {
        name for name in seen if seen[name]
    }


def test_all_change_is_called_as_the_bundled_model_is_asked_for_it():
    assert ANY == CHANGED


def test_words_say_what_the_masks_say(sources: tuple[Path, Path], tmp_path: Path):
    records = made(sources, tmp_path)
    masks = {record.id.partition("/")[0]: record for record in records if record.meta["type"] == "mask"}
    kinds = Counter(record.meta["type"] for record in records)
    assert set(kinds) == {"mask", "caption", "binary", "count", "locate", "open", "dialogue"}
    for record in records:
        truth = masks[record.id.partition("/")[0]]
        found = {region["label"]: decode(region["rle"]) for region in truth.regions if region["label"] != ANY}
        assert record.images == truth.images and record.meta["changed"] == any(mask.any() for mask in found.values())
        if record.meta["type"] == "binary":
            assert record.captions == ["yes" if record.meta["changed"] else "no"]
        if record.meta["type"] == "count" and record.meta["changed"]:
            told = [int(number) for number in re.findall(r"\d+", record.captions[0])]
            assert told == [components(mask)[1] for mask in found.values()]
        if record.meta["type"] == "caption" and not record.meta["changed"]:
            assert "Nothing has changed between the two dates." in record.captions


def test_sentences_of_people_are_told_beside_templates(sources: tuple[Path, Path], tmp_path: Path):
    rows = [
        {
            "split": "train",
            "captions": ["some houses appear", "a house appears", "a road is built", "no change has occurred"],
        }
    ]
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    job, out = Job("composites", 0, list(sources), {}), tmp_path / "records.jsonl"
    wanted = Wanted(30, 0.3, 0.0, False, 0, tmp_path / "s.zip")
    build(job, composite_records(*sources, tmp_path / "p", wanted, out, job), out, True, Watch())
    seen: Counter[str] = Counter()
    for record in Records(out):
        if record.meta["type"] != "caption":
            continue
        counts = {name: count for name, count in record.meta["counts"].items() if count}
        for text in rows[0]["captions"]:
            fits = {
                "some houses appear": list(counts) == ["new building"] and counts["new building"] > 1,
                "a house appears": counts == {"new building": 1},
                "a road is built": counts == {"new road": 1},
                "no change has occurred": not counts,
            }[text]
            assert (text in record.captions) == fits
            seen[text] += fits
    assert seen["no change has occurred"] and seen["a road is built"] and seen["some houses appear"]


def test_dates_of_an_unchanged_pair_are_different_days(sources: tuple[Path, Path], tmp_path: Path):
    records = made(sources, tmp_path, unchanged=1.0, nuisance=1.0, count=12)
    far = [np.abs(np.subtract(*dates(record))).mean() for record in records if record.meta["type"] == "mask"]
    assert len(far) == 12 and np.median(far) > 4
    assert not any(record.meta["changed"] for record in records)


def test_same_seed_same_bytes_and_work_goes_on_where_it_was_stopped(sources: tuple[Path, Path], tmp_path: Path):
    for name in ("whole", "torn", "other"):
        (tmp_path / name).mkdir()

    def begin(name: str, seed: int = 5) -> tuple[Job, Iterator[Record], Path]:
        job, out = Job("composites", seed, list(sources), {}), tmp_path / name / "records.jsonl"
        wanted = Wanted(6, 0.3, 0.7, False, 1)
        return job, composite_records(*sources, tmp_path / name / "pictures", wanted, out, job), out

    job, records, out = begin("whole")
    build(job, records, out, False, Watch())
    job, records, torn = begin("torn")

    def stopped() -> Iterator[Record]:
        yield from islice(records, 17)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(job, stopped(), torn, False, Watch())
    job, records, torn = begin("torn")
    done = build(job, records, torn, False, Watch())
    assert done.before == 17 and torn.read_bytes() == out.read_bytes()
    files = sorted((tmp_path / "whole" / "pictures").iterdir())
    assert len([file for file in files if file.suffix == ".png"]) == 12 and len(files) == 13
    for file in files:
        assert file.read_bytes() == (tmp_path / "torn" / "pictures" / file.name).read_bytes()
    job, records, other = begin("other", 6)
    build(job, records, other, False, Watch())
    assert other.read_bytes() != out.read_bytes()


def test_held_pictures_are_for_measuring_alone(sources: tuple[Path, Path], tmp_path: Path):
    names = sorted((str(number) for number in range(12)), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    only = tmp_path / "only"
    for held in (False, True):
        folder = tmp_path / f"land{held}"
        for part in ("images", "masks"):
            (folder / part).mkdir(parents=True)
            for file in (sources[0] / part).iterdir():
                wrong = (file.stem in names[:2]) != held
                (folder / part / file.name).write_bytes(b"never opened" if wrong else file.read_bytes())
        (folder / "classes.json").write_text((sources[0] / "classes.json").read_text())
        words = [
            "composites",
            str(folder),
            str(sources[1]),
            "--pictures",
            str(only / str(held)),
            "-o",
            str(tmp_path / f"{held}.jsonl"),
        ]
        result = CliRunner().invoke(
            data_app, [*words, "--count", "8", "--json", *(["--held", "--split", "val"] if held else [])]
        )
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["left_out"] == {}
        records = list(Records(tmp_path / f"{held}.jsonl"))
        used = {record.meta["filename"] for record in records if record.meta["type"] == "mask"}
        assert used and all(is_held(name) == held for name in used)
        assert {record.split for record in records} == {"val" if held else "train"}
        assert not any(
            Path(line["href"]).is_absolute()
            for line in json.loads((tmp_path / f"{held}.jsonl").open().readline())["images"]
        )


def test_folder_with_pictures_of_other_composites_is_refused(sources: tuple[Path, Path], tmp_path: Path):
    """Names are the same in all sets: the pictures of a second one would take the place of the first one's."""
    folder, wanted = tmp_path / "p", Wanted(1, 0, 0, False, 0)
    job, other = (Job("composites", seed, list(sources), {}) for seed in (0, 1))
    next(composite_records(*sources, folder, wanted, tmp_path / "r", job))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert before.keys() == {"00000_before.png", "00000_after.png", OWNER}
    with pytest.raises(RsvlmError, match="holds pictures of other composites") as caught:
        next(composite_records(*sources, folder, wanted, tmp_path / "r", other))
    assert "--pictures" in caught.value.hint
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    (folder / OWNER).unlink()
    with pytest.raises(RsvlmError, match="holds pictures of other composites"):
        next(composite_records(*sources, folder, wanted, tmp_path / "r", job))


def test_pictures_on_another_drive_are_named_by_their_whole_path(monkeypatch: pytest.MonkeyPatch):
    assert href_from(Path("/data/sets"), Path("/data/pairs/1.png")) == "../pairs/1.png"

    def refuses(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", refuses)
    assert href_from(Path("/data/sets"), Path("/data/pairs/1.png")) == "/data/pairs/1.png"


def test_masks_that_give_nothing_to_paste_are_told(sources: tuple[Path, Path], tmp_path: Path):
    blank = tmp_path / "blank"
    for part in ("images", "masks"):
        (blank / part).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.zeros((40, 40, 3), np.uint8) + np.uint8(PALETTE["building"])).save(
                blank / part / f"{number}.png"
            )
    (blank / "classes.json").write_text((sources[0] / "classes.json").read_text())
    job = Job("composites", 0, [blank, sources[1]], {})
    with pytest.raises(RsvlmError, match="Nothing can be cut out"):
        next(composite_records(blank, sources[1], tmp_path / "p", Wanted(1, 0, 0, False, 0), tmp_path / "r", job))


def test_what_goes_on_beyond_the_picture_or_has_grown_together_is_no_thing():
    mask = np.zeros((120, 160), bool)
    mask[0:30, 20:50] = mask[60:90, 20:50] = True
    mask[50:110, 90:93] = mask[107:110, 90:150] = True  # an angle, of which its box is mostly empty
    random = Job("composites", 0, [], {}).draw("cut")
    found = list(cuttings(np.zeros((120, 160, 3), np.uint8), {"building": mask}, random))
    assert len(found) == 1 and found[0].mask.shape == (34, 34) and found[0].mask.sum() == 900
