"""What travels between a front and an engine: OpenAI's completion shape plus one `glm` object.

One request gives a stream of `CompletionChunk`: text deltas, one closing chunk per choice with its
`finish_reason`, and a last chunk without choices that carries `usage` and `glm`. Unknown keys are ignored, as
OpenAI clients send many; wrong types and ranges are a `RequestError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from glm_lsp.completion.mode import Mode
from glm_lsp.errors import RequestError, RequestTooLargeError

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_LOOKUP_CHARS = 64 * 1024
"""Of one text to look things up in: a search looks at all of it."""
_MAX_LOOKUP_REFERENCES = 4
FinishReason = Literal["stop", "length", "cancelled", "unsure"]
"""`unsure`: the text had become less likely than `GlmOptions.min_probability`."""
Request = TypeVar("Request")
TokenId = Annotated[int, Meta(ge=0, lt=2**31)]


class WireReference(Struct, frozen=True):
    """A piece of another file, to be shown to the model before the current one."""

    path: str
    text: str


class GlmOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What OpenAI's request lacks. `rest_of_line` is the text between the cursor and the end of its line."""

    path: str = ""
    language: str = ""
    mode: Mode | None = None
    rest_of_line: str = ""
    references: tuple[WireReference, ...] = ()
    text_before: str = ""
    """What of the document stands before `prompt`: the model does not see it, copying looks things up in it."""
    text_after: str = ""
    """Likewise, after `suffix`."""
    healing: bool = True
    """False: the prompt's last tokens stay as they are, also where they are half a word."""
    copying: bool = True
    """False: the model's own word only."""
    min_probability: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """End a text as soon as the product of its tokens' probabilities is smaller: nobody will be shown more of it."""
    trim_start: bool = False
    """Leave out the blanks and line breaks that a text begins with; stop strings do not look at them either."""
    warm_up: bool = False
    """Only fill the KV cache; generate nothing."""
    raw: bool = False
    """`prompt` is the whole prompt: apply no profile and no code stop rules, heal and copy nothing."""


class CompletionRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`POST /v1/completions`. `prompt` is the text before the cursor, `suffix` starts at the next line.

    A prompt of token ids is run as it is, as if `glm.raw` were set.
    """

    prompt: str | tuple[TokenId, ...]
    suffix: str = ""
    model: str | None = None
    max_tokens: Annotated[int, Meta(ge=0, le=4096)] = 64
    temperature: Annotated[float, Meta(ge=0, le=4)] = 0.0
    top_k: Annotated[int, Meta(ge=0, le=8)] = 0
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    seed: Annotated[int, Meta(ge=0)] | None = None
    n: Annotated[int, Meta(ge=1, le=8)] = 1
    stop: str | list[str] | None = None
    stream: bool = False
    logprobs: Annotated[int, Meta(ge=0, le=8)] | None = None
    glm: GlmOptions = GlmOptions()

    @property
    def is_raw(self) -> bool:
        """Whether the prompt is to be run as it is."""
        return self.glm.raw or not isinstance(self.prompt, str)

    @property
    def prompt_text(self) -> str:
        """The prompt, where it is text."""
        return self.prompt if isinstance(self.prompt, str) else ""

    def lookup_texts(self) -> list[bytes]:
        """What copying may look things up in; the last text ends at the cursor, as the nearest places count."""
        options = self.glm
        references = (
            reference.text[:MAX_LOOKUP_CHARS] for reference in options.references[-_MAX_LOOKUP_REFERENCES:]
        )
        after = (self.suffix + options.text_after)[:MAX_LOOKUP_CHARS]
        before = (options.text_before + self.prompt_text)[-MAX_LOOKUP_CHARS:]
        texts = (*references, after, before)
        return [text.encode(errors="replace") for text in texts]

    @property
    def stop_strings(self) -> tuple[str, ...]:
        """`stop` as a tuple, empty strings left out."""
        strings = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in strings if text)


class Logprobs(Struct, frozen=True):
    """OpenAI's parallel lists, one entry per token; natural logarithms."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]] | None = None
    text_offset: list[int] | None = None
    """Where each token begins in the choice's text, in characters."""

    @classmethod
    def joined(cls, parts: Sequence[Logprobs]) -> Logprobs | None:
        """Those of a text, from those of its pieces in order; None without any."""
        if len(parts) < 2:
            return parts[0] if parts else None
        tops = [top for part in parts for top in part.top_logprobs or []]
        offsets = [offset for part in parts for offset in part.text_offset or []]
        return cls(
            [token for part in parts for token in part.tokens],
            [value for part in parts for value in part.token_logprobs],
            tops or None,
            offsets or None,
        )


class Choice(Struct, frozen=True, kw_only=True):
    """A piece of one candidate; `finish_reason` is set in its last piece."""

    index: int
    text: str = ""
    logprobs: Logprobs | None = None
    finish_reason: FinishReason | None = None


class PromptTokensDetails(Struct, frozen=True):
    """How much of the prompt was already in the KV cache."""

    cached_tokens: int


class Usage(Struct, frozen=True, kw_only=True):
    """Token counts of one request, all choices together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails


class Timing(Struct, frozen=True, kw_only=True):
    """Milliseconds inside the engine; `ttft` is from arrival to the first token."""

    queue: float
    tokenize: float
    prefill: float
    decode: float
    ttft: float
    total: float


class GlmReport(Struct, frozen=True, kw_only=True):
    """What OpenAI's response lacks: where the time went."""

    timing_ms: Timing


class CompletionChunk(Struct, frozen=True, kw_only=True):
    """One server-sent event, and (with `choices` complete) the body of an answer that is not streamed."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    object: Literal["text_completion"] = "text_completion"
    usage: Usage | None = None
    glm: GlmReport | None = None


_request_decoder = msgspec.json.Decoder(CompletionRequest)


def decode_request(body: bytes) -> CompletionRequest:
    """Parses and checks the body of a completion request; see `decode_body`."""
    return decode_body(_request_decoder, body)


def decode_body(decoder: msgspec.json.Decoder[Request], body: bytes) -> Request:
    """Parses and checks a request body.

    Raises:
        RequestTooLargeError: more than `MAX_BODY_BYTES`.
        RequestError: not JSON, a key of the wrong type, or a value out of range; the message names the key.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RequestTooLargeError(f"the request has {len(body)} bytes")
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"the request cannot be used: {error}") from error
