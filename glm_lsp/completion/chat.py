"""Chat templates: a dialogue, laid out the way a chat model was trained to read it. Pure.

A template turns messages into segments, as a prompt profile does with code: role tokens enter by id, what people
write never becomes one. ChatGLM-6B and ChatGLM2 write a dialogue as one text of numbered rounds, the later models
as messages that each begin with their role's token and are encoded apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from glm_lsp.completion.prompt.segment import Kind, Role, Segment, TokenId, missing_tokens
from glm_lsp.errors import RequestError, TokenizerError

Speaker = Literal["system", "user", "assistant", "observation"]
"""`observation` is what a tool has answered."""

_ORDER = "Let user and assistant take turns, behind at most one system message, and end with user."
_ROLE_ORDER = "Begin with at most one system message, and end with user."


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a dialogue; `metadata` is the rest of the line of its role token, for example a tool's name."""

    role: Speaker
    content: str
    metadata: str = ""


Layout = Callable[[Sequence[Message]], list[Segment]]


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A layout of dialogues; calling it gives the segments, up to where the assistant's answer begins.

    Calling it raises RequestError when the messages come in an order that the model knows no form for.
    """

    name: str
    layout: Layout

    def __call__(self, messages: Sequence[Message]) -> list[Segment]:
        return self.layout(messages)

    def missing_tokens(self, token_id: TokenId) -> list[str]:
        """Names of the special tokens that a tokenizer would need."""
        dialogue = [Message("user", "a"), Message("assistant", "b"), Message("user", "c")]
        return missing_tokens(self(dialogue), token_id)


def chatglm_6b(messages: Sequence[Message]) -> list[Segment]:
    """ChatGLM-6B: a first question as it is; with more rounds all are numbered from 0. The start token ends it."""
    rounds, question = _rounds(messages)
    text = "".join(f"[Round {number}]\n问：{q}\n答：{a}\n" for number, (q, a) in enumerate(rounds))
    text += f"[Round {len(rounds)}]\n问：{question}\n答：" if rounds else question
    return [_text(text), _special("[gMASK]"), _special("<sop>")]


def chatglm2(messages: Sequence[Message]) -> list[Segment]:
    """ChatGLM2-6B: rounds numbered from 1, one text."""
    rounds, question = _rounds(messages)
    text = "".join(
        f"[Round {number}]\n\n问：{q}\n\n答：{a}\n\n" for number, (q, a) in enumerate(rounds, start=1)
    )
    text += f"[Round {len(rounds) + 1}]\n\n问：{question}\n\n答："
    return [_special("[gMASK]"), _special("sop"), _text(text)]


def chatglm3(messages: Sequence[Message]) -> list[Segment]:
    """ChatGLM3-6B."""
    return [_special("[gMASK]"), _special("sop"), *_by_role(messages)]


def glm_4(messages: Sequence[Message]) -> list[Segment]:
    """GLM-4-9B and CodeGeeX4; also GLM-4-0414, which was trained on the same tokens."""
    return [_special("[gMASK]"), _special("<sop>"), *_by_role(messages)]


def glm_edge(messages: Sequence[Message]) -> list[Segment]:
    """GLM-Edge: as GLM-4, without the opening tokens (so llama.cpp, `src/llama-chat.cpp`)."""
    return _by_role(messages)


TEMPLATES = {
    template.name: template
    for template in (
        ChatTemplate("chatglm-6b", chatglm_6b),
        ChatTemplate("chatglm2", chatglm2),
        ChatTemplate("chatglm3", chatglm3),
        ChatTemplate("glm-4", glm_4),
        ChatTemplate("glm-edge", glm_edge),
    )
}


def template_named(name: str) -> ChatTemplate:
    """The template of that name.

    Raises:
        TokenizerError: a model asks for a template this version does not have.
    """
    try:
        return TEMPLATES[name]
    except KeyError:
        known = ", ".join(sorted(TEMPLATES))
        raise TokenizerError(f"unknown chat template {name!r}; known: {known}") from None


def require_fitting(template: ChatTemplate, token_id: TokenId) -> None:
    """Refuses a template that a tokenizer cannot write.

    Raises:
        TokenizerError: a special token is missing; tells which templates would do.
    """
    if missing := template.missing_tokens(token_id):
        fitting = [other.name for other in TEMPLATES.values() if not other.missing_tokens(token_id)]
        raise TokenizerError(
            f"the tokenizer has no token {', '.join(missing)}, which the chat template {template.name!r} needs",
            f"Import the model with a chat template that its tokenizer can write: {', '.join(fitting) or 'none does'}.",
        )


def _special(name: str) -> Segment:
    return Segment(name, Role.HEADER, Kind.SPECIAL)


def _text(text: str) -> Segment:
    return Segment(text, Role.PREFIX)


def _by_role(messages: Sequence[Message]) -> list[Segment]:
    """Each message behind its role's token; then the assistant's, where the answer begins."""
    roles = [message.role for message in messages]
    if not roles or roles[-1] in ("system", "assistant") or "system" in roles[1:]:
        raise RequestError(f"this model knows no dialogue of {_named(roles)}", _ROLE_ORDER)
    segments: list[Segment] = []
    for message in messages:
        segments += [
            _special(f"<|{message.role}|>"),
            Segment(f"{message.metadata}\n", Role.HEADER),
            _text(message.content),
        ]
    return [*segments, _special("<|assistant|>")]


def _rounds(messages: Sequence[Message]) -> tuple[list[tuple[str, str]], str]:
    """Questions with their answers, and the last question.

    These models have no system message: its text goes before the first question, with an empty line between.
    """
    roles = [message.role for message in messages]
    num_system = 1 if roles[:1] == ["system"] else 0
    if roles[num_system:] != ["user", "assistant"] * ((len(roles) - num_system) // 2) + ["user"]:
        raise RequestError(f"this model knows no dialogue of {_named(roles)}", _ORDER)
    talk = [message.content for message in messages[num_system:]]
    if num_system:
        talk[0] = f"{messages[0].content}\n\n{talk[0]}"
    return list(zip(talk[:-1:2], talk[1::2], strict=True)), talk[-1]


def _named(roles: Sequence[Speaker]) -> str:
    shown = [*roles[:8], "..."] if len(roles) > 8 else roles
    return ", ".join(shown) or "no messages"
