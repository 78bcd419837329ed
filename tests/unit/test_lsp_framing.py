"""Cutting the byte stream: whole, in pieces, and broken in every way that has been thought of."""

from __future__ import annotations

import random
import time

import pytest

from glm_lsp.lsp.wire.framing import MAX_BODY_BYTES, MAX_SKIPPED_BYTES, Fault, FrameDecoder


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def decode(stream: bytes, *, piece_size: int | None = None) -> list[bytes | Fault]:
    decoder = FrameDecoder()
    events: list[bytes | Fault] = []
    size = piece_size or max(1, len(stream))
    for start in range(0, len(stream), size):
        decoder.feed(stream[start : start + size])
        while (event := decoder.next_event()) is not None:
            events.append(event)
    return events


def kinds(events: list[bytes | Fault]) -> list[bytes | str]:
    return ["fault" if isinstance(event, Fault) else event for event in events]


@pytest.mark.parametrize("piece_size", [None, 1, 2, 3, 7])
def test_frames_arrive_whatever_the_pieces(piece_size: int | None) -> None:
    bodies = [b"{}", b"", b"x" * 50, b"\r\n\r\n", b"Content-Length: 3\r\n\r\nabc"]
    assert decode(b"".join(map(frame, bodies)), piece_size=piece_size) == bodies


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length:2\r\n\r\n",
        b"CONTENT-LENGTH:\t2 \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        b"Content-Length: 2\n\n",
        b"\r\n\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_headers_are_read_generously(header: bytes) -> None:
    assert decode(header + b"{}" + frame(b"[]")) == [b"{}", b"[]"]


@pytest.mark.parametrize(
    "broken",
    [
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: \r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: abc\r\n\r\n",
        b"Content-Length: 1e3\r\n\r\n",
        b"Content-Length: 9999999999999999999999\r\n\r\n",
        b"garbage\r\n\r\n",
        b"garbage without an end",
        b'{"jsonrpc":"2.0","id":1,"method":"shutdown"}',
        b"Content-Type: x\r\n\r\n{}",
        b"\x00\xff\xfe" * 10,
        b"x" * 20_000,
        b"\r\n\r\n".join([b"again", b"and", b"again", b""]),
    ],
)
@pytest.mark.parametrize("piece_size", [None, 1000, 3])
def test_a_broken_stretch_is_one_fault_and_the_next_frame_is_found(
    broken: bytes, piece_size: int | None
) -> None:
    stream = frame(b"{1}") + broken + frame(b"{2}") + frame(b"{3}")
    assert kinds(decode(stream, piece_size=piece_size)) == [b"{1}", "fault", b"{2}", b"{3}"]


def test_a_second_broken_stretch_is_told_of_again() -> None:
    stream = b"bad\r\n\r\n" + frame(b"{1}") + b"bad\r\n\r\n" + frame(b"{2}")
    assert kinds(decode(stream)) == ["fault", b"{1}", "fault", b"{2}"]


def test_too_large_a_message_is_skipped_without_being_kept() -> None:
    size = MAX_BODY_BYTES + 1
    decoder = FrameDecoder()
    decoder.feed(b"Content-Length: %d\r\n\r\n" % size)
    fault = decoder.next_event()
    assert isinstance(fault, Fault)
    assert not fault.fatal
    piece = b"x" * 1_000_000
    for _ in range(size // len(piece)):
        decoder.feed(piece)
        assert decoder.next_event() is None
        assert len(decoder._buffer) == 0
    decoder.feed(b"x" * (size % len(piece)) + frame(b"{}"))
    assert decoder.next_event() == b"{}"


def test_the_largest_message_is_read() -> None:
    body = b" " * MAX_BODY_BYTES
    assert decode(frame(body), piece_size=2**20) == [body]


def test_an_absurd_length_is_fatal() -> None:
    (fault,) = decode(b"Content-Length: %d\r\n\r\n" % (MAX_SKIPPED_BYTES + 1))
    assert isinstance(fault, Fault)
    assert fault.fatal


def test_the_tail_of_a_body_can_be_given_back() -> None:
    decoder = FrameDecoder()
    decoder.feed(b"Content-Length: 30\r\n\r\n{}" + frame(b"[1]") + frame(b"[2]"))
    body = decoder.next_event()
    assert isinstance(body, bytes)
    assert body.startswith(b"{}Content-Length")
    decoder.unread(body[2:])
    assert [decoder.next_event(), decoder.next_event(), decoder.next_event()] == [b"[1]", b"[2]", None]


def test_garbage_between_frames_never_costs_a_frame() -> None:
    rng = random.Random(1)
    for _ in range(300):
        bodies = [bytes(rng.choices(b'{}[]",:x1\r\n ', k=rng.randrange(60))) for _ in range(6)]
        stream = b"".join(
            bytes(rng.choices(b"abc{}: \r\n", k=rng.randrange(40))) + frame(body) for body in bodies
        )
        events = decode(stream, piece_size=rng.randrange(1, 50))
        assert [event for event in events if isinstance(event, bytes)] == bodies


def test_many_frames_in_one_piece_take_linear_time() -> None:
    stream = frame(b"x" * 40) * 20_000
    start = time.thread_time()
    assert len(decode(stream)) == 20_000
    assert time.thread_time() - start < 2
