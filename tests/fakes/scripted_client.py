"""An engine client that plays back scripts and notes what happened to its streams."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from glm_lsp.engine.description import EngineDescription
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
from glm_lsp.errors import GlmError

TIMING = Timing(queue=0.1, tokenize=0.2, prefill=3.0, decode=4.0, ttft=5.0, total=7.3)


@dataclass
class Script:
    """One answer: the pieces of each choice, then how it ends.

    Attributes:
        choices: for each choice the texts of its tokens.
        probability: of every token; None leaves log-probabilities out.
        finish_reason: of every choice.
        gate: when given, each token waits for it; of a semaphore it takes one.
        error: raised after the tokens, in place of an end.
    """

    choices: list[list[str]]
    probability: float | None = 0.5
    finish_reason: FinishReason = "stop"
    gate: asyncio.Event | asyncio.Semaphore | None = None
    error: GlmError | None = None


@dataclass
class ScriptedClient:
    """Answers each request with the next script, and the last script for ever; `started` tells of the first."""

    scripts: list[Script]
    context_length: int = 1024
    requests: list[CompletionRequest] = field(default_factory=list)
    open_streams: int = 0
    num_cancelled: int = 0
    num_described: int = 0
    num_pieces: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def saying(cls, *texts: str) -> ScriptedClient:
        """A client that answers each request with the next text, one token per character."""
        return cls([Script([list(text)]) for text in texts])

    async def describe(self) -> EngineDescription:
        self.num_described += 1
        return EngineDescription(model="scripted", context_length=self.context_length)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        self.open_streams += 1
        self.started.set()
        finished = False
        try:
            async for chunk in self._chunks(script, request):
                yield chunk
            finished = True
        finally:
            self.open_streams -= 1
            self.num_cancelled += not finished and script.error is None

    async def close(self) -> None:
        """Nothing is open."""

    async def _chunks(
        self, script: Script, request: CompletionRequest
    ) -> AsyncGenerator[CompletionChunk, None]:
        num_tokens = 0
        for index, tokens in enumerate([] if request.glm.warm_up else script.choices):
            for token in tokens:
                await _pass(script.gate)
                num_tokens += 1
                self.num_pieces += 1
                yield _chunk(Choice(index=index, text=token, logprobs=_logprobs(token, script.probability)))
            yield _chunk(Choice(index=index, finish_reason=script.finish_reason))
        if script.error:
            raise script.error
        usage = Usage(
            prompt_tokens=100,
            completion_tokens=num_tokens,
            total_tokens=100 + num_tokens,
            prompt_tokens_details=PromptTokensDetails(cached_tokens=90),
        )
        yield _chunk(usage=usage)


async def _pass(gate: asyncio.Event | asyncio.Semaphore | None) -> None:
    if gate is None:
        await asyncio.sleep(0)
    elif isinstance(gate, asyncio.Event):
        await gate.wait()
    else:
        await gate.acquire()


def _chunk(*choices: Choice, usage: Usage | None = None) -> CompletionChunk:
    report = GlmReport(timing_ms=TIMING) if usage else None
    return CompletionChunk(
        id="1", created=0, model="scripted", choices=list(choices), usage=usage, glm=report
    )


def _logprobs(token: str, probability: float | None) -> Logprobs | None:
    return None if probability is None else Logprobs([token], [math.log(probability)])
