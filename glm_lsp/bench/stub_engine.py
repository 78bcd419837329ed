"""An engine without a model: it answers every completion at once, with the same few tokens.

`python -m glm_lsp.bench.stub_engine unix:PATH` serves until it is ended; when it listens, it prints the address for
clients. It knows as much of HTTP as this program's own client sends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import msgspec

from glm_lsp.engine.address import TcpAddress, UnixAddress, parse_address
from glm_lsp.engine.description import EngineDescription, ModelEntry, ModelList
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    GlmReport,
    Logprobs,
    PromptTokensDetails,
    Timing,
    Usage,
)

TOKENS = ("+ value", " +", " 1")
"""Fits behind whatever the front is measured with: a suggestion that did not parse would not be shown."""
DESCRIPTION = EngineDescription(
    model="stub", precision="none", context_length=1024, copies=True, device="none"
)
_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


def _chunk(choices: list[Choice], usage: Usage | None = None, report: GlmReport | None = None) -> bytes:
    chunk = CompletionChunk(
        id="stub", created=0, model=DESCRIPTION.model, choices=choices, usage=usage, glm=report
    )
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def completion() -> bytes:
    """The whole response to a completion: a stream that ends with its first piece."""
    nothing = Timing(queue=0, tokenize=0, prefill=0, decode=0, ttft=0, total=0)
    usage = Usage(
        prompt_tokens=500,
        completion_tokens=len(TOKENS),
        total_tokens=500 + len(TOKENS),
        prompt_tokens_details=PromptTokensDetails(499),
    )
    pieces = [Choice(index=0, text=token, logprobs=Logprobs([token], [-0.1])) for token in TOKENS]
    events = [
        *(_chunk([piece]) for piece in (*pieces, Choice(index=0, finish_reason="stop"))),
        _chunk([], usage, GlmReport(timing_ms=nothing)),
        b"data: [DONE]\n\n",
    ]
    body = b"".join(events)
    return b"%b%x\r\n%b\r\n0\r\n\r\n" % (_CHUNKED, len(body), body)


def models() -> bytes:
    """The whole response to a question for the models: one that copies, so that requests are as large as any."""
    entry = ModelEntry(id=DESCRIPTION.model, glm=DESCRIPTION)
    body = msgspec.json.encode(ModelList(data=[entry]))
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class StubConnection(asyncio.Protocol):
    """Answers a POST with the completion, anything else with the models."""

    _completion, _models = completion(), models()

    def __init__(self) -> None:
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answers each request that is whole."""
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = self._came[:end].lower()
            length = head.partition(_LENGTH)[2].partition(b"\r\n")[0]
            whole = end + 4 + int(length or 0)
            if len(self._came) < whole:
                return
            self._came = self._came[whole:]
            self._transport.write(self._completion if head.startswith(b"post") else self._models)


async def serve(text: str) -> None:
    """Serves at an address of this machine for ever."""
    address, loop = parse_address(text), asyncio.get_running_loop()
    if isinstance(address, UnixAddress):
        server: asyncio.Server = await loop.create_unix_server(StubConnection, address.path)
        print(address, flush=True)
    else:
        assert isinstance(address, TcpAddress)  # noqa: S101
        server = await loop.create_server(StubConnection, address.host, address.port)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
