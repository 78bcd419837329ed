"""The client against our server and against servers that misbehave, on real sockets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from glm_lsp.engine.address import LocalAddress, TcpAddress, UnixAddress
from glm_lsp.engine.client.client import EngineClient, HttpEngineClient
from glm_lsp.engine.wire import Choice, CompletionChunk, CompletionRequest
from glm_lsp.errors import (
    AccessError,
    AddressError,
    ContextOverflowError,
    EngineAbsentError,
    EngineError,
    EngineLostError,
    EngineMismatchError,
    EngineSilentError,
    GlmError,
    RequestTooLargeError,
    error_from_dict,
)
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import raw_server, say, serve, short_folder, wait_until

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(scope="module")
def address(engine: FakeEngine) -> Iterator[LocalAddress]:
    with short_folder() as folder, serve(engine, UnixAddress(folder / "s")) as served:
        yield served


@pytest.fixture
async def client(address: LocalAddress) -> AsyncIterator[HttpEngineClient]:
    client = HttpEngineClient(address)
    yield client
    await client.close()


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "s"


async def complete(client: EngineClient, prompt: str) -> str:
    """The whole text of a completion."""
    async with aclosing(client.complete(CompletionRequest(prompt=prompt))) as chunks:
        return "".join([choice.text async for chunk in chunks for choice in chunk.choices])


def piece(data: bytes) -> bytes:
    """A chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(text: str) -> bytes:
    chunk = CompletionChunk(id="x", created=1, model="m", choices=[Choice(index=0, text=text)])
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


async def test_chunks_come_in_order_and_the_usage_last(client: HttpEngineClient) -> None:
    request = CompletionRequest(prompt="x\nfoo bar", n=2)
    chunks = [chunk async for chunk in client.complete(request)]
    texts = [
        "".join(c.text for chunk in chunks for c in chunk.choices if c.index == index) for index in (0, 1)
    ]
    assert texts == ["echo(foo bar)"] * 2
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].glm is not None


async def test_the_first_token_does_not_wait_for_the_last(client: HttpEngineClient) -> None:
    started = time.monotonic()
    async with aclosing(client.complete(CompletionRequest(prompt="#slow"))) as chunks:
        assert (await anext(chunks)).choices[0].text == "w0 "
    assert time.monotonic() - started < 1.0  # the whole takes 10 s


async def test_closing_cancels_within_a_tenth_of_a_second(
    client: HttpEngineClient, engine: FakeEngine
) -> None:
    chunks = client.complete(CompletionRequest(prompt="#slow"))
    await anext(chunks)
    job = engine.jobs[-1]
    closed_at = time.monotonic()
    await chunks.aclose()
    await asyncio.to_thread(wait_until, lambda: job.cancelled_at)
    assert job.cancelled_at is not None
    assert job.cancelled_at - closed_at < 0.1


async def test_cancelling_the_task_cancels_the_work(client: HttpEngineClient, engine: FakeEngine) -> None:
    num_jobs = len(engine.jobs)
    task = asyncio.create_task(complete(client, "#hang"))
    await asyncio.to_thread(wait_until, lambda: len(engine.jobs) > num_jobs)
    cancelled_at = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    job = engine.jobs[-1]
    await asyncio.to_thread(wait_until, lambda: job.cancelled_at)
    assert job.cancelled_at is not None
    assert job.cancelled_at - cancelled_at < 0.1


async def test_a_hundred_at_once_keep_their_texts_apart(client: HttpEngineClient) -> None:
    texts = await asyncio.gather(*(complete(client, f"canary{number}") for number in range(100)))
    assert texts == [f"echo(canary{number})" for number in range(100)]


async def test_a_long_silence_with_heartbeats_is_no_loss(address: LocalAddress) -> None:
    client = HttpEngineClient(address, silence_s=0.9)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.0):
            await complete(client, "#hang")
    await client.close()


async def test_describe_and_health(client: HttpEngineClient, engine: FakeEngine) -> None:
    assert await client.describe() == engine.describe()
    assert await client.healthy()


async def test_metrics_count_what_was_served(client: HttpEngineClient) -> None:
    before = await client.metrics()
    async with aclosing(client.complete(CompletionRequest(prompt="x"))) as chunks:
        assert [chunk async for chunk in chunks] != []
    after = await client.metrics()
    finished = "glm_lsp_http_completions_finished_total"
    assert after[finished] == before.get(finished, 0) + 1


async def test_metrics_of_something_else_are_refused(path: Path) -> None:
    async with raw_server(path, say(b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n<html>no</html")):
        client = HttpEngineClient(UnixAddress(path))
        with pytest.raises(EngineError, match="does not answer as an engine would"):
            await client.metrics()
        await client.close()


async def test_errors_keep_code_cause_and_remedy(client: HttpEngineClient) -> None:
    with pytest.raises(ContextOverflowError, match="5000 tokens") as before:
        await complete(client, "#fail")
    assert before.value.remedy == ContextOverflowError.remedy
    with pytest.raises(ContextOverflowError, match="5000 tokens"):
        await complete(client, "#late")
    with pytest.raises(RequestTooLargeError):
        await complete(client, "x" * 5_000_000)
    with pytest.raises(EngineMismatchError):
        await anext(client.complete(CompletionRequest(prompt="a", model="other")))
    assert await complete(client, "still there") == "echo(still there)"


async def test_the_token_is_sent() -> None:
    with serve(FakeEngine(), TcpAddress("127.0.0.1", 0), token="s3cret") as address:  # noqa: S106
        with_token, without = HttpEngineClient(address, "s3cret"), HttpEngineClient(address)
        assert await complete(with_token, "a") == "echo(a)"
        with pytest.raises(AccessError):
            await complete(without, "a")
        with pytest.raises(AccessError):
            await without.describe()
        await with_token.close()
        await without.close()


async def test_proxies_of_the_environment_are_not_used(
    address: LocalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client = HttpEngineClient(address)
    assert await complete(client, "a") == "echo(a)"
    await client.close()


async def test_one_connection_serves_many_completions(path: Path) -> None:
    answer = say(HEAD + piece(event("a") + b"data: [DONE]\n\n") + END)
    async with raw_server(path, answer) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert [await complete(client, "x") for _ in range(5)] == ["a"] * 5
        assert len(connections) == 1
        await client.close()


async def test_attaching_yields_beats_and_ends_when_the_engine_leaves(path: Path) -> None:
    answer = say(HEAD, piece(b":\n\n"), piece(b":\n\n"), piece(b"data: [DONE]\n\n") + END, pause_s=0.02)
    async with raw_server(path, answer):
        client = HttpEngineClient(UnixAddress(path))
        assert [beat async for beat in client.attach()] == [None, None]
        await client.close()


@pytest.mark.parametrize("split", [1, 7, 64])
async def test_events_survive_any_fragmentation(path: Path, split: int) -> None:
    body = (
        b": hello\r\n\r\n"
        + event("a \N{SNOWMAN}\n").replace(b"\n\n", b"\r\n\r\n")
        + event("b")
        + b"data:[DONE]\n\n"
    )
    pieces = [piece(body[start : start + split]) for start in range(0, len(body), split)]
    async with raw_server(path, say(HEAD, *pieces, END)):
        client = HttpEngineClient(UnixAddress(path))
        assert await complete(client, "x") == "a \N{SNOWMAN}\nb"
        await client.close()


BROKEN: list[tuple[bytes, type[GlmError]]] = [
    (b"", EngineLostError),
    (b"SSH-2.0-OpenSSH\r\n", EngineLostError),
    (HEAD, EngineLostError),
    (HEAD + piece(event("a")), EngineLostError),
    (HEAD + piece(event("a")) + END, EngineLostError),
    (HEAD + piece(event("a"))[:-30], EngineLostError),
    (HEAD + piece(b"data: {}\n\n") + END, EngineError),
    (HEAD + piece(b"data: not json\n\n") + END, EngineError),
    (HEAD + piece(b"data: \xff\n\n") + END, EngineError),
    (HEAD + piece(b"data: " + b"[" * 100_000 + b"\n\n") + END, EngineError),
    (HEAD + piece(b'data: {"error": {"message": "m", "code": "GLM-305"}}\n\n') + END, ContextOverflowError),
    (HEAD + piece(b'data: {"error": {"message": "m", "code": 429}}\n\n') + END, EngineError),
    (b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops", EngineError),
    (b'HTTP/1.1 400 No\r\ncontent-length: 29\r\n\r\n{"error": {"message": "bad"}}', EngineError),
    (b"HTTP/1.1 302 Go\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n", EngineError),
]


@pytest.mark.parametrize(("answer", "error"), BROKEN)
async def test_a_broken_answer_is_an_engine_error(path: Path, answer: bytes, error: type[GlmError]) -> None:
    async with raw_server(path, say(answer, close=True)):
        client = HttpEngineClient(UnixAddress(path))
        with pytest.raises(error) as caught:
            await complete(client, "x")
        assert type(caught.value) is error
        if error is EngineLostError:
            with pytest.raises(EngineError):
                await client.describe()
        await client.close()


async def test_a_line_without_end_is_given_up(path: Path) -> None:
    megabyte = piece(b"x" * 2**20)
    async with raw_server(path, say(HEAD, *[megabyte] * 8)):
        client = HttpEngineClient(UnixAddress(path))
        with pytest.raises(EngineError, match="does not end"):
            await complete(client, "x")
        await client.close()


@pytest.mark.parametrize("words", [(), (HEAD,), (HEAD, piece(event("a")))])
async def test_silence_is_noticed(path: Path, words: tuple[bytes, ...]) -> None:
    async with raw_server(path, say(*words)):
        client = HttpEngineClient(UnixAddress(path), silence_s=0.3)
        started = time.monotonic()
        with pytest.raises(EngineSilentError):
            await complete(client, "x")
        assert 0.25 < time.monotonic() - started < 1.0
        await client.close()


async def test_nobody_there(path: Path) -> None:
    client = HttpEngineClient(UnixAddress(path))
    with pytest.raises(EngineAbsentError, match="no engine answers"):
        await complete(client, "x")
    assert not await client.healthy()
    await client.close()


def test_a_file_in_the_place_of_the_socket(path: Path) -> None:
    path.touch()
    with pytest.raises(AddressError):
        asyncio.run(complete(HttpEngineClient(UnixAddress(path)), "x"))


async def test_a_foreign_server_is_described_as_far_as_it_tells(path: Path) -> None:
    body = b'{"object": "list", "data": [{"id": "codegeex4", "max_model_len": 8192, "permission": []}]}'
    async with raw_server(path, say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))):
        client = HttpEngineClient(UnixAddress(path))
        description = await client.describe()
        await client.close()
    assert (description.model, description.context_length, description.version) == ("codegeex4", 8192, "")


def test_remote_plain_http_is_refused() -> None:
    with pytest.raises(AddressError):
        HttpEngineClient("http://models.example")
    HttpEngineClient("https://models.example")


@pytest.mark.parametrize("module", ["glm_lsp.engine.client.client", "glm_lsp.engine.client.launcher"])
def test_fronts_do_not_pay_for_the_server_nor_for_tls_at_import(module: str) -> None:
    heavy = ["truststore", "uvicorn", "uvloop", "numpy", "tokenizers", "onnxruntime"]
    code = f"import {module}, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


def test_errors_are_rebuilt_by_their_code() -> None:
    original = ContextOverflowError("the cause", "the remedy")
    rebuilt = error_from_dict(original.to_dict())
    assert type(rebuilt) is ContextOverflowError
    assert str(rebuilt) == str(original)
    unknown = error_from_dict({"code": "GLM-999", "cause": "from the future"})
    assert isinstance(unknown, EngineError)
    assert unknown.to_dict()["code"] == "GLM-999"
    assert EngineError.code == "GLM-400"
    assert error_from_dict({}).cause
