"""What knowledge is worth: answers with passages and without, passages that were found, passages that were cited."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.library.documents import Document
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import AskRequest, Raster, RsvlmError, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.knowledge import add, known
from rsvlm.trainer.evaluation import Beside, Kept, evaluate
from rsvlm.trainer.scoring import score_file


@pytest.fixture
def library(tmp_path: Path, models: Models) -> Path:
    documents = [Document("Quay", "Ships are loaded here.", "port.org"), Document("Farm", "Wheat grows.", "farm.org")]
    assert add(tmp_path / "known.gpkg", documents, None, models, Watch()).added == 2
    return tmp_path / "known.gpkg"


def test_answers_are_those_of_the_plugin_with_a_library_and_without(
    add_family, models: Models, library: Path, pictures, records, kept, tmp_path: Path
):
    add_family("geopix", ("ships", "load", "[1]", "here", "{<0><0><50><50>}"))
    predictor = models.get("geopix")
    question = "Where are ships loaded?"
    data = records(
        ("vqa", pictures[:1], question, ["ships load here [1]"], {"meta": {"passages": ["port.org"]}}),
        ("rag", pictures[1:2], question, ["nowhere"], {"meta": {"passages": ["Museum"]}}),
    )
    beside = Beside(library=library, models=models)
    result = evaluate("rag", data, predictor, beside=beside, kept=Kept(tmp_path / "said.jsonl"))
    rows = kept()
    seen = predictor.encode([np.asarray(Image.open(path)) for path in pictures[:2]])
    plain = predictor.ask(seen, [Question(f"[vqa] {question}")] * 2)
    assert [reply.text for reply in plain] == ["ships load [1] here {<0><0><50><50>}"] * 2
    assert [row["without"] for row in rows] == ["ships load [1] here [1]"] * 2
    assert [row["prediction"] for row in rows] == ["ships load here [1]"] * 2, "a box is no citation"
    given = known(str(library), question, Raster(href=str(pictures[0])), models, Watch())
    assert rows[0]["given"] == [[passage.title, passage.source] for passage in given.passages]
    assert rows[0]["cited"] == rows[0]["given"][:1]
    request = AskRequest(Raster(href=str(pictures[0])), question, model="geopix", knowledge=str(library))
    answer = TASKS["ask"].run(request, models, Watch())
    assert answer.evidence[0].source == rows[0]["cited"][0][1] and "[1]" in answer.text
    cited = float(rows[0]["cited"][0][1] == "port.org")
    assert result["metrics"] == {
        "accuracy with knowledge": 0.5, "accuracy without": 0, "gain": 0.5, "retrieved": 0.5, "cited": cited / 2,
        "answers that cite": 1,
    }  # fmt: skip
    again = score_file("rag", tmp_path / "said.jsonl")
    assert {**result, **again, "data": "records.jsonl"} == result


def test_words_of_a_reference_count_wherever_they_stand(tmp_path: Path):
    rows = [
        {"id": 1, "prediction": "It is the old port of Kiel.", "without": "a port", "references": ["old port"]},
        {"id": 2, "prediction": "sports", "without": "ports", "references": ["port"], "passages": "Quay"},
        {"id": 3, "prediction": "a port", "without": "port", "references": ["port"], "cited": [["Quay", ""]]},
    ]
    (tmp_path / "said.json").write_text(json.dumps(rows))
    found = score_file("rag", tmp_path / "said.json", "contains")["metrics"]
    assert found["accuracy with knowledge"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["accuracy without"] == pytest.approx(1 / 3, abs=1e-6) and found["retrieved"] == 0
    assert found["answers that cite"] == pytest.approx(1 / 3, abs=1e-6)
    assert score_file("rag", tmp_path / "said.json")["metrics"]["gain"] == pytest.approx(-1 / 3, abs=1e-6)
    del rows[1]["without"]
    (tmp_path / "said.json").write_text(json.dumps(rows))
    with pytest.raises(RsvlmError, match="no answer without knowledge"):
        score_file("rag", tmp_path / "said.json")


def test_library_that_is_not_there_is_told(add_family, models: Models, pictures, records, tmp_path: Path):
    add_family("geopix", ("ships",))
    data = records(("vqa", pictures[:1], "Where?", ["here"], {}))
    with pytest.raises(RsvlmError, match="no knowledge to answer with"):
        evaluate("rag", data, models.get("geopix"))
    with pytest.raises(RsvlmError, match="none"):
        evaluate("rag", data, models.get("geopix"), beside=Beside(library=tmp_path / "none.gpkg", models=models))
