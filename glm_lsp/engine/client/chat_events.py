"""Reads the events of a dialogue's answer, ours or another OpenAI-style server's, as chunks of a completion."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from glm_lsp.engine.client.events import decode_error
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    FinishReason,
    GlmReport,
    Logprobs,
    PromptTokensDetails,
    Usage,
)
from glm_lsp.errors import EngineError


class _Delta(Struct, frozen=True):
    content: str | None = None


class _TokenLogprob(Struct, frozen=True):
    token: str
    logprob: float


class _Logprobs(Struct, frozen=True):
    content: list[_TokenLogprob] | None = None


class _Piece(Struct, frozen=True):
    index: int = 0
    delta: _Delta = _Delta()
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _CachedTokens(Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _CachedTokens | None = None


class _Chunk(Struct, frozen=True):
    """Servers leave out what they have nothing to say about."""

    choices: list[_Piece] = []
    id: str = ""
    created: int = 0
    model: str = ""
    usage: _Usage | None = None
    glm: GlmReport | None = None


_decoder = msgspec.json.Decoder(_Chunk)


def decode_chat_chunk(payload: bytes) -> CompletionChunk:
    """One event of an answer to a dialogue.

    Raises:
        GlmError: the error that the event carries.
        EngineError: the event is neither a chunk nor an error.
    """
    # An error's event would be read as a chunk without choices.
    if b'"error"' in payload and (refusal := decode_error(payload)):
        raise refusal
    try:
        chunk = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EngineError(f"the engine sent an event of unknown form: {error}") from error
    return CompletionChunk(
        id=chunk.id,
        created=chunk.created,
        model=chunk.model,
        choices=[_choice(piece) for piece in chunk.choices],
        usage=_usage(chunk.usage) if chunk.usage else None,
        glm=chunk.glm,
    )


def _choice(piece: _Piece) -> Choice:
    tokens = (piece.logprobs.content if piece.logprobs else None) or []
    logprobs = (
        Logprobs([each.token for each in tokens], [each.logprob for each in tokens]) if tokens else None
    )
    reason: FinishReason | None = "length" if piece.finish_reason == "length" else "stop"
    return Choice(
        index=piece.index,
        text=piece.delta.content or "",
        logprobs=logprobs,
        finish_reason=reason if piece.finish_reason else None,
    )


def _usage(usage: _Usage) -> Usage:
    details = usage.prompt_tokens_details
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        prompt_tokens_details=PromptTokensDetails((details and details.cached_tokens) or 0),
    )
