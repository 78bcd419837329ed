"""An answer that is not streamed: all chunks of a stream in one."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from glm_lsp.engine.wire import Choice, CompletionChunk, Logprobs


def merge_chunks(chunks: Sequence[CompletionChunk]) -> CompletionChunk:
    """Joins the pieces of each choice. `chunks` is a whole stream: the last one carries usage and timing."""
    pieces: dict[int, list[Choice]] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            pieces.setdefault(choice.index, []).append(choice)
    choices = [_merge_choice(index, pieces[index]) for index in sorted(pieces)]
    return replace(chunks[-1], choices=choices)


def _merge_choice(index: int, pieces: Sequence[Choice]) -> Choice:
    return Choice(
        index=index,
        text="".join(piece.text for piece in pieces),
        logprobs=Logprobs.joined([piece.logprobs for piece in pieces if piece.logprobs]),
        finish_reason=pieces[-1].finish_reason,
    )
