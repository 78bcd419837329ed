"""Completions told as chat completions: the same events in OpenAI's other shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from glm_lsp.engine.chat_wire import (
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChatDelta,
    ChatFinishReason,
    ChatLogprobs,
    ChatMessage,
    ChatPiece,
    ChosenLogprob,
    TokenLogprob,
)
from glm_lsp.engine.http.job_events import Event
from glm_lsp.engine.http.joined_answer import merge_chunks
from glm_lsp.engine.http.stream import error_event, sse_event
from glm_lsp.engine.wire import Choice, CompletionChunk, FinishReason, Logprobs
from glm_lsp.errors import GlmError


class ChatStream:
    """The events of one job as server-sent events: of each choice its role, its text, then its end.

    Args:
        includes_usage: end with the number of tokens.
    """

    def __init__(self, *, includes_usage: bool) -> None:
        self._includes_usage = includes_usage
        self._known: set[int] = set()

    def encode(self, event: Event) -> bytes:
        """The server-sent events that tell of one event of the engine; may be none."""
        if isinstance(event, GlmError):
            return error_event(event)
        chunks = [_chunk(event, [piece]) for choice in event.choices for piece in self._pieces(choice)]
        if event.usage is not None and self._includes_usage:
            chunks.append(msgspec.structs.replace(_chunk(event, []), usage=event.usage, glm=event.glm))
        return b"".join(map(sse_event, chunks))

    def _pieces(self, choice: Choice) -> Iterator[ChatPiece]:
        index = choice.index
        if index not in self._known:
            self._known.add(index)
            yield ChatPiece(index=index, delta=ChatDelta(role="assistant", content=""))
        if choice.text or choice.logprobs:
            delta = ChatDelta(content=choice.text)
            yield ChatPiece(index=index, delta=delta, logprobs=_logprobs(choice.logprobs))
        if choice.finish_reason:
            yield ChatPiece(index=index, finish_reason=_reason(choice.finish_reason))


def chat_completion(chunks: Sequence[CompletionChunk]) -> ChatCompletion:
    """A whole answer, from the chunks of its stream."""
    whole = merge_chunks(chunks)
    return ChatCompletion(
        id=_chat_id(whole),
        created=whole.created,
        model=whole.model,
        choices=[_choice(choice) for choice in whole.choices],
        usage=whole.usage,
        glm=whole.glm,
    )


def _choice(choice: Choice) -> ChatChoice:
    return ChatChoice(
        index=choice.index,
        message=ChatMessage(content=choice.text),
        logprobs=_logprobs(choice.logprobs),
        finish_reason=_reason(choice.finish_reason),
    )


def _chunk(event: CompletionChunk, pieces: list[ChatPiece]) -> ChatChunk:
    return ChatChunk(id=_chat_id(event), created=event.created, model=event.model, choices=pieces)


def _chat_id(event: CompletionChunk) -> str:
    return f"chat{event.id}"


def _reason(reason: FinishReason | None) -> ChatFinishReason:
    """OpenAI's clients know these two; an answer that the engine broke off is as incomplete as one that is too long."""
    return "stop" if reason == "stop" else "length"


def _logprobs(logprobs: Logprobs | None) -> ChatLogprobs | None:
    if logprobs is None:
        return None
    tops: Sequence[dict[str, float]] = logprobs.top_logprobs or [{}] * len(logprobs.tokens)
    return ChatLogprobs(
        [
            ChosenLogprob(
                token=token,
                logprob=value,
                bytes=_bytes(token),
                top_logprobs=[
                    TokenLogprob(token=name, logprob=each, bytes=_bytes(name)) for name, each in top.items()
                ],
            )
            for token, value, top in zip(logprobs.tokens, logprobs.token_logprobs, tops, strict=True)
        ]
    )


def _bytes(token: str) -> list[int] | None:
    return None if "\N{REPLACEMENT CHARACTER}" in token else list(token.encode())
