"""The engine's HTTP on real sockets: what it answers, what it refuses, and what it does when a client goes."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.engine.address import LocalAddress, TcpAddress, UnixAddress
from glm_lsp.engine.http import body as server_body
from glm_lsp.engine.http.joined_answer import merge_chunks
from glm_lsp.engine.process.lifetime import Lifetime
from glm_lsp.engine.wire import MAX_BODY_BYTES, Choice, CompletionChunk
from glm_lsp.errors import GlmError
from tests.fakes.fake_engine import FakeEngine, FakeJob, OnEvent
from tests.fakes.fake_server import connect, serve, short_folder, talk, wait_until


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(scope="module")
def lifetime() -> Lifetime:
    return Lifetime(0)


@pytest.fixture(scope="module")
def address(module_folder: Path, engine: FakeEngine, lifetime: Lifetime) -> Iterator[LocalAddress]:
    with serve(engine, UnixAddress(module_folder / "s"), lifetime=lifetime) as served:
        yield served


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def post(address: LocalAddress, body: object, *headers: str) -> tuple[int, bytes]:
    """Status and body (chunks joined) of a completion request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(talk(address, request("POST", "/v1/completions", raw, "Connection: close", *headers)))


def get(address: LocalAddress, path: str, *headers: str) -> tuple[int, bytes]:
    return parse(talk(address, request("GET", path, b"", "Connection: close", *headers)))


def parse(answer: bytes) -> tuple[int, bytes]:
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        joined = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            joined += rest[: int(size, 16)]
            rest = rest[int(size, 16) + 2 :]
        rest = joined
    return int(head.split()[1]), rest


def read_response(connection: socket.socket, answer: bytes = b"") -> bytes:
    """One response with a `Content-Length`, of which `answer` has come already."""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def events(body: bytes) -> list[Any]:
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    assert lines[-1] == b"[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def code_of(body: bytes) -> str:
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "code", "remedy", "param"}
    assert error["message"]
    assert error["remedy"]
    return str(error["code"])


def test_a_stream_is_deltas_then_the_reason_then_the_usage(address: LocalAddress) -> None:
    status, body = post(address, {"prompt": "x\nfoo bar", "stream": True, "unknown": 1})
    chunks = events(body)
    assert status == 200
    assert "".join(c["text"] for chunk in chunks for c in chunk["choices"]) == "echo(foo bar)"
    assert [c["finish_reason"] for chunk in chunks for c in chunk["choices"]][-1] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 3 + 6
    assert chunks[-1]["glm"]["timing_ms"].keys() >= {"ttft", "total"}


def test_a_whole_answer_has_everything_in_one_body(address: LocalAddress) -> None:
    status, body = post(address, {"prompt": "a b", "n": 2, "max_tokens": 3, "logprobs": 0})
    answer = json.loads(body)
    assert status == 200
    assert [choice["text"] for choice in answer["choices"]] == ["echo(a"] * 2
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["length"] * 2
    assert answer["choices"][0]["logprobs"]["tokens"] == ["echo", "(", "a"]
    assert answer["usage"]["completion_tokens"] == 6
    assert answer["object"] == "text_completion"


def test_warming_up_generates_nothing(address: LocalAddress) -> None:
    status, body = post(address, {"prompt": "a", "stream": True, "glm": {"warm_up": True}})
    assert status == 200
    assert [chunk["choices"] for chunk in events(body)] == [[]]


def test_the_model_list_has_our_description(address: LocalAddress, engine: FakeEngine) -> None:
    status, body = get(address, "/v1/models")
    (entry,) = json.loads(body)["data"]
    assert status == 200
    assert entry["id"] == "fake"
    assert entry["object"] == "model"
    assert entry["glm"]["pid"] == engine.describe().pid
    assert entry["glm"]["context_length"] == 4096


def test_health_and_metrics(address: LocalAddress) -> None:
    assert get(address, "/healthz") == (200, b"ok\n")
    post(address, {"prompt": "a"})
    status, body = get(address, "/metrics")
    metrics = dict(line.split(" ") for line in body.decode().splitlines() if not line.startswith("#"))
    assert status == 200
    assert float(metrics["glm_lsp_engine_requests_total"]) >= 1
    assert float(metrics["glm_lsp_http_completions_finished_total"]) >= 1
    assert metrics["glm_lsp_completions_running"] == "0"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b'"prompt"', b"\xff\xfe", b'{"prompt": "\xff"}', b'{"prompt": "\\ud800"}',
        {}, {"prompt": None}, {"prompt": 1}, {"prompt": ["a"]}, {"prompt": "a", "suffix": 3},
        {"prompt": "a", "max_tokens": -1}, {"prompt": "a", "max_tokens": 1e9}, {"prompt": "a", "max_tokens": "9"},
        {"prompt": "a", "temperature": -0.1}, {"prompt": "a", "top_p": 0}, {"prompt": "a", "n": 0},
        {"prompt": "a", "stream": "yes"}, {"prompt": "a", "stop": 5}, {"prompt": "a", "glm": []},
        {"prompt": "a", "glm": {"mode": "WORD"}}, {"prompt": "a", "glm": {"references": [{"path": "x"}]}},
        b"[" * 200_000, b'{"prompt": "a", "x": ' + b"[" * 200_000, b'{"a":' * 100_000, b'{"prompt": "a", "n": 1e999}',
    ],
)  # fmt: skip
def test_malformed_requests_are_400(address: LocalAddress, engine: FakeEngine, body: object) -> None:
    num_jobs = len(engine.jobs)
    started = time.monotonic()
    status, answer = post(address, body)
    assert (status, code_of(answer)) == (400, "GLM-405")
    assert time.monotonic() - started < 2
    assert len(engine.jobs) == num_jobs


@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["prompt", "n", "stop", "glm"]),
        st.none() | st.integers() | st.text() | st.lists(st.text()),
        max_size=4,
    )
)
def test_any_body_gets_one_answer(address: LocalAddress, body: object) -> None:
    status, answer = post(address, body)
    assert status in (200, 400)
    assert json.loads(answer)


def test_a_declared_size_is_refused_without_reading(address: LocalAddress) -> None:
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions").replace(b": 0", b": 99999999999999"))
        answer = read_response(connection)
    status, body = parse(answer)
    assert (status, code_of(body)) == (413, "GLM-406")


def test_a_body_without_length_is_refused_once_it_is_too_large(address: LocalAddress) -> None:
    head = request("POST", "/v1/completions").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    num_sent = 0
    with connect(address) as connection:
        connection.sendall(head)
        connection.setblocking(False)
        answer = b""
        deadline = time.monotonic() + 20
        # Sends for as long as it takes until the server, which must not wait for the end, answers.
        while not answer:
            assert time.monotonic() < deadline
            try:
                num_sent += connection.send(chunk[num_sent % len(chunk) :])
            except BlockingIOError:
                time.sleep(0.001)
            with suppress(BlockingIOError):
                answer = connection.recv(65536)
        connection.settimeout(10)
        answer = read_response(connection, answer)
    status, body = parse(answer)
    assert (status, code_of(body)) == (413, "GLM-406")
    assert num_sent > MAX_BODY_BYTES


def test_the_largest_allowed_request_is_served(address: LocalAddress) -> None:
    frame = len(json.dumps({"prompt": "", "max_tokens": 1}))
    body: dict[str, Any] = {"prompt": "x" * (MAX_BODY_BYTES - frame), "max_tokens": 1}
    assert post(address, body)[0] == 200
    body["prompt"] += "x"
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions", json.dumps(body).encode()))
        assert parse(read_response(connection))[0] == 413


@pytest.mark.parametrize("lie", ["too long", "too short"])
def test_a_false_content_length_does_no_harm(address: LocalAddress, engine: FakeEngine, lie: str) -> None:
    num_jobs = len(engine.jobs)
    body = b'{"prompt": "a"}'
    raw = request("POST", "/v1/completions", body)
    length = len(body) + (10 if lie == "too long" else -1)
    answer = talk(address, raw.replace(b"Length: %d" % len(body), b"Length: %d" % length), end=True)
    assert b" 200 " not in answer
    assert len(engine.jobs) == num_jobs
    assert get(address, "/healthz")[0] == 200


def test_a_body_that_never_comes_is_not_waited_for(
    address: LocalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_body.read_body, "__defaults__", (MAX_BODY_BYTES, 0.2))
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions").replace(b": 0", b": 100"))
        status, body = parse(read_response(connection))
    assert (status, code_of(body)) == (400, "GLM-405")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET /" + b"x" * 70_000,
        b"GET / HTTP/1.1\r\nx: " + b"x" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 12_000,
    ],
)
def test_what_is_not_http_is_refused(address: LocalAddress, raw: bytes) -> None:
    status, body = parse(talk(address, raw))
    assert (status, code_of(body)) == (400, "GLM-405")
    assert get(address, "/healthz")[0] == 200


def test_what_is_not_http_after_a_request_is_refused_too(address: LocalAddress) -> None:
    with connect(address) as connection:
        connection.sendall(request("GET", "/healthz"))
        assert parse(read_response(connection))[0] == 200
        connection.sendall(b"\x16\x03\x01\x02")
        status, body = parse(read_response(connection))
        assert (status, code_of(body)) == (400, "GLM-405")
        assert connection.recv(1) == b""


def test_an_answer_under_way_is_not_mixed_with_a_refusal(address: LocalAddress) -> None:
    body = b'{"prompt": "#slow", "stream": true}'
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions", body))
        answer = connection.recv(65536)
        connection.sendall(b"\x16\x03\x01\x02")
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"GLM-405" not in answer
    assert b"HTTP/1.1 400" not in answer


def test_large_bodies_on_one_connection_are_no_endless_head(address: LocalAddress) -> None:
    body = json.dumps({"prompt": "x" * 300_000, "max_tokens": 1}).encode()
    with connect(address) as connection:
        for _ in range(3):
            connection.sendall(request("POST", "/v1/completions", body))
            assert parse(read_response(connection))[0] == 200


CHUNKED = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("trailer", [b"x: y\r\n", b"y"])
def test_endless_trailers_end_the_connection(address: LocalAddress, trailer: bytes) -> None:
    """Nobody has said a token yet when they come."""
    num_sent = 0
    with connect(address) as connection:
        connection.sendall(CHUNKED + b"2\r\n{}\r\n0\r\nx: ")
        with suppress(ConnectionError):
            while num_sent < 16 * 2**20:
                num_sent += connection.send(trailer * (32_768 // len(trailer)))
    assert num_sent < 4 * 2**20
    assert get(address, "/healthz")[0] == 200


def test_trailers_are_no_headers(address: LocalAddress) -> None:
    body = b'{"prompt": "a", "max_tokens": 1}'
    raw = CHUNKED + b"%x\r\n%s\r\n0\r\nOrigin: http://evil.example\r\nx: y\r\n\r\n" % (len(body), body)
    with connect(address) as connection:
        for _ in range(2):
            connection.sendall(raw)
            assert parse(read_response(connection))[0] == 200


def test_head_is_get_without_a_body(address: LocalAddress) -> None:
    answer = talk(address, request("HEAD", "/healthz", b"", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/embeddings", "/v1/models/fake", "/../etc/passwd"])
def test_unknown_paths_are_404(address: LocalAddress, path: str) -> None:
    status, body = get(address, path)
    assert (status, code_of(body)) == (404, "GLM-405")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/completions"), ("POST", "/v1/models"), ("PUT", "/healthz")]
)
def test_wrong_methods_are_405(address: LocalAddress, method: str, path: str) -> None:
    answer = talk(address, request(method, path, b"", "Connection: close"))
    status, body = parse(answer)
    assert (status, code_of(body)) == (405, "GLM-405")
    assert b"\r\nallow: " in answer.lower()


def test_there_is_no_head_of_a_stream_without_end(address: LocalAddress, lifetime: Lifetime) -> None:
    answer = talk(address, request("HEAD", "/v1/attach", b"", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"\r\nallow: GET\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert lifetime.num_attached == 0


def test_another_model_is_not_served_in_its_place(address: LocalAddress) -> None:
    assert post(address, {"prompt": "a", "model": "fake"})[0] == 200
    status, body = post(address, {"prompt": "a", "model": "other"})
    assert (status, code_of(body)) == (404, "GLM-404")


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_before_the_first_token_is_a_status(address: LocalAddress, stream: bool) -> None:
    status, body = post(address, {"prompt": "#fail", "stream": stream})
    assert (status, code_of(body)) == (400, "GLM-305")


def test_an_error_after_the_first_token_is_the_last_event(address: LocalAddress) -> None:
    status, body = post(address, {"prompt": "#late #slow", "stream": True})
    *chunks, last = events(body)
    assert status == 200
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["w0 ", "w1 "]
    assert last["error"]["code"] == "GLM-305"


def test_an_error_after_the_first_token_of_a_whole_answer_is_a_status(address: LocalAddress) -> None:
    status, body = post(address, {"prompt": "#late"})
    assert (status, code_of(body)) == (400, "GLM-305")


@pytest.mark.parametrize(
    ("prompt", "stream"), [("#slow", True), ("#hang", True), ("#slow", False), ("#hang", False)]
)
def test_a_client_that_goes_cancels_its_job(
    address: LocalAddress, engine: FakeEngine, lifetime: Lifetime, prompt: str, stream: bool
) -> None:
    num_jobs = len(engine.jobs)
    body = json.dumps({"prompt": prompt, "stream": stream, "max_tokens": 4000}).encode()
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions", body))
        wait_until(lambda: len(engine.jobs) > num_jobs)
        if stream:
            # The first token of the slow one, the first heartbeat of the silent one.
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        gone_at = time.monotonic()
    job = engine.jobs[-1]
    wait_until(lambda: job.cancelled_at)
    assert job.cancelled_at is not None
    assert job.cancelled_at - gone_at < 0.1
    wait_until(lambda: lifetime.num_running == 0)


def test_a_job_that_ended_is_not_cancelled(address: LocalAddress, engine: FakeEngine) -> None:
    post(address, {"prompt": "a", "stream": True})
    assert engine.jobs[-1].cancelled_at is None


def test_a_silent_stream_beats(address: LocalAddress) -> None:
    with connect(address) as connection:
        connection.sendall(request("POST", "/v1/completions", b'{"prompt": "#hang", "stream": true}'))
        answer = b""
        while answer.count(b"\r\n:\n\n\r\n") < 2:
            answer += connection.recv(65536)
    assert b"data:" not in answer


def test_attached_fronts_are_counted(address: LocalAddress, lifetime: Lifetime) -> None:
    with connect(address) as first, connect(address) as second:
        for connection in (first, second):
            connection.sendall(request("GET", "/v1/attach"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        wait_until(lambda: lifetime.num_attached == 2)
    wait_until(lambda: lifetime.num_attached == 0)


def test_a_server_that_leaves_ends_its_streams_in_good_order(module_folder: Path) -> None:
    engine = FakeEngine()
    with serve(engine, UnixAddress(module_folder / "leaving")) as address:
        front, client = connect(address), connect(address)
        front.sendall(request("GET", "/v1/attach"))
        client.sendall(request("POST", "/v1/completions", b'{"prompt": "#slow", "stream": true}'))
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    with front, client:
        assert _read_all(front).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        last_words = _read_all(client)
    assert b'"finish_reason":"cancelled"' in last_words
    assert b"data: [DONE]" in last_words
    assert not (module_folder / "leaving").exists()


def _read_all(connection: Any) -> bytes:
    text = b""
    while piece := connection.recv(65536):
        text += piece
    return text


@pytest.fixture(scope="module")
def port() -> Iterator[LocalAddress]:
    with serve(FakeEngine(), TcpAddress("127.0.0.1", 0)) as address:
        yield address


@pytest.fixture(scope="module")
def locked_port() -> Iterator[LocalAddress]:
    with serve(FakeEngine(), TcpAddress("127.0.0.1", 0), token="s3cret") as address:  # noqa: S106
        yield address


class TestGuard:
    """A loopback port, which any program and any web page on this machine can reach."""

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:9", "127.9.9.9", "[::1]:80"])
    def test_names_of_this_machine_pass(self, port: LocalAddress, host: str) -> None:
        raw = request("GET", "/v1/models", b"", "Connection: close").replace(b"localhost", host.encode(), 1)
        assert parse(talk(port, raw))[0] == 200

    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.168.0.1", ""]
    )
    def test_other_names_do_not(self, port: LocalAddress, host: str) -> None:
        raw = request("GET", "/v1/models", b"", "Connection: close").replace(b"localhost", host.encode(), 1)
        status, body = parse(talk(port, raw))
        assert (status, code_of(body)) == (403, "GLM-407")

    @pytest.mark.parametrize("origin", ["http://localhost:3000", "https://evil.example", "null"])
    def test_web_pages_are_refused_whatever_their_origin(self, port: LocalAddress, origin: str) -> None:
        status, body = post(port, {"prompt": "a"}, f"Origin: {origin}")
        assert (status, code_of(body)) == (403, "GLM-407")

    @pytest.mark.parametrize(
        "header",
        ["X: y", "Authorization: Bearer wrong", "Authorization: s3cret", "Authorization: Bearer s3cre\xe9"],
    )
    @pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/attach", "/nowhere"])
    def test_without_the_token_nothing_is_told(
        self, locked_port: LocalAddress, path: str, header: str
    ) -> None:
        status, body = get(locked_port, path, header)
        assert (status, code_of(body)) == (401, "GLM-407")
        assert b"s3cret" not in body

    def test_with_the_token_everything_is(self, locked_port: LocalAddress) -> None:
        assert post(locked_port, {"prompt": "a"}, "Authorization: Bearer s3cret")[0] == 200
        assert get(locked_port, "/healthz")[0] == 200


@pytest.mark.parametrize("path", ["/v1/models/", "/v1/", "/"])
def test_no_path_is_redirected(port: LocalAddress, path: str) -> None:
    status, body = get(port, path)
    assert (status, code_of(body)) == (404, "GLM-405")


def test_small_pieces_are_sent_without_delay_over_tcp(port: LocalAddress) -> None:
    """Regression: without `TCP_NODELAY` each request over TCP took 40 ms longer."""
    raw = request("POST", "/v1/completions", b'{"prompt": "a", "stream": true}')
    with connect(port) as connection:
        times = []
        for _ in range(8):
            started = time.monotonic()
            connection.sendall(raw)
            while not connection.recv(65536).endswith(b"0\r\n\r\n"):
                pass
            times.append(time.monotonic() - started)
    assert min(times) < 0.03


class BrokenEngine(FakeEngine):
    """Fails in ways that no engine should."""

    def submit(self, request_: Any, on_event: OnEvent) -> FakeJob:
        raise ValueError(f"cannot do {request_.prompt}")


def test_a_defect_is_answered_and_logged_without_the_prompt(
    module_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        serve(BrokenEngine(), UnixAddress(module_folder / "broken")) as address,
        caplog.at_level(logging.DEBUG),
    ):
        status, body = post(address, {"prompt": "CANARY"})
        assert get(address, "/healthz")[0] == 200
    assert (status, code_of(body)) == (500, "GLM-400")
    assert "ValueError" in caplog.text
    assert "CANARY" not in caplog.text + body.decode()


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_cannot_be_encoded_ends_the_response_only(
    module_folder: Path, caplog: pytest.LogCaptureFixture, stream: bool
) -> None:
    engine = FakeEngine(script=lambda _: ["CANARY", "\ud800CANARY"])
    with serve(engine, UnixAddress(module_folder / "surrogate")) as address, caplog.at_level(logging.DEBUG):
        raw = json.dumps({"prompt": "a", "stream": stream}).encode()
        answer = talk(address, request("POST", "/v1/completions", raw))
        assert get(address, "/healthz")[0] == 200
    assert b"[DONE]" not in answer
    assert "UnicodeEncodeError" in caplog.text
    assert "CANARY" not in caplog.text


def test_a_glm_error_of_submit_is_answered_as_such(module_folder: Path) -> None:
    class Closed(FakeEngine):
        def submit(self, request_: Any, on_event: OnEvent) -> FakeJob:
            raise GlmError("closed")

    with serve(Closed(), UnixAddress(module_folder / "closed")) as address:
        status, body = post(address, {"prompt": "a", "stream": True})
    assert (status, code_of(body)) == (500, "GLM-000")


def test_merging_keeps_choices_apart() -> None:
    def chunk(*choices: Choice) -> CompletionChunk:
        return CompletionChunk(id="x", created=1, model="m", choices=list(choices))

    merged = merge_chunks(
        [
            chunk(Choice(index=1, text="B")),
            chunk(Choice(index=0, text="a"), Choice(index=1, text="b")),
            chunk(Choice(index=0, text="c", finish_reason="stop")),
            chunk(Choice(index=1, finish_reason="length")),
            chunk(),
        ]
    )
    assert [(choice.text, choice.finish_reason) for choice in merged.choices] == [
        ("ac", "stop"),
        ("Bb", "length"),
    ]
