"""A completion service without a model: says what the prompt tells it to, and remembers what happened to it.

Its answer is `echo(LAST LINE OF THE PROMPT)`, one token per word or sign. Words in the prompt steer it:

    #slow   40 ms per token, 250 tokens       #hang   no token until it is cancelled
    #fail   a ContextOverflowError            #late   a ContextOverflowError after two tokens
    #die    the process kills itself (-9) after two tokens

`python -m tests.fakes.fake_engine --listen unix:PATH --model fake --linger 1` runs it as an engine process;
--record FILE gets a line of JSON for each start, completion and cancel.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from glm_lsp import __version__
from glm_lsp.engine.address import parse_address
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.process.run import run_engine
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    CompletionRequest,
    FinishReason,
    GlmReport,
    Logprobs,
    PromptTokensDetails,
    Timing,
    Usage,
)
from glm_lsp.errors import ContextOverflowError, GlmError, ModelFileError

OnEvent = Callable[[CompletionChunk | GlmError], None]


class FakeJob:
    """A request; `cancelled_at` is the `time.monotonic()` of its cancel."""

    def __init__(self, number: int, request: CompletionRequest, on_event: OnEvent) -> None:
        self.id = f"fake-{number}"
        self.request = request
        self.on_event = on_event
        self.withdrawn = threading.Event()
        self.cancelled_at: float | None = None

    def cancel(self) -> None:
        self.cancelled_at = self.cancelled_at or time.monotonic()
        self.withdrawn.set()


class FakeEngine:
    """A `CompletionService` with one worker thread, as the real one has.

    Attributes:
        jobs: every submitted job, in order.
        delay_s: seconds per token.
    """

    def __init__(
        self,
        model: str = "fake",
        *,
        delay_s: float = 0.0,
        version: str = __version__,
        model_hash: str = "",
        script: Callable[[CompletionRequest], list[str]] | None = None,
        record: Callable[[str, str], None] = lambda event, job_id: None,
    ) -> None:
        self.model = model
        self.delay_s = delay_s
        self.jobs: list[FakeJob] = []
        self._version = version
        self._model_hash = model_hash
        self._script = script or echo_script
        self._record = record
        self._started_at = time.time()
        self._queue: queue.SimpleQueue[FakeJob | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, request: CompletionRequest, on_event: OnEvent) -> FakeJob:
        job = FakeJob(len(self.jobs), request, on_event)
        self.jobs.append(job)
        self._queue.put(job)
        return job

    def describe(self) -> EngineDescription:
        return EngineDescription(
            model=self.model,
            model_hash=self._model_hash,
            version=self._version,
            profile="glm-fim-spm",
            precision="fp32",
            context_length=4096,
            num_slots=1,
            device="cpu",
            threads=1,
            pid=os.getpid(),
            started_at=self._started_at,
        )

    def counters(self) -> dict[str, float]:
        return {"requests": float(len(self.jobs))}

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                self._serve(job)
            except GlmError as error:
                job.on_event(error)

    def _serve(self, job: FakeJob) -> None:
        prompt = job.request.prompt_text
        if "#fail" in prompt:
            raise ContextOverflowError("the prompt has 5000 tokens; 4096 can be used")
        if "#hang" in prompt:
            job.withdrawn.wait(timeout=60)
        num_tokens = 0
        if not job.request.glm.warm_up:
            for index in range(job.request.n):
                num_tokens += self._serve_choice(job, index)
        self._record("cancelled" if job.withdrawn.is_set() else "finished", job.id)
        job.on_event(self._report(job, num_tokens))

    def _serve_choice(self, job: FakeJob, index: int) -> int:
        tokens = self._script(job.request)
        reason: FinishReason = "stop" if len(tokens) <= job.request.max_tokens else "length"
        num_sent = 0
        for token in tokens[: job.request.max_tokens]:
            if self._wait(job):
                reason = "cancelled"
                break
            job.on_event(self._chunk(job, [Choice(index=index, text=token, logprobs=_logprobs(job, token))]))
            num_sent += 1
            if num_sent == 2:
                _misbehave(job.request.prompt_text)
        job.on_event(self._chunk(job, [Choice(index=index, finish_reason=reason)]))
        return num_sent

    def _wait(self, job: FakeJob) -> bool:
        """Takes the time of one token; True when the job was withdrawn."""
        delay_s = 0.04 if "#slow" in job.request.prompt_text else self.delay_s
        return job.withdrawn.wait(timeout=delay_s) if delay_s else job.withdrawn.is_set()

    def _chunk(self, job: FakeJob, choices: list[Choice]) -> CompletionChunk:
        return CompletionChunk(id=job.id, created=int(self._started_at), model=self.model, choices=choices)

    def _report(self, job: FakeJob, num_tokens: int) -> CompletionChunk:
        num_prompt = len(job.request.prompt_text.split())
        return CompletionChunk(
            id=job.id,
            created=int(self._started_at),
            model=self.model,
            choices=[],
            usage=Usage(
                prompt_tokens=num_prompt,
                completion_tokens=num_tokens,
                total_tokens=num_prompt + num_tokens,
                prompt_tokens_details=PromptTokensDetails(cached_tokens=0),
            ),
            glm=GlmReport(timing_ms=Timing(queue=0, tokenize=0, prefill=0, decode=0, ttft=0, total=0)),
        )


def echo_script(request: CompletionRequest) -> list[str]:
    """`echo(LAST LINE)` in tokens; 250 words when asked to be slow."""
    if "#slow" in request.prompt_text:
        return [f"w{number} " for number in range(250)]
    last_line = request.prompt_text.rpartition("\n")[2].strip()
    return re.findall(r"\w+|\W", f"echo({last_line})")


def _logprobs(job: FakeJob, token: str) -> Logprobs | None:
    return None if job.request.logprobs is None else Logprobs([token], [-0.25])


def _misbehave(prompt: str) -> None:
    if "#late" in prompt:
        raise ContextOverflowError("the prompt has 5000 tokens; 4096 can be used")
    if "#die" in prompt:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Runs the fake as an engine process; returns its exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", required=True)
    parser.add_argument("--model", default="fake")
    parser.add_argument("--linger", type=float, default=30.0)
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--allow-remote", action="store_true")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--load-s", type=float, default=0.0, help="seconds that loading the model takes")
    parser.add_argument("--version-served", default=__version__)
    parser.add_argument("--hash-served", default="")
    parser.add_argument("--broken", choices=("model", "crash", "exit"), help="how loading the model fails")
    options = parser.parse_args()

    def load() -> FakeEngine:
        _record_line(options.record, "started", str(os.getpid()))
        time.sleep(options.load_s)
        _break(options.broken)
        return FakeEngine(
            options.model,
            delay_s=options.delay_ms / 1e3,
            version=options.version_served,
            model_hash=options.hash_served,
            record=lambda event, job_id: _record_line(options.record, event, job_id),
        )

    try:
        return run_engine(
            load,
            parse_address(options.listen, allow_remote=options.allow_remote),
            linger_s=options.linger,
            allow_remote=options.allow_remote,
            token=os.environ.get("GLM_LSP_ENGINE_TOKEN"),
            log_file=options.log_file,
        )
    except GlmError as error:
        print(error, file=sys.stderr)
        return 1


def read_record(path: Path) -> Iterator[dict[str, str]]:
    """The lines of a --record file: `event`, `id`, `pid`."""
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _break(how: str | None) -> None:
    if how == "model":
        raise ModelFileError("weights.bin differs from its manifest")
    if how == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        sys.exit(3)


def _record_line(path: Path | None, event: str, job_id: str) -> None:
    if path:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "id": job_id, "pid": os.getpid()}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
