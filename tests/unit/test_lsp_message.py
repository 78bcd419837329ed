"""From a body to a message: what is JSON-RPC, what is not, and what would like to be a bomb."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from glm_lsp.lsp.wire.message import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    MAX_CONTAINERS,
    MAX_DEPTH,
    PARSE_ERROR,
    Malformed,
    Message,
    Notification,
    Request,
    Response,
    parse,
)


def read(value: Any) -> Message:
    message, rest = parse(json.dumps(value).encode())
    assert rest == b""
    return message


def refusal(body: bytes) -> Malformed:
    message, _ = parse(body)
    assert isinstance(message, Malformed)
    return message


def test_the_three_kinds() -> None:
    assert read({"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": 1}}) == Request(1, "m", {"a": 1})
    assert read({"jsonrpc": "2.0", "id": "x", "method": "m"}) == Request("x", "m", None)
    assert read({"jsonrpc": "2.0", "method": "m", "params": [1]}) == Notification("m", [1])
    assert read({"jsonrpc": "2.0", "method": "m", "params": 5}) == Notification("m", 5)
    assert read({"jsonrpc": "2.0", "id": "x", "result": None}) == Response("x", None, None)
    assert read({"id": None, "error": {"code": 1}}) == Response(None, None, {"code": 1})


@pytest.mark.parametrize(
    ("value", "code", "identifier"),
    [
        ([], INVALID_REQUEST, None),
        ([{"jsonrpc": "2.0", "id": 1, "method": "m"}], INVALID_REQUEST, None),
        (5, INVALID_REQUEST, None),
        ({}, INVALID_REQUEST, None),
        ({"id": 1}, INVALID_REQUEST, 1),
        ({"id": 1, "method": "m"}, INVALID_REQUEST, 1),
        ({"jsonrpc": "1.0", "id": 1, "method": "m"}, INVALID_REQUEST, 1),
        ({"jsonrpc": "2.0", "id": "a", "method": 5}, INVALID_REQUEST, "a"),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "m"}, INVALID_REQUEST, 1.5),
        ({"jsonrpc": "2.0", "id": True, "method": "m"}, INVALID_REQUEST, None),
        ({"jsonrpc": "2.0", "id": None, "method": "m"}, INVALID_REQUEST, None),
        ({"jsonrpc": "2.0", "id": [1], "method": "m"}, INVALID_REQUEST, None),
        ({"jsonrpc": "2.0", "id": 1, "method": "m", "params": "p"}, INVALID_PARAMS, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": "m", "params": 5}, INVALID_PARAMS, 1),
    ],
)
def test_what_is_json_but_not_json_rpc(value: Any, code: int, identifier: object) -> None:
    message = read(value)
    assert isinstance(message, Malformed)
    assert (message.code, message.id) == (code, identifier)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b'{"jsonrpc": "2.0", "id": 1,',
        b"{'jsonrpc': '2.0'}",
        b'{"id": NaN}',
        b'{"id": Infinity}',
        b'{"id": -Infinity}',
        b'{"id": 1' + b"0" * 5000 + b"}",
        b'{"a": "\xff\xfe"}',
        b'{"a": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b"\x00" * 40,
        '{"id": 1}'.encode("utf-16"),
        b'{"a": "line\nbreak"}',
    ],
)
def test_what_is_not_json(body: bytes) -> None:
    assert refusal(body).code == PARSE_ERROR
    assert refusal(body).id is None


def nested(depth: int) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"m","params":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_nesting_is_allowed_to_its_limit() -> None:
    assert isinstance(parse(nested(MAX_DEPTH))[0], Request)
    assert refusal(nested(MAX_DEPTH + 1)).code == PARSE_ERROR


def test_brackets_in_strings_do_not_nest() -> None:
    text = '[{"\\' * 5000
    message = read({"jsonrpc": "2.0", "method": "m", "params": {"text": text}})
    assert message == Notification("m", {"text": text})


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 100_000,
        b"[" * 5_000_000,
        b'{"a":' * 1_000_000,
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b'["' + b'\\"' * 1_000_000,
        b'[[["' * 500_000,
    ],
    ids=["deep", "deeper", "objects", "closed", "quotes", "open strings"],
)
def test_a_bomb_is_refused_soon(bomb: bytes) -> None:
    start = time.thread_time()
    assert refusal(bomb).code == PARSE_ERROR
    assert time.thread_time() - start < 0.1


def test_a_wide_bomb_is_refused_before_it_takes_memory() -> None:
    assert "objects" in refusal(b"[" + b"[]," * (MAX_CONTAINERS + 1) + b"[]]").reason
    assert isinstance(
        parse(b'{"jsonrpc":"2.0","method":"m","params":[' + b"[]," * 100_000 + b"1]}")[0], Notification
    )


@pytest.mark.parametrize("space", [b"", b"\r\n", b"  "])
def test_what_follows_a_complete_message_is_handed_back(space: bytes) -> None:
    first = b'{"jsonrpc":"2.0","id":1,"method":"m"}'
    message, rest = parse(first + space + b'Content-Length: 5\r\n\r\n{"js')
    assert message == Request(1, "m", None)
    assert rest == b'Content-Length: 5\r\n\r\n{"js'
    assert parse(b" " + first + b" \r\n")[1] == b""
