"""One JSON-RPC message: from the bytes of a body to a request, a notification, a response, or why it is none."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn, TypeGuard

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602

MAX_DEPTH = 128
MAX_CONTAINERS = 250_000
"""Objects and arrays of one message: each costs some sixty times the bytes that announce it."""

# Possessive, and with an optional closing quote, so that hostile input takes linear time.
_STRING_OR_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]+|[\]}]+', re.DOTALL)
_OPENING = b"[{"
_CLOSING = b"]}"
_WHITESPACE = " \t\r\n"

Id = int | str


@dataclass(frozen=True, slots=True)
class Request:
    """Wants exactly one reply."""

    id: Id
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notification:
    """Wants none."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Response:
    """The editor's answer to a request of ours."""

    id: Any
    result: Any
    error: Any


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not JSON-RPC; to be answered with an error, by id where one could be read (be it a fraction)."""

    code: int
    reason: str
    id: Id | float | None = None


Message = Request | Notification | Response | Malformed


def parse(body: bytes) -> tuple[Message, bytes]:
    """Reads a body; never raises.

    Returns:
        The message, and the bytes behind it if the body went on after a complete message: its length was
        announced too large, so they are the beginning of the next one.
    """
    try:
        _check_nesting(body)
        text = body.decode("utf-8")
        begin = len(text) - len(text.lstrip(_WHITESPACE))
        value, end = _DECODER.raw_decode(text, begin)
    except (ValueError, RecursionError) as error:
        return Malformed(PARSE_ERROR, f"not JSON: {_reason(error)}"), b""
    return _classify(value), text[end:].lstrip(_WHITESPACE).encode("utf-8", "surrogatepass")


def _check_nesting(body: bytes) -> None:
    """Looks before the parser does, which would spend its time and memory first."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = num_containers = 0
    for match in _STRING_OR_BRACKETS.finditer(body):
        size = match.end() - match.start()
        if body[match.start()] in _OPENING:
            depth += size
            num_containers += size
        elif body[match.start()] in _CLOSING:
            depth -= size
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if num_containers > MAX_CONTAINERS:
            raise ValueError(f"more than {MAX_CONTAINERS} objects and arrays")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    return str(error) or "nested too deeply"


def _classify(value: Any) -> Message:
    if not isinstance(value, dict):
        return Malformed(INVALID_REQUEST, "a message is an object; batches are not part of LSP")
    if "method" not in value and ("result" in value or "error" in value):
        return Response(value.get("id"), value.get("result"), value.get("error"))
    identifier = value.get("id")
    problem = _problem(value)
    if problem is not None:
        return Malformed(*problem, id=identifier if _can_be_named(identifier) else None)
    if "id" in value:
        return Request(value["id"], value["method"], value.get("params"))
    return Notification(value["method"], value.get("params"))


def _problem(value: dict[str, Any]) -> tuple[int, str] | None:
    if value.get("jsonrpc") != "2.0":
        return INVALID_REQUEST, 'jsonrpc must be "2.0"'
    if not isinstance(value.get("method"), str):
        return INVALID_REQUEST, "method must be a string"
    if "id" not in value:
        return None
    if not is_id(value["id"]):
        return INVALID_REQUEST, "id must be an integer or a string"
    if not isinstance(value.get("params"), dict | list | None):
        return INVALID_PARAMS, "params must be an object or an array"
    return None


def is_id(value: object) -> TypeGuard[Id]:
    """Whether LSP allows it as the id of a request."""
    return isinstance(value, int | str) and not isinstance(value, bool)


def _can_be_named(identifier: object) -> bool:
    return is_id(identifier) or (isinstance(identifier, float) and math.isfinite(identifier))
