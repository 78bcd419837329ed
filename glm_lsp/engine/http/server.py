"""The engine over HTTP, in OpenAI's shape.

    POST /v1/completions   a completion, streamed or whole; a client that goes away cancels it
    GET  /v1/models        the model, with our description under `glm`
    GET  /v1/attach        a stream that a front holds open for as long as it needs the engine
    GET  /healthz          answers while the event loop turns
    GET  /metrics          Prometheus text

Everything here runs on the event loop; the engine's thread hands its events over through `EventQueue`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from glm_lsp.engine.description import EngineDescription, ModelEntry, ModelList
from glm_lsp.engine.http.body import read_body
from glm_lsp.engine.http.error_body import error_response, error_status, unexpected
from glm_lsp.engine.http.guard import Guard, GuardedApp
from glm_lsp.engine.http.job_events import EventQueue
from glm_lsp.engine.http.joined_answer import merge_chunks
from glm_lsp.engine.http.metrics import CONTENT_TYPE, render_metrics
from glm_lsp.engine.http.stream import send_heartbeats, send_stream, while_connected
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

    def describe(self) -> EngineDescription:
        """What is being served."""

    def counters(self) -> dict[str, float]:
        """Totals since the start, for `/metrics`."""

    def close(self) -> None:
        """Frees the model; running jobs end with an error."""


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
        self._leaving = asyncio.Event()
        self._jobs: set[Job] = set()
        self.app: ASGIApp = GuardedApp(self._routes(), guard)

    def leave(self) -> None:
        """Cancels what runs and lets the fronts go; the streams then end in good order."""
        self._leaving.set()
        for job in self._jobs:
            job.cancel()

    def _routes(self) -> Starlette:
        app = Starlette(
            routes=[
                Route("/v1/completions", self._completions, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/attach", self._attach, methods=["GET"]),
                Route("/healthz", self._healthz, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _refuse_path},
        )
        app.router.redirect_slashes = False  # a client that does not follow would see an empty answer
        return app

    async def _completions(self, request: Request) -> Response:
        try:
            completion = decode_request(await read_body(request))
            self._check_model(completion.model)
        except ClientDisconnect:
            return Response()
        except GlmError as error:
            self._outcomes["refused"] += 1
            logger.info("completion refused: %s, status %d", error.code, error_status(error))
            return error_response(error)
        return _Endpoint(lambda scope, receive, send: self._complete(completion, scope, receive, send))

    async def _complete(self, request: CompletionRequest, scope: Scope, receive: Receive, send: Send) -> None:
        events = EventQueue()
        with self.lifetime.running():
            try:
                job = self._service.submit(request, events.put)
            except Exception as error:
                failure = error if isinstance(error, GlmError) else unexpected(error)
                self._outcomes["failed"] += 1
                await error_response(failure)(scope, receive, send)
                return
            answer = send_stream if request.stream else _send_whole
            await self._finish(job, events, while_connected(receive, answer(events, scope, receive, send)))

    async def _finish(self, job: Job, events: EventQueue, answer: Coroutine[object, object, None]) -> None:
        """Sends the answer of a job, and cancels the job if the answer ends before it."""
        self._jobs.add(job)
        try:
            await answer
        except Exception as error:
            # Uvicorn ends the response and logs what it gets: not the original, which may quote the prompt.
            raise unexpected(error) from None
        finally:
            self._jobs.discard(job)
            if events.ending is None:
                job.cancel()
            self._outcomes[_outcome(events)] += 1

    async def _models(self, request: Request) -> Response:
        about = self._description
        entry = ModelEntry(id=about.model, created=int(about.started_at), owned_by="glm-lsp", glm=about)
        return Response(msgspec.json.encode(ModelList(data=[entry])), media_type="application/json")

    async def _attach(self, request: Request) -> Response:
        async def hold(scope: Scope, receive: Receive, send: Send) -> None:
            with self.lifetime.attached():
                await while_connected(receive, send_heartbeats(self._leaving, send))

        return _Endpoint(hold)

    async def _healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _metrics(self, request: Request) -> Response:
        counters = {f"engine_{name}": value for name, value in self._service.counters().items()}
        counters |= {f"http_completions_{outcome}": count for outcome, count in self._outcomes.items()}
        gauges = {
            "fronts_attached": self.lifetime.num_attached,
            "completions_running": self.lifetime.num_running,
            "uptime_seconds": time.time() - self._description.started_at,
        }
        return Response(render_metrics(counters, gauges), media_type=CONTENT_TYPE)

    def _check_model(self, model: str | None) -> None:
        if model and model != self._description.model:
            raise EngineMismatchError(
                f"this engine serves {self._description.model!r}, not {model!r}",
                "Name the model that GET /v1/models lists, or none.",
            )


class _Endpoint(Response):
    """A response that is an ASGI function: it sees the client go, which starlette's own responses do not."""

    def __init__(self, run: ASGIApp) -> None:
        super().__init__()
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._run(scope, receive, send)


async def _send_whole(events: EventQueue, scope: Scope, receive: Receive, send: Send) -> None:
    chunks = [event for event in await events.take_all() if not isinstance(event, GlmError)]
    if isinstance(events.ending, GlmError):
        response = error_response(events.ending)
    else:
        response = Response(msgspec.json.encode(merge_chunks(chunks)), media_type="application/json")
    await response(scope, receive, send)


def _outcome(events: EventQueue) -> str:
    if events.ending is None:
        return "cancelled"
    return "failed" if isinstance(events.ending, GlmError) else "finished"


async def _refuse_path(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    cause = "no such path" if status == 404 else "this path does not take that method"
    response = error_response(RequestError(f"{cause}: {request.method} {request.url.path}"), status)
    response.headers.update(getattr(error, "headers", None) or {})
    return response
