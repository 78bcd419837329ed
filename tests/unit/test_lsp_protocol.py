"""The rules of who gets which reply, with the bytes going straight in and out of the protocol."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from glm_lsp.errors import EngineStartError
from glm_lsp.lsp.wire.protocol import StrictProtocol

CONVERTER = default_converter()
"""One for all tests: it compiles its hooks at their first use."""
LOGGER = "glm_lsp.lsp.wire.protocol"


class Wire:
    """A server with a few handlers of its own, and all that it has written."""

    def __init__(self) -> None:
        self.server = LanguageServer(
            "test", "1", protocol_cls=StrictProtocol, converter_factory=lambda: CONVERTER
        )
        self.left: list[int] = []
        self.server.leave = self.left.append  # type: ignore[attr-defined]
        self.written: list[dict[str, Any]] = []
        self.protocol: StrictProtocol = self.server.protocol  # type: ignore[assignment]
        self.protocol.writer = self  # type: ignore[assignment]

    def write(self, data: bytes) -> None:
        header, _, body = data.partition(b"\r\n\r\n")
        assert header == b"Content-Length: %d" % len(body)
        self.written.append(json.loads(body))

    def handle(self, method: str, handler: Callable[..., Any]) -> None:
        self.server.feature(method)(handler)

    async def say(self, *messages: Any) -> list[dict[str, Any]]:
        """Puts messages in, lets everything run, and gives what came out."""
        self.written.clear()
        for message in messages:
            self.protocol.receive(message if isinstance(message, bytes) else json.dumps(message).encode())
            await asyncio.sleep(0)
        num_expected = sum("id" in message and "method" in message for message in messages)
        async with asyncio.timeout(5):
            while len(self.written) < num_expected:
                await asyncio.sleep(0.005)
        # One reply too many would come now.
        await asyncio.sleep(0.01)
        return list(self.written)


def request(method: str, params: Any = None, id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def cancel(id: Any) -> dict[str, Any]:
    return notification("$/cancelRequest", {"id": id})


def codes(replies: list[dict[str, Any]]) -> list[tuple[Any, int | None]]:
    return [(reply["id"], reply.get("error", {}).get("code")) for reply in replies]


@pytest.fixture
async def new() -> Wire:
    """A connection on which nothing has been said."""
    return Wire()


@pytest.fixture
async def wire(new: Wire) -> Wire:
    """One that has been initialized."""
    assert codes(await new.say(request("initialize", {"capabilities": {}}, 0))) == [(0, None)]
    return new


async def test_before_initialize(new: Wire) -> None:
    assert codes(await new.say(request("shutdown"), request("test/a", id=2))) == [(1, -32002), (2, -32002)]
    assert await new.say(notification("initialized", {}), notification("textDocument/didOpen", {})) == []
    assert codes(await new.say(request("initialize", {"capabilities": {}}, 3))) == [(3, None)]


async def test_after_shutdown(wire: Wire) -> None:
    assert await wire.say(request("shutdown", id=1)) == [{"jsonrpc": "2.0", "id": 1, "result": None}]
    replies = await wire.say(
        request("shutdown", id=2), request("initialize", {"capabilities": {}}, 3), request("x", id=4)
    )
    assert codes(replies) == [(2, -32600), (3, -32600), (4, -32600)]
    assert await wire.say(notification("x"), notification("exit")) == []
    assert wire.left == [0]


async def test_exit_without_shutdown(new: Wire) -> None:
    await new.say(notification("exit"))
    assert new.left == [1]


async def test_unknown_methods(wire: Wire) -> None:
    assert codes(await wire.say(request("no/such"), request("$/no", id=2), request("window/showMessage", {}, 3))) == [
        (1, -32601), (2, -32601), (3, -32601),
    ]  # fmt: skip
    assert await wire.say(notification("no/such"), notification("$/no")) == []


async def test_all_kinds_of_handlers_answer(wire: Wire) -> None:
    async def coroutine(params: Any) -> Any:
        await asyncio.sleep(0)
        return params

    wire.handle("test/async", coroutine)
    wire.handle("test/sync", lambda params: params)
    replies = await wire.say(request("test/async", [1], "a"), request("test/sync", {"b": 2}, "b"))
    assert {reply["id"]: reply["result"] for reply in replies} == {"a": [1], "b": {"b": 2}}


async def test_an_error_of_ours_carries_code_and_remedy_and_nothing_else(wire: Wire) -> None:
    async def fail(params: Any) -> None:
        raise EngineStartError("it did not come up", "Type this.")

    wire.handle("test/fail", fail)
    (reply,) = await wire.say(request("test/fail"))
    assert reply["error"] == {
        "code": -32603,
        "message": "GLM-401: it did not come up. Type this.",
        "data": {"code": "GLM-401", "remedy": "Type this."},
    }


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_unexpected_error_leaks_nothing(
    wire: Wire, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(params: Any) -> None:
        raise ValueError("/home/me/secret.py")

    async def fail_later(params: Any) -> None:
        fail(params)

    wire.handle("test/fail", fail_later if is_async else fail)
    (reply,) = await wire.say(request("test/fail"))
    text = json.dumps(reply)
    assert reply["error"]["code"] == -32603
    assert "GLM-000" in text
    assert "Traceback" not in text
    assert "secret" not in text
    assert ".py" not in text
    assert "secret.py" in caplog.text


async def test_a_result_that_is_no_json_is_an_internal_error(wire: Wire) -> None:
    wire.handle("test/odd", lambda params: object())
    assert codes(await wire.say(request("test/odd"))) == [(1, -32603)]


async def test_cancelling_answers_before_the_handler_has_unwound(wire: Wire) -> None:
    unwound = asyncio.Event()

    async def stubborn(params: Any) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)
            unwound.set()
        return "late"

    wire.handle("test/stubborn", stubborn)
    assert codes(await wire.say(request("test/stubborn"), cancel(1))) == [(1, -32800)]
    assert not unwound.is_set()
    await asyncio.wait_for(unwound.wait(), 5)
    await asyncio.sleep(0.01)
    assert len(wire.written) == 1


async def test_the_late_result_of_a_cancelled_request_is_not_the_answer_to_its_successor(wire: Wire) -> None:
    async def stubborn(params: Any) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "first"
        return "never"

    async def slow(params: Any) -> str:
        await asyncio.sleep(0.005)
        return "second"

    wire.handle("test/stubborn", stubborn)
    wire.handle("test/slow", slow)
    replies = await wire.say(request("test/stubborn"), cancel(1), request("test/slow"))
    assert [reply.get("result") for reply in replies] == [None, "second"]


async def test_an_id_in_use_is_refused_and_its_owner_answered(wire: Wire) -> None:
    async def slow(params: Any) -> str:
        await asyncio.sleep(0.005)
        return "first"

    wire.handle("test/slow", slow)
    replies = await wire.say(request("test/slow"), request("test/slow"), request("test/slow", id="1"))
    assert sorted(codes(replies), key=str) == [("1", None), (1, -32600), (1, None)]


async def test_shutdown_answers_what_runs_and_itself_last(wire: Wire) -> None:
    async def hang(params: Any) -> None:
        await asyncio.sleep(60)

    wire.handle("test/hang", hang)
    replies = await wire.say(
        request("test/hang", id=1), request("test/hang", id=2), request("shutdown", id=3)
    )
    assert codes(replies) == [(1, -32800), (2, -32800), (3, None)]


async def test_malformed_notifications_are_logged_once_and_ignored(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(params: Any) -> None:
        raise ValueError("bug")

    wire.handle("test/fail", fail)
    with caplog.at_level(logging.WARNING, LOGGER):
        for _ in range(3):
            await wire.say(notification("$/setTrace", {"value": 5}), notification("$/setTrace"))
    assert wire.written == []
    assert [record.message for record in caplog.records].count(
        "$/setTrace was ignored: Invalid params: invalid value"
    ) <= 1
    assert len([record for record in caplog.records if "setTrace" in record.message]) == 1
    assert await wire.say(notification("test/fail")) == []


async def test_a_request_without_an_id_is_not_obeyed(wire: Wire) -> None:
    for method, params in (
        ("shutdown", None),
        ("initialize", {"capabilities": {}}),
        ("workspace/executeCommand", {}),
    ):
        assert await wire.say(notification(method, params)) == []
    assert codes(await wire.say(request("shutdown"))) == [(1, None)]


async def test_async_notifications_leave_nothing_behind(wire: Wire) -> None:
    """pygls keeps the future of each of them for ever."""

    async def handler(params: Any) -> None:
        await asyncio.sleep(0)

    wire.handle("test/note", handler)
    before = len(wire.protocol._request_futures)
    await wire.say(*[notification("test/note") for _ in range(50)])
    assert len(wire.protocol._request_futures) == before


def ask_for_configuration(wire: Wire) -> asyncio.Future[Any]:
    params = types.ConfigurationParams(items=[])
    return wire.protocol.send_request_async("workspace/configuration", params)  # type: ignore[no-any-return]


async def test_responses_find_their_requests(wire: Wire) -> None:
    future = ask_for_configuration(wire)
    sent = wire.written[-1]
    assert sent["method"] == "workspace/configuration"
    await wire.say({"jsonrpc": "2.0", "id": sent["id"], "result": [{"a": 1}]})
    assert list(await future) == [{"a": 1}]


async def test_a_refused_request_of_ours_raises(wire: Wire) -> None:
    for reply in ({"error": {"code": 5, "message": "no"}}, {"error": "no"}, {"result": 5}):
        future = ask_for_configuration(wire)
        await wire.say({"jsonrpc": "2.0", "id": wire.written[-1]["id"], **reply})
        with pytest.raises(JsonRpcException, match="the editor's answer cannot be used"):
            await asyncio.wait_for(future, 1)


async def test_responses_to_nothing_do_no_harm(wire: Wire) -> None:
    """pygls would take a response with the id of a running request of the editor's for the result of its task."""

    async def slow(params: Any) -> str:
        await asyncio.sleep(0.005)
        return "mine"

    wire.handle("test/slow", slow)
    odd = [{"jsonrpc": "2.0", "id": id, "result": "theirs"} for id in (1, "call-1", None, [1], {}, 1.5, True)]
    replies = await wire.say(request("test/slow"), *odd)
    assert [(reply["id"], reply["result"]) for reply in replies] == [(1, "mine")]


async def test_commands_take_any_arguments_and_can_be_cancelled(wire: Wire) -> None:
    calls: list[tuple[Any, ...]] = []

    async def command(*arguments: Any) -> None:
        calls.append(arguments)
        if arguments:
            await asyncio.sleep(60)

    wire.server.command("test.command")(command)
    execute = "workspace/executeCommand"
    assert codes(await wire.say(request(execute, {"command": "test.command"}))) == [(1, None)]
    running = request(execute, {"command": "test.command", "arguments": [1, {"a": 2}]}, 2)
    assert codes(await wire.say(running, cancel(2))) == [(2, -32800)]
    assert codes(await wire.say(request(execute, {"command": "no.such"}, 3))) == [(3, -32602)]
    assert codes(await wire.say(request(execute, {}, 4))) == [(4, -32602)]
    assert calls == [(), (1, {"a": 2})]
    assert wire.protocol._request_futures == {}
