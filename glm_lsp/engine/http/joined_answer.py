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
        logprobs=_merge_logprobs([piece.logprobs for piece in pieces if piece.logprobs]),
        finish_reason=pieces[-1].finish_reason,
    )


def _merge_logprobs(parts: Sequence[Logprobs]) -> Logprobs | None:
    if not parts:
        return None
    tops = [top for part in parts for top in part.top_logprobs or []]
    offsets = [offset for part in parts for offset in part.text_offset or []]
    return Logprobs(
        tokens=[token for part in parts for token in part.tokens],
        token_logprobs=[value for part in parts for value in part.token_logprobs],
        top_logprobs=tops or None,
        text_offset=offsets or None,
    )
