"""Events are the same however the bytes are cut."""

from __future__ import annotations

import time

import pytest


def events(*pieces: bytes) -> list:
    from rsvlm.rsvlm_plugin.client.sse import EventStream

    stream = EventStream()
    return [event for piece in pieces for event in stream.feed(piece)]


WHOLE = b': keep-alive\n\nevent: x\ndata: {"a": "\xc3\xbc"}\r\n\r\ndata:first\ndata: second\n\ndata: [DONE]\n\n'
WANTED = ['{"a": "ü"}', "first\nsecond", "[DONE]"]


def test_comments_and_field_names_are_not_events() -> None:
    assert events(WHOLE) == WANTED


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_events_do_not_depend_on_how_the_bytes_are_cut(size: int) -> None:
    assert events(*(WHOLE[i : i + size] for i in range(0, len(WHOLE), size))) == WANTED


def test_event_without_its_blank_line_is_not_there_yet() -> None:
    assert events(b"data: half\n") == []
    assert events(b"data: half\n", b"\n") == ["half"]


def test_event_that_a_server_left_open_is_completed_by_the_end() -> None:
    from rsvlm.rsvlm_plugin.client.sse import END

    assert events(b"data: last", END) == ["last"]
    assert events(b"data: last\n\n", END) == ["last"]


def test_error_in_a_field_of_its_own_is_an_error_event() -> None:
    assert events(b'error: {"code": 500}\n\n') == ['{"error":  {"code": 500}}']


def test_a_line_of_megabytes_costs_what_it_is_long_however_small_the_pieces() -> None:
    line = b'data: "' + b"x" * 8_000_000 + b'"\n\n'
    pieces = [line[i : i + 16_384] for i in range(0, len(line), 16_384)]
    before = time.thread_time()
    (event,) = events(*pieces)
    spent = time.thread_time() - before
    print(f"{len(pieces)} pieces: {1000 * spent:.0f} ms")
    assert event == line[6:-2].decode() and spent < 0.5
