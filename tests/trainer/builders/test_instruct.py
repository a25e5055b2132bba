"""Instructions from captions, boxes and outlines: each number, place and verdict is that of the regions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.models.boxes import read as read_boxes
from rsvlm.protocol import Record
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.instruct import instruct_records
from rsvlm.trainer.builders.refer import refer_records
from rsvlm.trainer.builders.wording import NUMBERS, templates
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import bbox_of, encode

CLASSES = ("ship", "storage_tank", "harbor", "bridge")
PLURALS = {"ships": "ship", "storage tanks": "storage tank", "harbors": "harbor", "bridges": "bridge"}
NAMED = PLURALS | {name: name for name in PLURALS.values()}
CELLS = {words: cell for cell, words in templates()["places"].items()}


@pytest.fixture
def given(tmp_path: Path, picture: Callable[..., Path]) -> Path:
    """15 pictures of 120 x 90 pixels with random boxes, two captions and a scene, as two records each."""
    generator = np.random.default_rng(2)
    rows = []
    for number in range(15):
        href = str(picture(tmp_path / f"{number}.png", np.full((90, 120, 3), 80, np.uint8)))
        regions = []
        for _ in range(generator.integers(1, 6)):
            x, y = (int(value) for value in generator.integers(0, (100, 70)))
            width, height = (int(value) for value in generator.integers(3, 20, 2))
            regions.append({"label": str(generator.choice(CLASSES)), "bbox": [x, y, x + width, y + height]})
        talk = [
            {"role": "user", "content": "?"},
            *({"role": "assistant", "content": c} for c in ("Ships.", "Some ships here")),
        ]
        rows.append(Record(f"c{number}", "caption", "val", [{"href": href}], talk, meta={"scene": "port"}))
        rows.append(Record(f"g{number}", "ground", "val", [{"href": href}], [], regions))
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    return path


def made(path: Path, seed: int = 0, questions: int = 99) -> list[Record]:
    return list(instruct_records(Records(path), False, questions, Job("instruct", seed, [path], {})))


def label_in(text: str) -> str:
    return NAMED[max((name for name in NAMED if re.search(rf"\b{name}\b", text)), key=len)]


def cell_of(box: list[float]) -> str:
    x, y = (box[0] + box[2]) / 2 / 120, (box[1] + box[3]) / 2 / 90
    return f"{('top', 'center', 'bottom')[int(3 * y)]}-{('left', 'center', 'right')[int(3 * x)]}"


def is_true(question: str, answer: str, boxes: list[tuple[str, list[float]]]) -> bool:
    """Whether an answer is right, read from the words of the question."""
    counts = Counter(label for label, _ in boxes)
    there = Counter((label, cell_of(box)) for label, box in boxes)
    if re.match(r"What (lies|is to be seen)", question):
        cell = CELLS[re.search(r"((?:at the|in the) .*?)(?: of the image)?\?", question)[1]]
        parts = re.split(r", | and ", answer.lower().rstrip("."))
        told = {label_in(part): NUMBERS.index(part.split()[0]) for part in parts}
        return told == {label: count for (label, place), count in there.items() if place == cell}
    where = next((CELLS[words] for words in sorted(CELLS, key=len, reverse=True) if words in question), "")
    if where:
        return (answer == "yes") == ((label_in(question), where) in there)
    if question.startswith(("Is there", "Does the image")):
        return (answer == "yes") == (label_in(question) in counts)
    if question.startswith(("How many", "Count")):
        return int(answer) == counts[label_in(question)]
    if question.startswith(("Where", "In which part")):
        place = next(CELLS[words] for words in sorted(CELLS, key=len, reverse=True) if words in answer)
        return counts[label_in(question)] == 1 and (label_in(question), place) in there
    if question.startswith("Are there more"):
        first, second = (label_in(part) for part in question.split(" than "))
        return answer.startswith("Yes" if counts[first] > counts[second] else "No")
    return answer == "port"


def test_every_answer_is_that_of_the_boxes(given: Path):
    boxes = {
        f"c{record.id[1:]}": [(region["label"].replace("_", " "), region["bbox"]) for region in record.regions]
        for record in Records(given)
        if record.task == "ground"
    }
    kinds: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for record in made(given):
        kinds[record.meta["type"]] += 1
        turns = list(zip(record.messages[::2], record.messages[1::2], strict=False))
        if record.task == "chat":
            assert len(turns) == 4 and len(record.messages) == 8
            turns = turns[1:]
        if record.task in ("vqa", "chat"):
            for question, answer in turns:
                assert is_true(question["content"], answer["content"], boxes[record.meta["of"]]), (
                    record.id,
                    question,
                    answer,
                )
                verdicts[answer["content"]] += 1
    assert set(kinds) == {
        "brief", "detailed", "presence", "count", "compare", "scene", "where", "here", "inside", "ground", "identify", "dialogue",
    }  # fmt: skip
    assert kinds["brief"] == kinds["detailed"] == kinds["dialogue"] == 15 and min(verdicts["yes"], verdicts["no"]) > 20


def test_all_things_of_a_class_are_grounded_and_a_box_is_named(given: Path):
    originals = {f"c{record.id[1:]}": record for record in Records(given) if record.task == "ground"}
    for record in made(given):
        regions = originals[record.meta["of"]].regions
        if record.task == "ground":
            label = label_in(record.messages[0]["content"])
            wanted = [region["bbox"] for region in regions if region["label"].replace("_", " ") == label]
            assert [region["bbox"] for region in record.regions] == wanted
            assert (label in PLURALS.values()) and (record.messages[0]["content"] == f"the {label}") == (
                len(wanted) == 1
            )
        if record.task == "identify":
            (box,) = read_boxes(record.messages[0]["content"], "percent", 120, 90).boxes
            region = record.regions[0]
            assert [box.x0, box.y0, box.x1, box.y1] == pytest.approx(region["bbox"], abs=0.7)
            assert record.captions == [region["label"]]


def test_descriptions_say_the_longest_caption_and_how_many(given: Path):
    for record in made(given):
        if record.meta["type"] == "detailed":
            assert record.captions[0].startswith("Some ships here. There ")
        if record.meta["type"] == "brief":
            assert record.captions == ["Ships.", "Some ships here"]


def test_thing_that_several_phrases_mean_is_one_thing(tmp_path: Path, picture: Callable[..., Path]):
    """As “rsvlm data refer” leaves them: of each thing a record for each phrase."""
    pixels = np.full((90, 120, 3), 80, np.uint8)
    boxes = {"small": [10, 10, 20, 20], "large": [60, 30, 110, 70]}
    regions = []
    for x0, y0, x1, y1 in boxes.values():
        pixels[y0:y1, x0:x1] = 200
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
        regions.append({"label": "ship", "bbox": [x0, y0, x1, y1], "polygon": [ring]})
    href = str(picture(tmp_path / "ships.png", pixels))
    path = tmp_path / "drawn.jsonl"
    path.write_text(json.dumps(Record("r", "segment", "train", [{"href": href}], [], regions).to_json()) + "\n")
    phrases = list(refer_records(Records(path), False, 1, 9, 0, Job("refer", 0, [path], {})))
    assert len(phrases) > 4 and len({record.messages[0]["content"] for record in phrases}) == len(phrases)
    path = tmp_path / "phrases.jsonl"
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in phrases))
    for apart in (False, True):
        found = list(instruct_records(Records(path), apart, 99, Job("instruct", 0, [path], {})))
        (count,) = [record for record in found if record.meta["type"] == "count"]
        assert count.messages[-1]["content"] == "2"
        (ground,) = [record for record in found if record.task == "ground"]
        assert sorted(region["bbox"] for region in ground.regions) == sorted(boxes.values())
        (long,) = [record for record in found if record.meta["type"] == "detailed"]
        assert "two ships" in long.messages[-1]["content"].lower()


def test_seed_and_number_of_questions(given: Path):
    first = [record.to_json() for record in made(given, 0, 2)]
    assert (
        first
        == [record.to_json() for record in made(given, 0, 2)]
        != [record.to_json() for record in made(given, 1, 2)]
    )
    assert max(Counter(row["meta"]["of"] for row in first if row["task"] == "vqa").values()) == 2
    assert {row["split"] for row in first} == {"val"} and len({row["id"] for row in first}) == len(first)


def test_picture_of_two_splits_is_held_out_with_all_that_it_shows(tmp_path: Path, picture: Callable[..., Path]):
    href = str(picture(tmp_path / "a.png", np.full((60, 60, 3), 80, np.uint8)))
    path = tmp_path / "given.jsonl"
    rows = [
        Record(split, "ground", split, [{"href": href}], [], [{"label": "ship", "bbox": [x, 5, x + 10, 15]}])
        for split, x in (("train", 2), ("test", 45))
    ]
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    found = made(path)
    assert {record.split for record in found} == {"test"}
    assert [record.captions for record in found if record.meta["type"] == "count"] == [["2"]]


def written(folder: Path, rows: list[Record]) -> Path:
    path = folder / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    return path


def asked_of(records: list[Record], kind: str) -> dict[str, str]:
    """Question -> answer."""
    return {r.messages[0]["content"]: r.captions[0] for r in records if r.meta["type"] == kind}


def test_records_of_a_picture_belong_together_wherever_they_stand(tmp_path: Path, picture: Callable[..., Path]):
    one, other = (str(picture(tmp_path / f"{name}.png", np.full((60, 60, 3), 80, np.uint8))) for name in "ab")
    rows = [
        Record(name, "ground", split, [{"href": href}], [], [{"label": label, "bbox": [x, 5, x + 10, 15]}])
        for name, split, href, label, x in (
            ("1", "train", one, "ship", 2),
            ("2", "train", other, "car", 2),
            ("3", "test", one, "car", 45),
        )
    ]
    found = made(written(tmp_path, rows))
    assert [record.meta["of"] for record in found] == sorted(record.meta["of"] for record in found)
    first = [record for record in found if record.images[0]["href"] == one]
    assert {record.split for record in first} == {"test"} and len({record.id for record in found}) == len(found)
    presence = asked_of(first, "presence")
    assert len(presence) == 2 and set(presence.values()) == {"yes"}


def test_things_that_fill_a_part_are_told_of_it(tmp_path: Path, picture: Callable[..., Path]):
    """A harbor over all of the picture and a car at the top left: it is not said that there lies a car alone."""
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 80, np.uint8)))
    boxes = [{"label": "harbor", "bbox": [0, 0, 90, 90]}, {"label": "car", "bbox": [10, 10, 20, 20]}]
    path = written(tmp_path, [Record("a", "ground", "train", [{"href": href}], [], boxes)])
    assert set(asked_of(made(path), "here").values()) == {"One harbor."}, "in the middle, where there is nothing else"
    path = written(tmp_path, [Record("a", "ground", "train", [{"href": href}], [], boxes[1:])])
    assert set(asked_of(made(path), "here").values()) == {"One car."}


def cover(href: str, names: dict[str, np.ndarray], classes: list[str]) -> Record:
    """As “rsvlm data convert masks” writes it."""
    regions = [
        {"label": name, **({"bbox": box} if (box := bbox_of(mask)) else {}), "rle": encode(mask)}
        for name, mask in names.items()
    ]
    return Record("a", "segment", "train", [{"href": href}], [], regions, {"classes": classes})


def test_masks_of_whole_classes_are_told_by_class_and_not_counted(tmp_path: Path, picture: Callable[..., Path]):
    """Two houses and a lake, called as windows call them; there is no road."""
    href = str(picture(tmp_path / "a.png", np.full((60, 60, 3), 80, np.uint8)))
    houses, lake, nothing = (np.zeros((60, 60), bool) for _ in range(3))
    houses[5:15, 5:15] = houses[5:15, 45:55] = True
    lake[30:] = True
    names = {"roofs": houses, "open water": lake, "streets and roads": nothing}
    path = written(tmp_path, [cover(href, names, ["building", "water"])])
    found = made(path)
    assert {record.meta["type"] for record in found} == {"detailed", "presence", "dialogue"}
    assert [record.captions for record in found if record.meta["type"] == "detailed"] == [
        ["There are buildings and water."]
    ]
    for question, answer in asked_of(found, "presence").items():
        asked = re.match(r"(?:Are there|Is there|Does the image show) (buildings|water|roads)\b", question)
        assert asked and (answer == "no") == (asked[1] == "roads"), question
        assert question.startswith("Is there") <= (asked[1] == "water")
    apart = list(instruct_records(Records(path), True, 99, Job("instruct", 0, [path], {})))
    assert list(asked_of(apart, "count").values()) == ["2"]
    assert "There are two buildings and an area of water." in next(
        record.captions[0] for record in apart if record.meta["type"] == "detailed"
    )


def test_class_of_a_set_keeps_its_name_though_another_one_is_called_so(tmp_path: Path, picture: Callable[..., Path]):
    href = str(picture(tmp_path / "a.png", np.full((60, 60, 3), 80, np.uint8)))
    found = made(written(tmp_path, [cover(href, {"roofs": np.ones((60, 60), bool)}, ["roofs"])]))
    assert found[0].captions == ["There are roofs."]


@pytest.mark.parametrize(
    "labels, told",
    [
        (["water"], "There is an area of water."),
        (["water", "water"], "There are areas of water."),
        (["building", "ship", "ship"], "There is one building and two ships."),
        (["buildings"], "There are buildings."),
    ],
)
def test_inventory_agrees_with_what_it_names(
    tmp_path: Path, picture: Callable[..., Path], labels: list[str], told: str
):
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 80, np.uint8)))
    places = ((25, 25), (55, 25), (25, 55))  # between the cells of the grid
    boxes = [{"label": label, "bbox": [x, y, x + 10, y + 10]} for label, (x, y) in zip(labels, places, strict=False)]
    found = made(written(tmp_path, [Record("a", "ground", "train", [{"href": href}], [], boxes)]))
    assert [record.captions for record in found if record.meta["type"] == "detailed"] == [[told]]


def test_what_gives_no_instruction_is_told(tmp_path: Path, picture: Callable[..., Path]):
    href = str(picture(tmp_path / "a.png", np.zeros((30, 30, 3), np.uint8)))
    rows = [
        Record("a", "vqa", "train", [{"href": href}], []),
        Record(
            "b", "ground", "train", [{"href": str(tmp_path / "gone.png")}], [], [{"label": "x", "bbox": [0, 0, 1, 1]}]
        ),
        Record("c", "change", "train", [{"href": href}, {"href": href}], []),
    ]
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    result = CliRunner().invoke(data_app, ["instruct", str(path), "-o", str(tmp_path / "out.jsonl")])
    assert (
        result.exception
        and "No record could be made" in str(result.exception)
        and not (tmp_path / "out.jsonl").exists()
    )
    job = Job("instruct", 0, [path], {})
    assert not list(instruct_records(Records(path), False, 5, job)) and sum(job.left_out.values()) == 3
