"""The engine: one thread that owns the session and all KV memory and works off completion requests in order."""

from __future__ import annotations

import gc
import logging
import queue
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from types import TracebackType

from glm_lsp.completion.chat import TEMPLATES, Message
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.job import Event, Job, OnEvent
from glm_lsp.engine.loading import ModelLoader
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import DeviceError, EngineError, GlmError, GpuMemoryError, RequestError
from glm_lsp.models.store import ModelFolder

logger = logging.getLogger(__name__)


class Engine:
    """Serves one model. All methods may be called from any thread."""

    def __init__(
        self,
        worker: Worker,
        description: EngineDescription,
        chat_encoder: ChatEncoder | None = None,
        *,
        loader: ModelLoader | None = None,
        warm_up: Callable[[], None] | None = None,
    ) -> None:
        """Takes a loaded model.

        Args:
            worker: does the work from now on; nobody else may use it.
            chat_encoder: for models that chat.
            loader: loads the model again when the GPU has failed; without one the engine goes on as it is.
            warm_up: called once on the engine's thread, before the first job.
        """
        self._chat_encoder = chat_encoder
        self._description = description
        self._worker: Worker | None = worker
        self._counters = worker.counters
        self._loader = loader
        self._warm_up = warm_up
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
            device: where to run; "auto" is a GPU where everything is made for it.
            threads: for one run; a default fit for the machine when omitted.
            max_slots: files whose KV cache is kept.
            speculates: whether to check guesses of what comes next; off only to measure what they bring.

        Raises:
            ModelError: the folder is damaged, or its tokenizer does not fit its profile or chat template.
            RuntimeLibraryError: ONNX Runtime or the device cannot be used.
        """
        template = folder.manifest.chat_template
        loader = ModelLoader(
            folder, device=device, threads=threads, max_slots=max_slots, speculates=speculates
        )
        loaded = loader.load()
        chat = loaded.worker.chat_encoder(template) if template else None
        return cls(loaded.worker, loaded.description, chat, loader=loader, warm_up=loaded.session.warm_up)

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
        return dict(self._counters)

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
        self._try_warm_up()
        while (job := self._jobs.get()) is not None:
            failure = self._serve(job)
            if isinstance(failure, GpuMemoryError | DeviceError):
                self._let_go(failure)
            if failure is not None:
                self._counters["errors"] += 1
                job.on_event(failure)

    def _serve(self, job: Job) -> GlmError | None:
        """Answers a job, or says what to answer instead."""
        try:
            if self._closed:
                raise EngineError("the engine is closed")
            self._loaded_worker().serve(job)
        except (GpuMemoryError, DeviceError) as error:
            # Its traceback holds the model's memory, which is wanted now; so only its words are kept.
            return type(error)(error.cause, error.remedy)
        except GlmError as error:
            return error
        except Exception as error:
            # An exception's message could quote the prompt, so only its kind and place are logged.
            place = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            logger.error("%s failed: %s at %s:%s", job.id, kind, place.filename, place.lineno)
            return EngineError(f"the engine failed on this request ({kind})")
        return None

    def _loaded_worker(self) -> Worker:
        if self._worker is None and self._loader is not None:
            loaded = self._loader.load()
            self._worker, self._warm_up = loaded.worker, loaded.session.warm_up
            self._description = loaded.description
            self._worker.counters.update(self._counters)
            self._counters = self._worker.counters
            self._try_warm_up()
        if self._worker is None:
            raise EngineError("the model is not loaded")
        return self._worker

    def _try_warm_up(self) -> None:
        """What does not go now goes wrong again with the first job, which can be told of it."""
        warm_up, self._warm_up = self._warm_up, None
        if warm_up is None:
            return
        try:
            warm_up()
        except (GpuMemoryError, DeviceError) as error:
            self._let_go(error)
        except GlmError as error:
            logger.error("warming up failed: %s", error)

    def _let_go(self, error: GpuMemoryError | DeviceError) -> None:
        """Gives the model's memory back; the next job loads it with less of it, or without the GPU."""
        if self._loader is not None:
            logger.info("%s", error)
            self._loader.failed(type(error)(error.cause, error.remedy))
            self._worker = None
            gc.collect()
