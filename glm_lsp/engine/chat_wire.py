"""Dialogues on the wire, in the shape of OpenAI's chat completions.

Unknown keys are ignored, as OpenAI clients send many; wrong types and ranges are a `RequestError`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from glm_lsp.completion.chat import Message, Speaker
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, GlmReport, Usage, decode_body
from glm_lsp.errors import RequestError

MAX_ANSWER_TOKENS = 4096
WireRole = Literal["system", "developer", "user", "assistant", "tool"]
ChatFinishReason = Literal["stop", "length"]
_SPEAKERS: dict[WireRole, Speaker] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "observation",
}


class ContentPart(Struct, frozen=True):
    """A piece of a message; only `text` can be read."""

    type: str
    text: str = ""


class WireMessage(Struct, frozen=True):
    """One message of a dialogue."""

    role: WireRole
    content: str | list[ContentPart] | None = None

    def message(self) -> Message:
        """The message as templates take it.

        Raises:
            RequestError: a part is not text.
        """
        parts = self.content if isinstance(self.content, list) else []
        if other := next((part.type for part in parts if part.type != "text"), None):
            raise RequestError(
                f"a message has a part of type {other[:40]!r}",
                "Send text only: this engine reads nothing else.",
            )
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in parts)
        return Message(_SPEAKERS[self.role], text)


class StreamOptions(Struct, frozen=True):
    """What a stream holds besides the text."""

    include_usage: bool = False


class ChatRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`POST /v1/chat/completions`. Null is as good as a key left out."""

    messages: list[WireMessage]
    model: str | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=4)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    seed: Annotated[int, Meta(ge=0)] | None = None
    n: Annotated[int, Meta(ge=1, le=8)] | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=8)] | None = None

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with the number of tokens."""
        return self.stream_options is not None and self.stream_options.include_usage

    def dialogue(self) -> list[Message]:
        """The messages as templates take them.

        Raises:
            RequestError: one has a part that is not text.
        """
        return [message.message() for message in self.messages]

    def completion(self, token_ids: tuple[int, ...]) -> CompletionRequest:
        """The request for the answer, once the dialogue is in token ids."""
        wanted = self.max_completion_tokens or self.max_tokens or MAX_ANSWER_TOKENS
        return CompletionRequest(
            prompt=token_ids,
            model=self.model,
            max_tokens=min(wanted, MAX_ANSWER_TOKENS),
            temperature=self.temperature or 0.0,
            top_p=self.top_p or 1.0,
            seed=self.seed,
            n=self.n or 1,
            stop=self.stop,
            stream=bool(self.stream),
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            # A model begins its answer with the rest of the line that its role token stands on.
            glm=GlmOptions(trim_start=True),
        )


class TokenLogprob(Struct, frozen=True, kw_only=True):
    """A token and its natural logarithm of probability; `bytes` is its UTF-8, None for half a character."""

    token: str
    logprob: float
    bytes: list[int] | None


class ChosenLogprob(TokenLogprob, frozen=True, kw_only=True):
    """A token that was written, and the best ones in its place."""

    top_logprobs: list[TokenLogprob]


class ChatLogprobs(Struct, frozen=True):
    """One entry for each token that was written."""

    content: list[ChosenLogprob]
    refusal: None = None


class ChatDelta(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a piece adds to a choice's message."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChatPiece(Struct, frozen=True, kw_only=True):
    """A piece of one choice; `finish_reason` is set in its last piece."""

    index: int
    delta: ChatDelta = ChatDelta()
    logprobs: ChatLogprobs | None = None
    finish_reason: ChatFinishReason | None = None


class ChatChunk(Struct, frozen=True, kw_only=True):
    """One server-sent event."""

    id: str
    created: int
    model: str
    choices: list[ChatPiece]
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    usage: Usage | None = None
    glm: GlmReport | None = None


class ChatMessage(Struct, frozen=True, kw_only=True):
    """What the model says."""

    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class ChatChoice(Struct, frozen=True, kw_only=True):
    """One whole answer."""

    index: int
    message: ChatMessage
    logprobs: ChatLogprobs | None
    finish_reason: ChatFinishReason


class ChatCompletion(Struct, frozen=True, kw_only=True):
    """Body of an answer that is not streamed."""

    id: str
    created: int
    model: str
    choices: list[ChatChoice]
    object: Literal["chat.completion"] = "chat.completion"
    usage: Usage | None = None
    glm: GlmReport | None = None


_decoder = msgspec.json.Decoder(ChatRequest)


def decode_chat_request(body: bytes) -> ChatRequest:
    """Parses and checks the body of a chat request; see `decode_body`."""
    return decode_body(_decoder, body)
