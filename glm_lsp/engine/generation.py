"""Prefill and decode over one KV slot. Token ids only; no text, no threads, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from glm_lsp.engine.copying import Copying
from glm_lsp.engine.healing import Healing
from glm_lsp.engine.sampler import NUM_CANDIDATES, Sampler
from glm_lsp.engine.session import Scores, Session
from glm_lsp.engine.slots import KVSlot
from glm_lsp.errors import ContextOverflowError

PREFILL_CHUNK = 128
"""Tokens run between two looks at the cancel flag: about 30 ms of a small model on two cores."""

Cancelled = Callable[[], bool]


class CancelledError(Exception):
    """The request was withdrawn; what was computed stays in the slot."""


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token; `top` holds (id, log-probability) of the eight best candidates, best first.

    Under healing the first `num_old_bytes` bytes of the token stand before the cursor already, and `is_new` tells
    whether anything comes after them.
    """

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...]
    num_old_bytes: int = 0
    is_new: bool = True


def prefill(
    session: Session,
    slot: KVSlot,
    token_ids: Sequence[int],
    cancelled: Cancelled,
    *,
    want_logits: bool = False,
) -> Scores:
    """Runs `token_ids` behind what the slot holds, in chunks, and scores the last row.

    Every finished chunk stays valid in the slot, whatever happens after it.

    Raises:
        ContextOverflowError: the slot has no room; nothing was run.
        CancelledError: asked for between two chunks.
        SessionError: the runtime failed; the slot keeps the chunks before.
    """
    if slot.num_tokens + len(token_ids) > session.capacity:
        raise ContextOverflowError(
            f"the prompt needs {slot.num_tokens + len(token_ids)} tokens, the model holds {session.capacity}"
        )
    for start in range(0, len(token_ids), PREFILL_CHUNK):
        if cancelled():
            raise CancelledError
        chunk = token_ids[start : start + PREFILL_CHUNK]
        is_last = start + PREFILL_CHUNK >= len(token_ids)
        scores = session.run(
            slot.kv, slot.num_tokens, chunk, 1 if is_last else 0, want_logits=want_logits and is_last
        )
        slot.token_ids += chunk
    return scores


def keep(scores: Scores) -> Scores:
    """A copy that the next run does not overwrite."""
    logits = None if scores.logits is None else scores.logits.copy()
    return Scores(scores.next_ids.copy(), scores.top_ids.copy(), scores.top_logprobs.copy(), logits)


def decode(  # noqa: PLR0917
    session: Session,
    slot: KVSlot,
    scores: Scores,
    sampler: Sampler,
    max_tokens: int,
    cancelled: Cancelled,
    healing: Healing | None = None,
    copying: Copying | None = None,
) -> Iterator[Token]:
    """Yields up to `max_tokens` tokens; the caller stops reading when it has enough.

    With `healing` the first tokens write again what it was taken back; those that bring nothing new come on top of
    `max_tokens`. The prefill's scores then need logits. With `copying` the text around has a say.

    The first token comes from the prefill's scores. A token is run only when the next one is asked for, so the
    last token yielded is never in the slot. Ends early, but with at least one token, when the slot is full.

    Raises:
        CancelledError: asked for between two tokens.
        SessionError: the runtime failed; the slot is as before the step.
    """
    num_new = 0
    while num_new < max_tokens:
        if healing is not None:
            scores = healing.constrain(scores)
        if copying is not None:
            scores, copying = copying.blend(scores, healing.remaining if healing else b"")
        token_id, logprob = sampler(scores, 0)
        top_ids, top_logprobs = scores.top_ids[0, :NUM_CANDIDATES], scores.top_logprobs[0, :NUM_CANDIDATES]
        top = zip(top_ids.tolist(), top_logprobs.tolist(), strict=True)
        token = Token(token_id, logprob, tuple(top))
        if healing is not None:
            token = _told_apart(token, healing)
            healing = healing.after(token_id)
        if copying is not None:
            copying = copying.after(token_id)
        yield token
        num_new += token.is_new
        if num_new == max_tokens or slot.num_tokens >= session.capacity:
            return
        if cancelled():
            raise CancelledError
        scores = session.run(slot.kv, slot.num_tokens, [token_id], 1, want_logits=healing is not None)
        slot.token_ids.append(token_id)


def _told_apart(token: Token, healing: Healing) -> Token:
    """The token with what of it is old."""
    length, old = len(healing.vocabulary.text_of(token.token_id)), len(healing.remaining)
    return replace(token, num_old_bytes=old, is_new=length > old)
