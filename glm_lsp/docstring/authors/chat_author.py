"""Sentences by dialogue, for models that were tuned to answer and do not infill."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from glm_lsp.completion.collector import Writing
from glm_lsp.completion.prompt import language_name
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.authors.reply import sentence_of
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.vetting.sentence import vetted
from glm_lsp.engine.chat_wire import ChatRequest, WireMessage

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.description import EngineDescription

MAX_TOKENS = 96
"""With room for the politeness that is cut off again."""
_CHARS_PER_TOKEN = 3
_MOST_CODE_CHARS = 6000
_MOST_BEFORE_CHARS = 1500
_LEAST_CHARS = 200
_RESERVED_TOKENS = 200
"""For the template, the instructions and the answer besides."""
_SYSTEM = (
    "You document source code. You answer with exactly one short English sentence in plain text: no quotes, no code, "
    "no Markdown, no introduction. You say only what the code shows."
)
_WANTED = {
    SlotKind.SUMMARY: "Say in one sentence what {subject} does. Begin with the verb.",
    SlotKind.PARAMETER: "Say in one sentence what the parameter {name} of {subject} is.",
    SlotKind.TYPE_PARAMETER: "Say in one sentence what the type parameter {name} of {subject} stands for.",
    SlotKind.RETURNS: "Say in one sentence what {subject} returns. Begin with the thing that is returned.",
    SlotKind.YIELDS: "Say in one sentence what {subject} yields. Begin with the thing that is yielded.",
    SlotKind.RAISES: "Say in one sentence when {subject} raises {name}. Begin with If.",
    SlotKind.PANICS: "Say in one sentence when {subject} panics. Begin with If.",
    SlotKind.SAFETY: "Say in one sentence what a caller of {subject} has to make sure of.",
    SlotKind.ATTRIBUTE: "Say in one sentence what the attribute {name} of {subject} is.",
    SlotKind.COMMENT: "Say in one short sentence what these statements do. Begin with the verb.",
}
_FAILS = "Say in one sentence when {subject} fails. Begin with If."


class ChatAuthor:
    """An `Author` for models that hold dialogues.

    Args:
        engine: where the model runs.
        description: what it says about itself.
    """

    def __init__(self, engine: EngineClient, description: EngineDescription) -> None:
        self._engine = engine
        self._model = description.model
        room = ((description.context_length or 2048) - MAX_TOKENS - _RESERVED_TOKENS) * _CHARS_PER_TOKEN
        self._room = max(_LEAST_CHARS, room)

    async def write(self, gap: Gap) -> str | None:
        """See `Author`."""
        writing = Writing()
        async with aclosing(self._engine.chat(self.request(gap))) as chunks:
            async for chunk in chunks:
                for choice in chunk.choices:
                    writing.push(choice)
        return vetted(sentence_of(writing.text), gap)

    def request(self, gap: Gap) -> ChatRequest:
        """What the engine is asked for a gap: one question, which holds the code and what is known."""
        code = gap.code[: min(_MOST_CODE_CHARS, self._room * 3 // 4)]
        known = _known(gap)[-min(_MOST_BEFORE_CHARS, self._room // 4) :]
        written = f"Its documentation so far:\n\n{known}\n\n" if known.strip() else ""
        question = f"{_heading(gap)}\n\n{code}\n\n{written}{_wanted(gap)}"
        messages = [WireMessage("system", _SYSTEM), WireMessage("user", question)]
        return ChatRequest(messages=messages, model=self._model, max_tokens=MAX_TOKENS, temperature=0.0)


def _heading(gap: Gap) -> str:
    language = language_name(gap.language_id)
    code = f"{language} code" if language else "Code"
    return f"{code} from {gap.path}:" if gap.path else f"{code}:"


def _known(gap: Gap) -> str:
    """The documentation up to the gap, as far as it stands by itself."""
    if gap.entity is None or gap.slot.kind is SlotKind.SUMMARY:
        return ""
    for opening in ('"""', "'''", "/**", "/*!"):
        if opening in gap.before:
            return opening + gap.before.rpartition(opening)[2].rstrip()
    return ""


def _wanted(gap: Gap) -> str:
    slot: Slot = gap.slot
    wanted = _FAILS if slot.kind is SlotKind.RAISES and not slot.name else _WANTED[slot.kind]
    subject = gap.entity.name if gap.entity else ""
    return wanted.format(subject=subject or "the code", name=slot.name)
