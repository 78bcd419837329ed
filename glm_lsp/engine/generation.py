"""Prefill and decode over one KV slot. Token ids only; no text, no threads, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from glm_lsp.engine.choosing import Chooser, Token
from glm_lsp.engine.drafting import Drafter
from glm_lsp.engine.session import NO_SCORES, InterruptedRunError, Scores, Session
from glm_lsp.engine.slots import KVSlot
from glm_lsp.errors import ContextOverflowError

SPARE_TOKENS = 1
"""Room that decoding leaves at a slot's end: a session runs a single token as two, so that its result does not depend
on how many run together, and the very last position has no room for that."""

Cancelled = Callable[[], bool]


class CancelledError(Exception):
    """The request was withdrawn; what was computed stays in the slot."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run says: the row behind its last certain token, then one row behind each guess that was run with it."""

    scores: Scores
    drafted: Sequence[int] = ()


def keep(scores: Scores) -> Scores:
    """A copy that the next run does not overwrite."""
    logits = None if scores.logits is None else scores.logits.copy()
    return Scores(scores.next_ids.copy(), scores.top_ids.copy(), scores.top_logprobs.copy(), logits)


def prefill(
    session: Session,
    slot: KVSlot,
    token_ids: Sequence[int],
    cancelled: Cancelled,
    *,
    want_logits: bool = False,
    drafted: Sequence[int] = (),
) -> Scored:
    """Runs `token_ids` behind what the slot holds, in chunks, and scores the last row.

    Every finished chunk stays valid in the slot, whatever happens after it. The first is longer where the session
    wants what it has to see at once.

    Args:
        want_logits: of the scored rows.
        drafted: guesses of what follows, run and scored with the last chunk.

    Raises:
        ContextOverflowError: the slot has no room; nothing was run.
        CancelledError: asked for between two chunks, or in one that the session gives up.
        SessionError: the runtime failed; the slot keeps the chunks before.
    """
    needed = slot.num_tokens + len(token_ids)
    if needed > session.capacity:
        raise ContextOverflowError(f"the prompt needs {needed} tokens, the model holds {session.capacity}")
    drafted = list(drafted[: max(0, session.capacity - SPARE_TOKENS - needed)])
    try:
        with session.interruptible(cancelled):
            return _run_chunks(session, slot, token_ids, cancelled, want_logits, drafted)
    except InterruptedRunError:
        raise CancelledError from None


def _run_chunks(  # noqa: PLR0917
    session: Session,
    slot: KVSlot,
    token_ids: Sequence[int],
    cancelled: Cancelled,
    want_logits: bool,
    drafted: list[int],
) -> Scored:
    scored = Scored(NO_SCORES)
    for chunk, is_last in _chunks(session, slot, token_ids):
        if cancelled():
            raise CancelledError
        if is_last:
            # A row more than a whole chunk would be computed by itself, and rounded otherwise than among others.
            drafted = drafted[: -len(chunk) % session.prefill_tokens]
            if session.step_widths and len(chunk) <= (widest := session.step_widths[-1]):
                # As short as this it is as quick as a step, if it is no longer than one.
                drafted = drafted[: widest - len(chunk)]
            num_scored = 1 + len(drafted)
            scores = session.run(
                slot.kv, slot.num_tokens, chunk + drafted, num_scored, want_logits=want_logits
            )
            scored = Scored(scores, drafted)
        else:
            session.run(slot.kv, slot.num_tokens, chunk, 0)
        slot.token_ids += chunk
    return scored


def _chunks(session: Session, slot: KVSlot, token_ids: Sequence[int]) -> Iterator[tuple[list[int], bool]]:
    """Pieces of `token_ids`, and whether one is the last."""
    together = 0 if slot.token_ids else session.inseparable(token_ids)
    start, stop = 0, max(session.prefill_tokens, together)
    while start < len(token_ids):
        yield list(token_ids[start:stop]), stop >= len(token_ids)
        # Asked anew: a session that runs short of memory runs less at once.
        start, stop = stop, stop + session.prefill_tokens


def decode(  # noqa: PLR0917
    session: Session,
    slot: KVSlot,
    scored: Scored,
    chooser: Chooser,
    max_tokens: int,
    cancelled: Cancelled,
    drafter: Drafter | None = None,
) -> Iterator[Token]:
    """Yields up to `max_tokens` tokens; the caller stops reading when it has enough.

    Tokens that only write again what healing took back come on top of `max_tokens`.

    The first token comes from the prefill's scores. A token is run only when the next one is asked for, so the
    last token yielded is never in the slot. With a `drafter` a step also runs guesses; as long as they are what is
    chosen, the next rows are there already. Ends early, but with at least one token, when the slot is full.

    Raises:
        CancelledError: asked for between two steps.
        SessionError: the runtime failed; the slot is as before the step.
    """
    num_new = row = 0
    capacity = session.capacity - SPARE_TOKENS
    while num_new < max_tokens:
        token = chooser.choose(scored.scores.row(row))
        token_id = token.token_id
        if drafter is not None:
            drafter.after(token_id)
        yield token
        num_new += token.is_new
        if num_new == max_tokens or slot.num_tokens >= capacity:
            return
        if row < len(scored.drafted) and scored.drafted[row] == token_id:
            # It has been run, and so has what comes behind it.
            slot.token_ids.append(token_id)
            row += 1
            continue
        if cancelled():
            raise CancelledError
        room = min(max_tokens - num_new, capacity - slot.num_tokens) - 1
        drafted = drafter.draft(room) if drafter else []
        scores = session.run(
            slot.kv,
            slot.num_tokens,
            [token_id, *drafted],
            1 + len(drafted),
            want_logits=chooser.wants_logits,
        )
        slot.token_ids.append(token_id)
        scored, row = Scored(scores, drafted), 0
