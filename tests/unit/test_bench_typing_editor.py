"""The editor of the benchmarks: what it sends, and what it makes of what comes, from a scripted server process."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.protocol import default_converter

from glm_lsp.bench.editor import CAPABILITIES, Editor
from glm_lsp.errors import EngineError, EngineLostError, EngineStartError, GlmError, ModelNotFoundError

SERVER = """
import json, sys

def send(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
    sys.stdout.buffer.flush()

heard = []
while header := sys.stdin.buffer.readline():
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(int(header.split(b":")[1])))
    heard.append(message)
    method, number = message.get("method"), message.get("id")
    if method == "echo":
        send({"id": number, "result": message["params"]})
    elif method == "heard":
        send({"id": number, "result": heard})
    elif method == "initialize":
        send({"id": number, "result": {"capabilities": {}}})
    elif method == "refuse":
        send({"id": number, "error": {"code": -32602, "message": "no"}})
    elif method == "hold":
        held = number
    elif method == "release":
        send({"id": held, "result": "held"})
        send({"id": number, "result": "released"})
    elif method == "settings":
        send({"id": "s1", "method": "workspace/configuration", "params": {"items": [{"section": "glm"}]}})
        send({"id": "s2", "method": "window/workDoneProgress/create", "params": {"token": 1}})
        send({"id": number, "result": None})
    elif method == "talk":
        send({"method": "glm/status", "params": message["params"]})
        send({"method": "window/showMessage", "params": {"type": 1, "message": "GLM-000: hello"}})
        send({"id": number, "result": None})
    elif method == "die":
        sys.exit(7)
    elif method == "shutdown":
        send({"id": number, "result": None})
    elif method == "exit":
        break
"""


@pytest.fixture
def editor() -> Iterator[Editor]:
    editor = Editor((sys.executable, "-c", SERVER), options={"threads": 2})
    yield editor
    editor.kill()


def test_request_and_reply(editor: Editor) -> None:
    assert editor.request("echo", {"text": "é😀"}) == {"text": "é😀"}


def test_refusal_is_an_error(editor: Editor) -> None:
    with pytest.raises(EngineError, match="refuse failed: no"):
        editor.request("refuse")


def test_replies_to_others_are_kept(editor: Editor) -> None:
    held = editor.send("hold")
    assert editor.request("release") == "released"
    reply = editor.next_reply(time.perf_counter() + 20)
    assert reply is not None
    assert (reply.id, reply.result) == (held, "held")
    assert reply.at <= time.perf_counter()
    assert editor.next_reply(time.perf_counter()) is None


def test_waiting_ends_at_the_deadline(editor: Editor) -> None:
    started = time.perf_counter()
    assert editor.next_reply(started + 0.05) is None
    assert time.perf_counter() - started >= 0.05
    with pytest.raises(EngineError, match="did not answer hold within 0 s"):
        editor.request("hold", within_s=0.05)


def test_server_gets_its_settings_and_an_answer_to_everything(editor: Editor) -> None:
    editor.request("settings")
    answers = {
        message["id"]: message.get("result") for message in editor.request("heard") if "method" not in message
    }
    assert answers == {"s1": [{"threads": 2}], "s2": None}


def test_status_and_messages_are_noted(editor: Editor) -> None:
    messages: list[str] = []
    editor.on_message = messages.append
    editor.request("talk", {"state": "ready"})
    assert editor.status == {"state": "ready"}
    assert messages == ["GLM-000: hello"]
    editor.wait_until_ready(1)


@pytest.mark.parametrize(
    "told",
    [
        ModelNotFoundError("no model"),
        ModelNotFoundError("no model", "Look elsewhere."),
        EngineStartError("it crashed"),
    ],
)
def test_engine_trouble_ends_the_wait_for_it_with_its_own_error(editor: Editor, told: GlmError) -> None:
    editor.request("talk", {"state": "error", "message": str(told)})
    with pytest.raises(type(told)) as raised:
        editor.wait_until_ready(20)
    assert told.cause in raised.value.cause
    assert type(told).remedy not in raised.value.cause


def test_engine_that_does_not_come_is_not_waited_for_for_ever(editor: Editor) -> None:
    with pytest.raises(EngineError, match="not ready within 0 s"):
        editor.wait_until_ready(0.05)


def test_server_that_dies_is_told(editor: Editor) -> None:
    with pytest.raises(EngineLostError, match="status 7"):
        editor.request("die")
    with pytest.raises(EngineLostError):
        editor.notify("x", "y" * 100_000)


def test_server_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineError, match="cannot be started"):
        Editor(("/nowhere/glm-lsp", "serve"))


def test_leaving_is_orderly(editor: Editor) -> None:
    editor.close()
    with pytest.raises(EngineLostError, match=r"status 0|no longer reads"):
        editor.request("echo")


def test_cancelling_names_the_request(editor: Editor) -> None:
    number = editor.send("hold")
    editor.cancel(number)
    assert editor.request("heard")[1]["params"] == {"id": number}


def test_greeting_names_the_folder_and_the_options(editor: Editor, tmp_path: Path) -> None:
    assert editor.greet(tmp_path) == {"capabilities": {}}
    greeting, initialized = editor.request("heard")[:2]
    assert greeting["params"]["rootUri"] == tmp_path.as_uri()
    assert greeting["params"]["initializationOptions"] == {"threads": 2}
    assert "inlineCompletion" in greeting["params"]["capabilities"]["textDocument"]
    assert initialized["method"] == "initialized"


def test_capabilities_are_such_as_the_server_understands() -> None:
    params = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES}
    greeting = default_converter().structure(params, types.InitializeParams)
    assert greeting.capabilities.general.stale_request_support.cancel is True
    assert list(greeting.capabilities.general.position_encodings) == ["utf-16"]
