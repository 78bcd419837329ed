"""The client's connections against servers that end, reuse and secure them in every way HTTP allows."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glm_lsp.engine.address import UnixAddress, UrlAddress
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.client.pool import ConnectionPool
from glm_lsp.engine.description import ModelEntry, ModelList
from glm_lsp.errors import (
    AddressError,
    EngineAbsentError,
    EngineError,
    EngineLostError,
    EngineSilentError,
    SettingError,
)
from tests.fakes.fake_server import raw_server, say, short_folder

MODELS = msgspec.json.encode(ModelList(data=[ModelEntry(id="m", max_model_len=7)]))
OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"content-length: %d\r\n\r\n" % len(MODELS) + MODELS


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "s"


async def model_of(client: HttpEngineClient) -> str:
    return (await client.describe()).model


async def test_a_body_without_length_ends_with_its_connection(path: Path) -> None:
    async with raw_server(path, say(OK + b"\r\n" + MODELS, close=True)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert [await model_of(client) for _ in range(2)] == ["m", "m"]
        assert len(connections) == 2
        await client.close()


async def test_a_body_with_a_length_must_be_whole(path: Path) -> None:
    async with raw_server(path, say(SIZED[:-1], close=True)):
        client = HttpEngineClient(UnixAddress(path))
        with pytest.raises(EngineLostError):
            await client.describe()
        await client.close()


async def test_interim_responses_are_passed_over(path: Path) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with raw_server(path, say(early, SIZED, pause_s=0.01)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert [await model_of(client) for _ in range(2)] == ["m", "m"]
        assert len(connections) == 1
        await client.close()


@pytest.mark.parametrize("close", [True, False])
async def test_connection_close_is_heeded(path: Path, close: bool) -> None:
    closing = SIZED.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n")
    async with raw_server(path, say(closing, close=close)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert [await model_of(client) for _ in range(2)] == ["m", "m"]
        assert len(connections) == 2
        await client.close()


async def test_a_connection_closed_while_idle_is_replaced(path: Path) -> None:
    async with raw_server(path, say(SIZED, close=True)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert await model_of(client) == "m"
        await asyncio.sleep(0.05)
        assert await model_of(client) == "m"
        assert len(connections) == 2
        await client.close()


async def test_an_answer_that_nobody_read_is_not_the_next_requests(path: Path) -> None:
    """A reader may be cancelled in the very moment in which its answer has come."""
    async with raw_server(path, say(SIZED)) as connections:
        pool = ConnectionPool(UnixAddress(path))
        head = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n"
        async with pool.connection(1) as unread:
            unread.send(head, b"")
            assert await unread.status(1) == 200
            await asyncio.sleep(0.05)
        async with pool.connection(1) as connection:
            connection.send(head, b"")
            assert await connection.status(1) == 200
            assert await connection.read(1) + await connection.read(1) == MODELS
        assert len(connections) == 2
        pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run there")
def test_any_event_loop_will_do(path: Path) -> None:
    import uvloop

    async def ask() -> str:
        async with raw_server(path, say(SIZED)):
            client = HttpEngineClient(UnixAddress(path))
            model = await model_of(client)
            await client.close()
            return model

    assert uvloop.run(ask()) == "m"


async def test_words_nobody_asked_for_end_a_connection(path: Path) -> None:
    async with raw_server(path, say(SIZED, SIZED, pause_s=0.02)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert await model_of(client) == "m"
        await asyncio.sleep(0.1)
        assert await model_of(client) == "m"
        assert len(connections) == 2
        await client.close()


SECOND = b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops"


@pytest.mark.parametrize("more", [SECOND, SECOND[:-2], SECOND[:20], SECOND[:1], SECOND * 2, b"oops"])
async def test_a_second_answer_in_the_same_packet_is_dropped(path: Path, more: bytes) -> None:
    async with raw_server(path, say(SIZED + more)) as connections:
        client = HttpEngineClient(UnixAddress(path))
        assert [await model_of(client) for _ in range(2)] == ["m", "m"]
        assert len(connections) == 2
        await client.close()


async def test_a_stream_faster_than_its_reader_is_held_back(path: Path) -> None:
    """The server cannot write on for ever into a client that does not read."""
    line = b": " + b"x" * 60_000 + b"\n"
    written = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(OK + b"\r\n")
        while written < 64 * 2**20:
            writer.write(line)
            await writer.drain()
            written += len(line)

    async with raw_server(path, flood):
        client = HttpEngineClient(UnixAddress(path))
        beats = client.attach()
        await anext(beats)
        await asyncio.sleep(0.3)
        before = written
        await asyncio.sleep(0.1)
        assert before == written < 16 * 2**20
        for _ in range(200):
            await anext(beats)
        await asyncio.sleep(0.1)
        assert written > before
        await beats.aclose()
        await client.close()


async def test_closing_the_client_ends_what_is_under_way(path: Path) -> None:
    async with raw_server(path, say(OK + b"\r\n")):
        client = HttpEngineClient(UnixAddress(path))
        waiting = asyncio.create_task(anext(client.attach()))
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(EngineLostError):
            await waiting


async def test_a_server_that_trickles_is_given_up_in_time(path: Path) -> None:
    async with raw_server(path, say(OK + b"content-length: 100\r\n\r\n", *[b" "] * 100, pause_s=0.05)):
        client = HttpEngineClient(UnixAddress(path), silence_s=0.3)
        started = asyncio.get_running_loop().time()
        with pytest.raises(EngineSilentError):
            await client.describe()
        assert asyncio.get_running_loop().time() - started < 2
        await client.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    file = folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]  # fmt: skip
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [*command, "-nodes", "-days", "2", *names, "-keyout", folder / "key.pem", "-out", file]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    file.write_bytes(file.read_bytes() + (folder / "key.pem").read_bytes())
    return file


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the system's own store cannot be set by a variable"
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_https_needs_a_certificate_that_the_system_trusts(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(SIZED)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()

    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    client = HttpEngineClient(f"https://localhost:{port}/team", "s3cret")
    if trusted:
        assert [await model_of(client) for _ in range(2)] == ["m", "m"]
        assert heads[0].startswith(b"GET /team/v1/models HTTP/1.1\r\n")
        assert b"authorization: Bearer s3cret\r\n" in heads[0]
        assert b"host: localhost:%d\r\n" % port in heads[0]
    else:
        with pytest.raises(EngineError, match="not trusted") as caught:
            await client.describe()
        assert type(caught.value) is EngineError
        assert heads == []
    await client.close()
    server.close()


async def test_nobody_at_a_port() -> None:
    with pytest.raises(EngineAbsentError):
        await HttpEngineClient("http://127.0.0.1:1").describe()


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://bücher.example:{}/team", b"/team/v1/models", b"xn--bcher-kva.example"),
        ("http://例え:{}", b"/v1/models", b"xn--r8jz45g"),
        ("http://localhost:{}/a b/ü%20?q/", b"/a%20b/%C3%BC%20/v1/models", b"localhost"),
    ],
)
async def test_hosts_and_paths_are_sent_as_ascii(
    monkeypatch: pytest.MonkeyPatch, url: str, line: bytes, host: bytes
) -> None:
    heads: list[bytes] = []
    names: list[object] = []
    look_up = socket.getaddrinfo

    def here(name: object, *args: Any, **kwargs: Any) -> Any:
        names.append(name)
        return look_up("127.0.0.1", *args, **kwargs)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(SIZED)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(socket, "getaddrinfo", here)
    client = HttpEngineClient(UrlAddress(url.format(port)))
    assert await model_of(client) == "m"
    assert heads[0].startswith(b"GET %s HTTP/1.1\r\nhost: %s:%d\r\n" % (line, host, port))
    assert names == [host.decode()]
    await client.close()
    server.close()


@pytest.mark.parametrize(
    "url", ["https://a b/", "https://a..b", f"https://{'x' * 70}", "https://\x7f", "https://a/\ud800"]
)
def test_what_is_no_host_or_path_is_refused_at_once(url: str) -> None:
    with pytest.raises(AddressError):
        HttpEngineClient(url)


@pytest.mark.parametrize("token", ["a\r\nx: y", "a\n", "\0", "pässword", "秘密", "\ud800"])
def test_a_token_that_no_header_can_hold_is_refused_at_once(path: Path, token: str) -> None:
    with pytest.raises(SettingError) as caught:
        HttpEngineClient(UnixAddress(path), token)
    assert token not in str(caught.value)
