"""Sentences by completion: the document up to the gap is the prompt, and the answer is read until the sentence ends."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import TYPE_CHECKING

from glm_lsp.completion.collector import Writing
from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import language_name, profile_named
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.authors.certainty import ends_torn, is_misplaced, is_sure
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.vetting.sentence import is_whole, vetted, without_torn_end
from glm_lsp.engine.wire import CompletionRequest, GlmOptions

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.description import EngineDescription

MAX_TOKENS = 24
MAX_SUMMARY_TOKENS = 48
_STOPS = {"python": ["\n\n", '"""', "'''"], "c": ["\n\n", "*/"]}
_BLANK_END = re.compile(r"[ \t]+\Z")


class InfillAuthor:
    """An `Author` for models that complete code, whether they see what stands behind the gap or not.

    Of the sentences for one entity each prompt is the one before with more behind it, so that only what is new has
    to be read.

    Args:
        engine: where the model runs.
        description: what it says about itself.
    """

    def __init__(self, engine: EngineClient, description: EngineDescription) -> None:
        self._engine = engine
        self._budget = WindowBudget.for_context(description.context_length)
        self._heals = bool(description.profile)
        self._sees_suffix = not description.profile or profile_named(description.profile).infills

    async def write(self, gap: Gap) -> str | None:
        """See `Author`."""
        writing = await self._read(self.request(gap), gap)
        is_torn = writing.finish_reason == "length"
        sentence = vetted(without_torn_end(writing.text, gap) if is_torn else writing.text, gap)
        if (
            sentence is None
            or not is_sure(gap.slot.kind, writing.token_logprobs)
            or is_misplaced(sentence, gap)
            or ends_torn(sentence, writing.text, gap)
        ):
            return None
        return sentence

    def request(self, gap: Gap) -> CompletionRequest:
        """What the engine is asked for a gap."""
        before = gap.before if self._sees_suffix else f"{gap.code}\n\n{gap.before}"
        # Where nothing mends that, a word's token wants to bring the blank before it along.
        before = before if self._heals else _BLANK_END.sub("", before)
        snapshot = DocumentSnapshot(
            uri=gap.path,
            path=gap.path,
            language_id=gap.language_id,
            version=0,
            text=f"{before}\n{gap.after}",
            offset=len(before),
        )
        window = make_window(snapshot, self._budget)
        is_summary = gap.slot.kind is SlotKind.SUMMARY
        return CompletionRequest(
            prompt=window.prefix,
            suffix=window.suffix if self._sees_suffix else "",
            max_tokens=MAX_SUMMARY_TOKENS if is_summary else MAX_TOKENS,
            stop=_STOPS["python" if gap.language_id == "python" else "c"],
            stream=True,
            logprobs=0,
            glm=GlmOptions(
                path=gap.path,
                language=language_name(gap.language_id),
                mode=Mode.BLOCK,
                trim_start=True,
            ),
        )

    async def _read(self, request: CompletionRequest, gap: Gap) -> Writing:
        """Reads until the sentence is whole; closing the stream ends the engine's work."""
        writing = Writing()
        async with aclosing(self._engine.complete(request)) as chunks:
            async for chunk in chunks:
                for choice in chunk.choices:
                    writing.push(choice)
                if is_whole(writing.text, gap):
                    return writing
        return writing
