"""The HTTP servers of a comparison: what they are asked, what is read from them, and how they may fail."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from glm_lsp.bench import contestant as contestant_module
from glm_lsp.bench.servers import LlamaServer, OurEngine
from glm_lsp.bench.workload import greedy, text_of
from glm_lsp.engine.address import UnixAddress
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.slots import SlotPool
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import InputError
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")

# A server in the shape of llama.cpp's, which hangs up after every second answer and stumbles over token 13.
LLAMA = """\
    #!{python}
    import http.server, json, os, socketserver, sys

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        answered = 0

        def log_message(self, *_):
            pass

        def address_string(self):
            return "unix"

        def do_GET(self):
            self.reply(200, {{"status": "ok"}})

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if 13 in request["prompt"]:
                self.reply(400, {{"error": "bad luck"}})
                return
            tokens = [len(request["prompt"])] * request["n_predict"]
            timings = {{"prompt_ms": 1.5, "predicted_ms": 2.5}}
            self.reply(200, {{"tokens": tokens, "content": json.dumps([sys.argv, request]), "timings": timings}})
            Handler.answered += 1
            # As a server does that finds a connection idle: without a word.
            self.close_connection = Handler.answered % 2 == 0

        def reply(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    path = sys.argv[sys.argv.index("--host") + 1]
    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        server.daemon_threads = True
        server.serve_forever()
"""


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="glm-", dir="/tmp") as name:
        yield Path(name)


def llama(room: Path, program: str = LLAMA) -> LlamaServer:
    binary = room / "llama-server"
    binary.write_text(textwrap.dedent(program).format(python=sys.executable))
    binary.chmod(0o755)
    return LlamaServer(
        "llama", binary, room / "m.gguf", room, threads=2, context_length=512, extra=("--fast",)
    )


def test_llama_cpp_is_asked_for_greedy_tokens_and_keeps_its_cache(room: Path) -> None:
    server = llama(room)
    try:
        answer = server.answer([4, 5, 6], 2)
    finally:
        server.close()
    arguments, request = json.loads(answer.text)
    assert answer.token_ids == [3, 3]
    assert answer.inside_ms == {"prefill": 1.5, "decode": 2.5}
    assert arguments[arguments.index("--threads") + 1] == "2"
    assert arguments[arguments.index("--ctx-size") + 1] == "512"
    assert "--fast" in arguments
    assert (request["prompt"], request["n_predict"], request["top_k"]) == ([4, 5, 6], 2, 1)
    assert request["cache_prompt"] is True


def test_a_server_that_hung_up_between_answers_is_asked_again(room: Path) -> None:
    server = llama(room)
    try:
        assert [server.answer([1] * n, 1).token_ids for n in range(1, 7)] == [[n] for n in range(1, 7)]
    finally:
        server.close()


def test_a_refusal_is_told_with_the_server_s_words(room: Path) -> None:
    server = llama(room)
    try:
        with pytest.raises(InputError, match=r"status 400.*bad luck"):
            server.answer([13], 1)
        assert server.answer([1], 1).token_ids == [1]
    finally:
        server.close()


def test_a_server_that_is_gone_is_told(room: Path) -> None:
    server = llama(room)
    server._process.child.kill()
    server._process.child.wait()
    with pytest.raises(InputError, match="broke off"):
        server.answer([1], 1)
    server.close()


def test_a_server_that_does_not_start_shows_its_log(room: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: m\.gguf"):
        llama(room, "#!{python}\nraise SystemExit('no such file: m.gguf')\n")


def test_a_server_that_is_never_ready_is_given_up(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contestant_module, "START_S", 0.3)
    with pytest.raises(InputError, match="not ready within"):
        llama(room, "#!{python}\nimport time\ntime.sleep(60)\n")


def test_a_program_that_is_not_there_is_told(room: Path) -> None:
    with pytest.raises(InputError, match="cannot be run"):
        LlamaServer("llama", room / "nothing", room / "m.gguf", room, threads=1, context_length=512)


def test_our_engine_has_one_cache_as_peers_have(room: Path, tmp_path: Path) -> None:
    engine = OurEngine(tiny_model(tmp_path), room, threads=1)

    async def described() -> EngineDescription:
        client = HttpEngineClient(UnixAddress(room / "engine.sock"))
        try:
            return await client.describe()
        finally:
            await client.close()

    try:
        assert asyncio.run(described()).num_slots == 1
    finally:
        engine.close()


def test_our_engine_answers_ids_as_the_session_does(room: Path, tmp_path: Path) -> None:
    model = tiny_model(tmp_path)
    tokenizer = SourceTokenizer.open(model.tokenizer_path)
    prompt = tokenizer.encode("def increment(self, by=1):\n    self.")
    engine = OurEngine(model, room, threads=1)
    try:
        answer = engine.answer(prompt, 8)
    finally:
        engine.close()
    session = OnnxSession.open(model, threads=1)
    ids = [
        token_id for token_id, _ in zip(greedy(session, SlotPool(session, 1), prompt), range(8), strict=False)
    ]
    end = next((place for place, one in enumerate(ids) if one in tokenizer.special_ids), len(ids))
    assert answer.text == text_of(tokenizer, ids[:end])
    assert answer.inside_ms.keys() == {"prefill", "decode"}
    assert not (room / "engine.sock").exists()
