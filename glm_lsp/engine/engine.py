"""The engine: one thread that owns the session and all KV memory and works off completion requests in order."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from itertools import count
from types import TracebackType

import glm_lsp
from glm_lsp.completion.chat import TEMPLATES, Message
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.job import Event, Job, OnEvent
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import EngineError, GlmError, RequestError
from glm_lsp.models.store import ModelFolder

logger = logging.getLogger(__name__)


class Engine:
    """Serves one model. All methods may be called from any thread."""

    def __init__(
        self, worker: Worker, description: EngineDescription, chat_encoder: ChatEncoder | None = None
    ) -> None:
        """`worker` does the work from now on; nobody else may use it. `chat_encoder` is for models that chat."""
        self._chat_encoder = chat_encoder
        self._description = description
        self._worker = worker
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._numbers = count(1)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    @classmethod
    def load(
        cls,
        folder: ModelFolder,
        *,
        device: Device = "auto",
        threads: int | None = None,
        max_slots: int = 3,
        speculates: bool = True,
    ) -> Engine:
        """Checks and opens a model folder.

        Args:
            folder: from `ModelStore.resolve`.
            device: where to run; "auto" is the CPU in this version.
            threads: for one run; a default fit for the machine when omitted.
            max_slots: files whose KV cache is kept.
            speculates: whether to check guesses of what comes next; off only to measure what they bring.

        Raises:
            ModelError: the folder is damaged, or its tokenizer does not fit its profile or chat template.
            RuntimeLibraryError: ONNX Runtime or the device cannot be used.
        """
        manifest = folder.manifest
        session = open_session(folder, device=device, threads=threads)
        worker = Worker.load(folder, session, num_slots=max_slots, speculates=speculates)
        description = EngineDescription(
            model=manifest.name,
            model_hash=folder.hash,
            version=glm_lsp.__version__,
            profile=manifest.prompt_profile,
            precision=manifest.precision,
            context_length=worker.context_length,
            copies=manifest.copying is not None,
            chat=bool(manifest.chat_template),
            confidence=manifest.confidence,
            num_slots=max_slots,
            device="cpu",
            threads=session.threads,
            pid=os.getpid(),
            started_at=time.time(),
        )
        chat = worker.chat_encoder(manifest.chat_template) if manifest.chat_template else None
        return cls(worker, description, chat)

    def submit(self, request: CompletionRequest, on_event: OnEvent) -> Job:
        """Queues a request.

        `on_event` runs on the engine's thread: text chunks, a closing chunk for each choice, and last a chunk
        without choices that carries usage and timing; or one `GlmError`, after which nothing follows.
        """
        job = Job(next(self._numbers), request, on_event)
        if self._closed:
            on_event(EngineError("the engine is closed"))
        else:
            self._jobs.put(job)
        return job

    def complete(self, request: CompletionRequest) -> Iterator[CompletionChunk]:
        """The chunks of one request, for callers in the same process; closing the iterator cancels.

        Raises:
            GlmError: as the engine reports it.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        job = self.submit(request, events.put)
        try:
            while True:
                event = events.get()
                if isinstance(event, GlmError):
                    raise event
                yield event
                if event.usage is not None:
                    return
        finally:
            job.cancel()

    def encode_chat(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The prompt of token ids that the answer to a dialogue continues.

        Raises:
            RequestError: the model holds no dialogues, or none whose messages come in this order.
            ContextOverflowError: the dialogue is too long.
        """
        if self._chat_encoder is None:
            raise RequestError(
                f"the model {self._description.model!r} holds no dialogues: it has no chat template",
                "Use /v1/completions, or import a chat model with its template: "
                + ", ".join(TEMPLATES)
                + ".",
            )
        return self._chat_encoder.encode(messages)

    def describe(self) -> EngineDescription:
        """What this engine serves, and how."""
        return self._description

    def counters(self) -> dict[str, float]:
        """Totals since the start; see `Worker`."""
        return dict(self._worker.counters)

    def close(self) -> None:
        """Answers what is queued with an error and ends the thread."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join(timeout=10)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if self._closed:
                    raise EngineError("the engine is closed")
                self._worker.serve(job)
            except GlmError as error:
                self._worker.counters["errors"] += 1
                job.on_event(error)
            except Exception as error:
                # An exception's message could quote the prompt, so only its kind and place are logged.
                place = traceback.extract_tb(error.__traceback__)[-1]
                kind = type(error).__name__
                logger.error("%s failed: %s at %s:%s", job.id, kind, place.filename, place.lineno)
                self._worker.counters["errors"] += 1
                job.on_event(EngineError(f"the engine failed on this request ({type(error).__name__})"))
