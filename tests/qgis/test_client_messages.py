"""What goes out and what comes back, as data."""

from __future__ import annotations

import gc
import json

import pytest


def test_describe_is_a_streamed_chat_completion_with_a_raster_part() -> None:
    from rsvlm.protocol import DescribeRequest, Raster
    from rsvlm.rsvlm_plugin.client.messages import describe_call

    raster = Raster(href="/data/a.tif", crs="EPSG:3857", extent=(0, 1, 2, 3), bands=(4, 3, 2))
    call = describe_call(DescribeRequest(raster, "detailed"))
    body = json.loads(json.dumps(call.body))
    assert (call.path, call.streams) == ("/v1/chat/completions", True)
    assert body["stream"] is True and body["model"] == "compact"
    assert body["rsvlm"] == {"task": "describe", "style": "detailed"}
    part = body["messages"][0]["content"][1]
    wanted = {"href": "/data/a.tif", "crs": "EPSG:3857", "extent": [0, 1, 2, 3], "bands": [4, 3, 2]}
    assert part == {"type": "raster", "raster": wanted}


def test_click_is_a_streamed_request_of_what_is_at_a_place() -> None:
    from rsvlm.protocol import Raster, RefineRequest
    from rsvlm.rsvlm_plugin.client.messages import find_call

    call = find_call(RefineRequest(Raster("/kept/1.tif"), "roofs", (3.5, 4.0), "geopix", 0.3, 1.5))
    body = json.loads(json.dumps(call.body))
    assert (call.path, call.streams, body["model"]) == ("/v1/chat/completions", True, "geopix")
    assert body["messages"][0]["content"][1]["raster"] == {"href": "/kept/1.tif"}
    assert body["rsvlm"] == {
        "task": "refine", "phrase": "roofs", "at": [3.5, 4.0], "likely": 0.3, "tolerance_m": 1.5, "right_angles": False
    }  # fmt: skip


def test_event_gives_words_progress_evidence_and_answer() -> None:
    from rsvlm.rsvlm_plugin.client.messages import read_event

    assert read_event('{"choices": [{"delta": {"content": "A lake"}}]}').text == "A lake"
    assert read_event('{"rsvlm": {"progress": {"done": 2, "total": 9, "note": "x"}}}').progress == (2, 9, "x")
    seen = {"kind": "tile", "geometry": {"type": "Point", "coordinates": [1, 2]}, "label": "lake", "new_field": 1}
    assert read_event(json.dumps({"rsvlm": {"evidence": seen}})).evidence[0].label == "lake"
    drawn = {"type": "MultiPolygon", "coordinates": []}
    assert read_event(json.dumps({"rsvlm": {"sketch": drawn}})).sketch == drawn
    answer = {"text": "A lake.", "confidence": 0.5, "evidence": [seen]}
    whole = read_event(json.dumps({"rsvlm": {"answer": answer}})).answer
    assert (whole.text, whole.confidence, whole.evidence[0].kind) == ("A lake.", 0.5, "tile")


def test_answer_without_evidence_rests_on_what_was_heard_before_it() -> None:
    from rsvlm.rsvlm_plugin.client.messages import read_event

    seen = {"kind": "tile", "geometry": {"type": "Point", "coordinates": [1, 2]}, "label": "lake"}
    heard = read_event(json.dumps({"rsvlm": {"evidence": seen}})).evidence
    assert read_event('{"rsvlm": {"answer": {"text": "A lake."}}}', heard).answer.evidence == heard
    assert read_event('{"rsvlm": {"answer": {"text": "No.", "evidence": []}}}', heard).answer.evidence == []


def test_garbage_collection_forgets_outlines() -> None:
    """Tens of thousands are kept; looked through again and again, they would hold QGIS up."""
    from rsvlm.rsvlm_plugin.client.messages import read_event

    corners = [[[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.0]]]
    seen = {"kind": "mask", "geometry": {"type": "Polygon", "coordinates": corners}, "label": "lake"}
    streamed = read_event(json.dumps({"rsvlm": {"evidence": seen}})).evidence
    whole = read_event(json.dumps({"rsvlm": {"answer": {"text": "", "evidence": [seen]}}})).answer.evidence
    for _level in range(3):  # of tuples within tuples
        gc.collect()
    for (item,) in (streamed, whole):
        assert not gc.is_tracked(item.geometry["coordinates"])
        assert json.loads(json.dumps(item.geometry)) == seen["geometry"]


def test_error_in_the_stream_keeps_its_code_message_and_hint() -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.messages import read_event

    error = {"code": "bad_extent", "message": "It lies outside.", "hint": "Zoom in.", "request_id": "1"}
    with pytest.raises(RsvlmError) as caught:
        read_event(json.dumps({"error": error}))
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "bad_extent",
        "It lies outside.",
        "Zoom in.",
    )


@pytest.mark.parametrize("received", [b"<html>", b"[]", b"\xff\xfe", b""])
def test_what_is_no_json_object_is_said_in_words(received: bytes) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.messages import read_object

    with pytest.raises(RsvlmError, match="does not understand"):
        read_object(received)
