"""The engine over HTTP, in OpenAI's shape.

    POST /v1/completions        a completion, streamed or whole; a client that goes away cancels it
    POST /v1/chat/completions   likewise, of a dialogue
    GET  /v1/models             the model, with our description under `glm`
    GET  /v1/attach             a stream that a front holds open for as long as it needs the engine
    POST /v1/usage              what editors have counted, to be added to the metrics
    GET  /healthz               answers while the event loop turns
    GET  /metrics               Prometheus text

Everything here runs on the event loop; the engine's thread hands its events over through `EventQueue`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
from msgspec import Struct

from glm_lsp.completion.chat import Message
from glm_lsp.engine.chat_wire import decode_chat_request
from glm_lsp.engine.description import EngineDescription, ModelEntry, ModelList
from glm_lsp.engine.http.asgi import Application, ClientGoneError, Receive, Scope, Send, respond
from glm_lsp.engine.http.body import read_body
from glm_lsp.engine.http.chat_answer import ChatStream, chat_completion
from glm_lsp.engine.http.error_body import error_status, send_error, unexpected
from glm_lsp.engine.http.guard import Guard, GuardedApp
from glm_lsp.engine.http.job_events import EventQueue
from glm_lsp.engine.http.joined_answer import merge_chunks
from glm_lsp.engine.http.metrics import CONTENT_TYPE, render_metrics
from glm_lsp.engine.http.stream import Encode, completion_event, send_heartbeats, send_stream, watching
from glm_lsp.engine.http.usage import EditorUsage
from glm_lsp.engine.process.lifetime import Lifetime
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, decode_request
from glm_lsp.errors import EngineMismatchError, GlmError, RequestError

logger = logging.getLogger(__name__)


class Job(Protocol):
    """A submitted request."""

    def cancel(self) -> None:
        """Ends it between two tokens. Callable from any thread, any number of times, also after the end."""


class CompletionService(Protocol):
    """The engine that is served. Every method may be called from any thread."""

    def submit(
        self, request: CompletionRequest, on_event: Callable[[CompletionChunk | GlmError], None]
    ) -> Job:
        """Starts a completion and returns at once.

        `on_event` runs on the engine's thread: text chunks, a closing chunk for each choice with its
        `finish_reason`, and last a chunk without choices that has usage and timing; or one error, the end.
        """

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The prompt of token ids that the answer to a dialogue continues.

        Raises:
            RequestError: the model holds no dialogues, or none of this form.
            ContextOverflowError: the dialogue is too long.
        """

    def describe(self) -> EngineDescription:
        """What is being served."""

    def counters(self) -> dict[str, float]:
        """Totals since the start, for `/metrics`."""

    def close(self) -> None:
        """Frees the model; running jobs end with an error."""


Join = Callable[[Sequence[CompletionChunk]], Struct]


@dataclass(frozen=True)
class _Form:
    """How an answer is told: event by event, or from all its chunks at once."""

    encode: Encode
    join: Join


_COMPLETION = _Form(completion_event, merge_chunks)


class EngineServer:
    """The HTTP application of one engine.

    Args:
        service: does the work. It is not closed by the server.
        lifetime: told who needs the engine.
        guard: who may talk to it.
    """

    def __init__(self, service: CompletionService, lifetime: Lifetime, guard: Guard) -> None:
        self.lifetime = lifetime
        self._service = service
        self._description = service.describe()
        self._outcomes: Counter[str] = Counter()
        self._usage = EditorUsage()
        self._jobs: set[Job] = set()
        self._attached: set[asyncio.Event] = set()
        self._is_leaving = False
        self._routes: dict[str, tuple[tuple[str, ...], Application]] = {
            "/v1/completions": (("POST",), self._completions),
            "/v1/chat/completions": (("POST",), self._chat),
            "/v1/models": (("GET", "HEAD"), self._models),
            # Not HEAD: the stream would go on, but nothing of it would be seen.
            "/v1/attach": (("GET",), self._attach),
            "/v1/usage": (("POST",), self._add_usage),
            "/healthz": (("GET", "HEAD"), self._healthz),
            "/metrics": (("GET", "HEAD"), self._metrics),
        }
        self.app: Application = GuardedApp(self._route, guard)

    def leave(self) -> None:
        """Cancels what runs and lets the fronts go; the streams then end in good order."""
        self._is_leaving = True
        for ending in self._attached:
            ending.set()
        for job in self._jobs:
            job.cancel()

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        allowed, endpoint = self._routes.get(path, ((), None))
        if endpoint is None:
            await send_error(send, RequestError(f"no such path: {method} {path}"), 404)
        elif method not in allowed:
            error = RequestError(f"this path does not take that method: {method} {path}")
            await send_error(send, error, 405, [(b"allow", ", ".join(allowed).encode())])
        else:
            await endpoint(scope, receive, send)

    async def _completions(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = decode_request(await read_body(scope, receive))
            self._check_model(request.model)
        except ClientGoneError:
            return
        except GlmError as error:
            await self._refuse(error, send)
            return
        await self._run(request, _COMPLETION, receive, send)

    async def _chat(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            chat = decode_chat_request(await read_body(scope, receive))
            self._check_model(chat.model)
            # A long dialogue takes its time to tokenize; others' streams go on meanwhile.
            token_ids = await asyncio.to_thread(self._service.encode_chat, chat.dialogue())
        except ClientGoneError:
            return
        except Exception as error:
            await self._refuse(error if isinstance(error, GlmError) else unexpected(error), send)
            return
        stream = ChatStream(includes_usage=chat.includes_usage)
        await self._run(chat.completion(token_ids), _Form(stream.encode, chat_completion), receive, send)

    async def _refuse(self, error: GlmError, send: Send) -> None:
        self._outcomes["refused"] += 1
        logger.info("completion refused: %s, status %d", error.code, error_status(error))
        await send_error(send, error)

    async def _run(self, request: CompletionRequest, form: _Form, receive: Receive, send: Send) -> None:
        events = EventQueue(whole=not request.stream)
        with self.lifetime.running(), watching(receive, events.abandon):
            await self._complete(request, form, events, send)

    async def _complete(
        self, request: CompletionRequest, form: _Form, events: EventQueue, send: Send
    ) -> None:
        """Sends the answer to a request, and cancels the work if the answer ends before it."""
        try:
            job = self._service.submit(request, events.put)
        except Exception as error:
            self._outcomes["failed"] += 1
            await send_error(send, error if isinstance(error, GlmError) else unexpected(error))
            return
        self._jobs.add(job)
        try:
            if request.stream:
                await send_stream(events, send, form.encode)
            else:
                await _send_whole(events, send, form.join)
        except ClientGoneError:
            return
        except Exception as error:
            # Uvicorn ends the response and logs what it gets: not the original, which may quote the prompt.
            raise unexpected(error) from None
        finally:
            self._jobs.discard(job)
            if events.ending is None:
                job.cancel()
            self._outcomes[_outcome(events)] += 1

    async def _models(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = self._description
        entry = ModelEntry(id=about.model, created=int(about.started_at), owned_by="glm-lsp", glm=about)
        await respond(send, msgspec.json.encode(ModelList(data=[entry])))

    async def _attach(self, scope: Scope, receive: Receive, send: Send) -> None:
        ending = asyncio.Event()
        if self._is_leaving:
            ending.set()
        self._attached.add(ending)
        try:
            with self.lifetime.attached(), watching(receive, ending.set):
                await send_heartbeats(ending, send)
        finally:
            self._attached.discard(ending)

    async def _add_usage(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._usage.add(await read_body(scope, receive))
        except ClientGoneError:
            return
        except GlmError as error:
            await send_error(send, error)
            return
        await respond(send, b"{}")

    async def _healthz(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"ok\n", content_type=b"text/plain; charset=utf-8")

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        counters = {f"engine_{name}": value for name, value in self._service.counters().items()}
        counters |= self._usage.counters()
        counters |= {f"http_completions_{outcome}": count for outcome, count in self._outcomes.items()}
        gauges = {
            "fronts_attached": self.lifetime.num_attached,
            "completions_running": self.lifetime.num_running,
            "uptime_seconds": time.time() - self._description.started_at,
        }
        await respond(send, render_metrics(counters, gauges).encode(), content_type=CONTENT_TYPE.encode())

    def _check_model(self, model: str | None) -> None:
        if model and model != self._description.model:
            raise EngineMismatchError(
                f"this engine serves {self._description.model!r}, not {model!r}",
                "Name the model that GET /v1/models lists, or none.",
            )


async def _send_whole(events: EventQueue, send: Send, join: Join) -> None:
    chunks = [event for event in await events.take_all() if not isinstance(event, GlmError)]
    if isinstance(events.ending, GlmError):
        await send_error(send, events.ending)
    else:
        await respond(send, msgspec.json.encode(join(chunks)))


def _outcome(events: EventQueue) -> str:
    if events.ending is None:
        return "cancelled"
    return "failed" if isinstance(events.ending, GlmError) else "finished"
